/**
 * The largest covered value that the relaxed batch allows when every demand is covered whole or not at all: the set with the
 * best hope is split on a demand that is reached for in part, until the best hope is a whole set that can really be covered.
 */

import type { Demand } from '../demand.ts';
import type { Stop } from '../plan.ts';
import type { Batch } from './batch.ts';
import type { RelaxedBatch, Valued } from './relaxed-batch.ts';

interface Hope extends Valued {
	readonly covered: readonly Demand[];
	readonly left: readonly Demand[];
}

/** Sets split; each costs two linear programs. */
const MAX_SPLITS = 100;
const WHOLE = 1e-6;

interface ValueTask {
	readonly relaxed: RelaxedBatch;
	readonly paid: ReadonlySet<string>;
	readonly stop: Stop;
	/** Tries to cover a set for which the relaxed batch sees no obstacle; true ends the search. */
	attempt(covered: readonly Demand[]): boolean;
}

/** Tokens: no arrangement covers more. */
export function mostValueOf(batch: Batch, { relaxed, paid, stop, attempt }: ValueTask): number {
	const hope = (covered: readonly Demand[], left: readonly Demand[]): Hope => ({
		covered,
		left,
		...relaxed.mostValue({ paid, covered, left }),
	});
	const open = [hope([], [])];
	for (let splits = 0; splits < MAX_SPLITS; splits += 1) {
		open.sort((a, b) => b.most - a.most);
		const [best] = open;
		if (best === undefined || stop()) break;
		const undecided = batch.demands.filter(
			(demand) => !paid.has(demand.id) && !best.covered.includes(demand) && !best.left.includes(demand),
		);
		const share = (demand: Demand): number => best.shares.get(demand) ?? 0;
		const partly = undecided.filter((demand) => share(demand) > WHOLE && share(demand) < 1 - WHOLE);
		if (partly.length === 0) {
			attempt([...best.covered, ...undecided.filter((demand) => share(demand) >= 1 - WHOLE)]);
			break;
		}
		const middle = partly.reduce((a, b) => (Math.abs(share(b) - 0.5) < Math.abs(share(a) - 0.5) ? b : a));
		const next = [hope([...best.covered, middle], best.left), hope(best.covered, [...best.left, middle])];
		open.splice(0, 1, ...next.filter(({ most }) => most > Number.NEGATIVE_INFINITY));
	}
	return Math.max(0, ...open.map(({ most }) => most));
}
