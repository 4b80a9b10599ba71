/** Our answer to one demand against what HiGHS finds for it: no plan of its that holds to the last unit may be better. */

import type { Highs } from 'highs';
import type { Demand } from '../../src/plan/demand.ts';
import { bestChoice } from '../../src/plan/one/best.ts';
import type { Market } from '../../src/plan/one/candidate.ts';
import { fieldOf } from '../../src/plan/one/explore.ts';
import { marketsOf, networkOf } from '../../src/plan/one/network.ts';
import { planOne } from '../../src/plan/one/plan-one.ts';
import { PLAN_LIMITS, type Plan } from '../../src/plan/plan.ts';
import type { Single } from '../../test/plan/seeded.ts';
import { modelOf, type Setting, solve, witnessOf } from './highs.ts';
import { isLess, plus } from './witness.ts';

interface Verdict {
	readonly exact: boolean;
	/** In words, for people: empty when no witness is better. */
	readonly better: readonly string[];
	/** Our whole search, and one solve of HiGHS for the cheapest plan with as many operations; null without a plan. */
	readonly times: { readonly oursMs: number; readonly highsMs: number } | null;
}

/** Costs count as equal within this many token units per operation. */
const EQUAL = { numerator: 2n, denominator: 1_000_000n };

/** `oursFirst` says who is timed first. */
export function judge(highs: Highs, instance: Single, oursFirst: boolean): Verdict {
	const { input, demand } = instance;
	const network = networkOf(input);
	const paths = network.paths();
	const model = (setting: Setting) => modelOf({ input, demand, paths }, setting);
	const witness = (setting: Setting): Plan | null => witnessOf(highs, model(setting), instance);
	const result = planOne(input, demand, PLAN_LIMITS);
	if (result.kind === 'refused') {
		const found = witness({ operations: null, fastOnly: false });
		return { exact: result.exact, better: found === null ? [] : [`refused (${result.reason}), but ${textOf(found)}`], times: null };
	}
	const { plan } = result;
	const isFast = plan.seconds <= input.fastWindowSeconds;
	const sameModel = model({ operations: { exactly: plan.operations }, fastOnly: isFast });
	// Each of them is handed its finished model: the text of the program, and the markets that hold the same numbers.
	const markets = marketsOf({ network, used: new Map() }, demand, isFast).map(({ market }) => market);
	const ours = (): number => timeMs(() => searchIn(markets, demand));
	const theirs = (): number => timeMs(() => solve(highs, sameModel));
	const times = oursFirst ? { oursMs: ours(), highsMs: theirs() } : { highsMs: theirs(), oursMs: ours() };
	const rivals: readonly (readonly [string, Plan | null])[] = [
		['is cheaper', cheaper(witnessOf(highs, sameModel, instance), plan)],
		['has fewer operations', plan.operations === 1 ? null : witness({ operations: { most: plan.operations - 1 }, fastOnly: isFast })],
		['is fast', isFast ? null : witness({ operations: null, fastOnly: true })],
	];
	const better = rivals.flatMap(([how, rival]) => (rival === null ? [] : [`${textOf(rival)} ${how} than ${textOf(plan)}`]));
	return { exact: result.exact, better, times };
}

function cheaper(rival: Plan | null, ours: Plan): Plan | null {
	if (rival === null) return null;
	const equal = { ...EQUAL, numerator: EQUAL.numerator * BigInt(ours.operations) };
	return isLess(plus(rival.cost, equal), ours.cost) ? rival : null;
}

function searchIn(markets: readonly Market[], { maxCost }: Demand): void {
	const moneyScale = markets[0]?.moneyScale ?? 1n;
	const most = maxCost === null ? null : (maxCost.numerator * moneyScale) / maxCost.denominator;
	bestChoice({ fields: markets.map(fieldOf), moneyScale, maxCost: most, anyWill: false, budget: { left: PLAN_LIMITS.nodes, exact: true } });
}

function timeMs(work: () => unknown): number {
	const startedMs = performance.now();
	work();
	return performance.now() - startedMs;
}

function textOf({ destination, legs, operations, cost }: Plan): string {
	const sends = legs.map(({ route, send }) => `${route} ${send}`).join(', ');
	return `${destination} by ${sends} (${operations} operations, ${Number(cost.numerator) / Number(cost.denominator)})`;
}
