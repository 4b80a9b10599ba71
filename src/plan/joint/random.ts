/** Numbers that look random and are the same in every run: the search must not depend on anything but its input. */
export interface Dice {
	/** A whole number from 0 to below `count`. */
	below(count: number): number;
	shuffled<Item>(items: readonly Item[]): Item[];
}

/** Mulberry32 (Tommy Ettinger, public domain). */
export function createDice(seed: number): Dice {
	let state = seed >>> 0;
	const next = (): number => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (count: number): number => Math.floor(next() * count);
	return {
		below,
		shuffled: (items) => {
			const mixed = [...items];
			for (let last = mixed.length - 1; last > 0; last -= 1) {
				const other = below(last + 1);
				const [one, two] = [mixed[last], mixed[other]];
				if (one !== undefined && two !== undefined) [mixed[last], mixed[other]] = [two, one];
			}
			return mixed;
		},
	};
}
