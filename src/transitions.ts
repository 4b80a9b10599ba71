/** What a state machine may do is one constant map, beside its states; what can be read from every such map is here. */
type Transitions = Readonly<Record<string, readonly string[]>>;

/** In the order in which the map names them. */
export function statesOf<Map extends Transitions>(map: Map): (keyof Map & string)[] {
	return Object.keys(map);
}

/** The states from which `to` may be reached: what a compare-and-set asks for. */
export function statesBefore<Map extends Transitions>(map: Map, to: keyof Map & string): (keyof Map & string)[] {
	return statesOf(map).filter((from) => map[from]?.includes(to) === true);
}

/** Nothing follows it. */
export function isTerminal<Map extends Transitions>(map: Map, state: keyof Map & string): boolean {
	return map[state]?.length === 0;
}
