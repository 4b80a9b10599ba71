/** Numbers from 0 to 999, for what a fault leaves open. */
export type Dice = readonly number[];

export function at(dice: Dice, index: number): number {
	return dice[index] ?? 0;
}

/** Throws on an empty list. */
export function one<T>(list: readonly T[], number: number): T {
	const found = list[number % list.length];
	if (found === undefined) throw new RangeError('there is nothing to choose from');
	return found;
}
