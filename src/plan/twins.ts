/** Candidates that only their ids tell apart: of several sets that differ in nothing else, one is enough. */
import type { Candidate } from './candidate.ts';

/** A class by candidate index. Twins leave the same origin, or each an origin that nothing else leaves, and share no hop with others. */
export function twinsOf(candidates: readonly Candidate[]): Int32Array {
	const inGroup = countBy(candidates.map(({ group }) => group));
	const onHop = countBy(candidates.flatMap(({ path }) => path.hops.map(({ route }) => route.id)));
	const classes = new Map<string, number>();
	return Int32Array.from(candidates, (candidate) => {
		const { path, group, low, high, gas, sendWeight } = candidate;
		const [hop] = path.hops;
		const isShared = path.hops.length > 1 || (onHop.get(hop.route.id) ?? 0) > 1;
		const origin = (inGroup.get(group) ?? 0) > 1 ? `${group}` : '';
		const numbers = [path.slope, path.offset, path.divisor, hop.lattice, hop.keep?.received, hop.keep?.sent, low, high, gas, sendWeight];
		const key = isShared ? `alone ${candidate.index}` : `${origin} ${path.seconds} ${numbers.join()}`;
		const known = classes.get(key) ?? classes.size;
		classes.set(key, known);
		return known;
	});
}

function countBy<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
	const counts = new Map<Key, number>();
	for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
	return counts;
}
