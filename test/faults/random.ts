/** What a seed draws. */

export type Random = (below: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function generator(seed: number): Random {
	let state = seed >>> 0;
	return (below) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

/** Throws on an empty list. */
export function pick<T>(list: readonly T[], random: Random): T {
	const found = list[random(list.length)];
	if (found === undefined) throw new RangeError('there is nothing to pick from');
	return found;
}
