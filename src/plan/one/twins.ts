/** Candidates that only their ids tell apart: of several sets that differ in nothing else, one is enough. */
import type { Candidate } from './candidate.ts';

/** A class by candidate index. Twins leave the same origin, or each an origin that nothing else leaves, and share no hop with others. */
export function twinsOf(candidates: readonly Candidate[]): Int32Array {
	const inGroup = countBy(candidates.map(({ group }) => group));
	const onHop = countBy(candidates.flatMap(({ path }) => path.hops.map(({ route }) => route.id)));
	const isLone = ({ group }: Candidate): boolean => inGroup.get(group) === 1;
	const canHaveTwins = ({ path }: Candidate): boolean => path.hops.length === 1 && onHop.get(path.hops[0].route.id) === 1;
	// By a number in which twins agree: whoever is alone with it needs no closer look.
	const firsts = new Map<number, Candidate[]>();
	return Int32Array.from(candidates, (candidate) => {
		if (!canHaveTwins(candidate)) return candidate.index;
		const known = firsts.get(candidate.estimate.fixedCost) ?? [];
		const twin = known.find((each) => (each.group === candidate.group || (isLone(each) && isLone(candidate))) && isSame(each, candidate));
		if (twin !== undefined) return twin.index;
		firsts.set(candidate.estimate.fixedCost, [...known, candidate]);
		return candidate.index;
	});
}

function isSame(one: Candidate, other: Candidate): boolean {
	const [a, b] = [numbersOf(one), numbersOf(other)];
	return one.path.seconds === other.path.seconds && a.every((each, index) => each === b[index]);
}

function numbersOf({ path, low, high, gas, sendWeight }: Candidate): readonly (bigint | undefined)[] {
	const [{ lattice, keep }] = path.hops;
	return [path.slope, path.offset, path.divisor, lattice, keep?.received, keep?.sent, low, high, gas, sendWeight];
}

function countBy<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
	const counts = new Map<Key, number>();
	for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
	return counts;
}
