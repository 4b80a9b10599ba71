/** How good a draft is at least: what each demand could get alone on everything there is, and what the relaxed batch allows. */

import { addTo, usedBy } from '../available.ts';
import type { Demand } from '../demand.ts';
import { numeratorOver } from '../exact.ts';
import { FLOAT_ROOM } from '../one/best-known.ts';
import { type Bound, PLAN_LIMITS, type Plan, type Proof, type Stop } from '../plan.ts';
import { toleranceOf } from '../tolerance.ts';
import { type Batch, type Draft, positionsOf, usedByDraft } from './batch.ts';
import { planAlone } from './plan-alone.ts';
import type { Turns } from './plan-in-turn.ts';
import type { RelaxedBatch } from './relaxed-batch.ts';
import { isSlow, moneyOf, type Score, scoreOf, sentOf } from './score.ts';

const EXACT: Proof = { exact: true, bound: null };

/** The best for each alone, as if nobody else were there: together they can be no better than that. */
interface Ideal {
	/** Null where nothing covers the demand even alone. */
	readonly plans: ReadonlyMap<string, Plan | null>;
	/** Demands for which that is not proven. */
	readonly unproven: ReadonlySet<string>;
}

/** What was planned on everything a demand could want is the ideal already; `stop` leaves the rest unproven. */
export function idealOf(batch: Batch, { draft, unproven: doubtful }: Turns, stop: Stop): Ideal {
	const { network, demands, goal } = batch;
	const plans = new Map<string, Plan | null>();
	const unproven = new Set<string>();
	const used = usedByDraft(batch, { payments: draft.payments, plans: new Map() });
	for (const demand of demands.filter(({ id }) => !draft.payments.has(id))) {
		const own = draft.plans.get(demand.id) ?? null;
		const isFree = ![...positionsOf(network, demand)].some((key) => (used.get(key) ?? 0n) > 0n);
		const found = isFree || stop() ? null : planAlone({ network, used: new Map() }, demand, { goal, limits: PLAN_LIMITS });
		plans.set(demand.id, isFree ? own : (found?.plan ?? null));
		if (isFree ? doubtful.has(demand.id) : found === null || !found.exact) unproven.add(demand.id);
		if (own !== null) addTo(used, usedBy(own));
	}
	return { plans, unproven };
}

/** Whether the draft is the ideal itself: everybody has what is best for him alone. */
export function isIdeal({ plans }: Draft, ideal: Ideal): boolean {
	if (ideal.unproven.size > 0) return false;
	return [...ideal.plans].every(([id, best]) => {
		const own = plans.get(id);
		return own === undefined ? best === null : best !== null && isSamePlan(own, best);
	});
}

/** What of a plan the goals and ties look at. */
function isSamePlan(a: Plan, b: Plan): boolean {
	const name = ({ destination, legs }: Plan): string => [destination, ...legs.map(({ route, send }) => `${route} ${send}`)].join('\n');
	return name(a) === name(b);
}

export interface Evidence {
	readonly relaxed: RelaxedBatch;
	readonly ideal: Ideal;
	/** Once true, nothing more is looked for that could prove an absence. */
	readonly stop: Stop;
	/** Whether it is proven who is paid. */
	readonly payable: boolean;
	/** Tokens: no arrangement covers more; asked only where values count. */
	readonly mostValue: number;
	/** The payments that come first in the order of ties. */
	readonly firstPayments: Draft['payments'];
}

/** The first goal in which the draft may not be the best, with what cannot be beaten there. */
export function proofOf(batch: Batch, draft: Draft, evidence: Evidence): Proof {
	const { ideal, payable, mostValue, firstPayments } = evidence;
	const score = scoreOf(batch, draft);
	const oldestUnpaid = batch.demands.find(({ id }) => !draft.payments.has(id));
	if (!payable && oldestUnpaid !== undefined) return bound({ goal: 1, demand: oldestUnpaid.id });
	const cover = batch.goal === 'age' ? doubtfulAbsence(batch, draft, evidence) : doubtfulValue(batch, score, mostValue);
	if (cover !== null) return bound(cover);
	if (isIdeal(draft, ideal) && [...draft.payments].every(([id, { venue }]) => firstPayments.get(id)?.venue === venue)) return EXACT;
	const covered = batch.demands.filter(({ id }) => draft.plans.has(id));
	const isWhole = batch.goal === 'age' || score.value >= wholeValueOf(batch);
	const known = isWhole ? ideal : { plans: ideal.plans, unproven: new Set(covered.map(({ id }) => id)) };
	return bound(laterBound(batch, { least: covered.map(({ id }) => leastOf(batch, id, known)), score }));
}

function bound(found: Bound): Proof {
	return { exact: false, bound: found };
}

/** The oldest demand that is not covered although nothing says that it cannot be. */
function doubtfulAbsence(batch: Batch, draft: Draft, { relaxed, ideal, stop }: Evidence): Bound | null {
	const paid = new Set(draft.payments.keys());
	const before: Demand[] = [];
	for (const demand of batch.demands) {
		if (draft.payments.has(demand.id)) continue;
		if (draft.plans.has(demand.id)) {
			before.push(demand);
			continue;
		}
		const isHopeless = ideal.plans.get(demand.id) === null && !ideal.unproven.has(demand.id);
		if (!isHopeless && (stop() || !relaxed.isImpossible([...before, demand], paid))) return { goal: 2, demand: demand.id };
	}
	return null;
}

function doubtfulValue(batch: Batch, score: Score, flowing: number): Bound | null {
	const whole = wholeValueOf(batch);
	const scaled = Number.isFinite(flowing) ? scaleUp(Math.max(0, flowing), batch.moneyScale) : whole;
	const most = scaled < whole ? scaled : whole;
	return score.value >= most ? null : { goal: 2, value: { numerator: most, denominator: batch.moneyScale } };
}

/** Everybody covered where his amount is largest. */
function wholeValueOf(batch: Batch): bigint {
	return batch.demands.reduce((sum, demand) => {
		const values = demand.destinations.map(({ venue, amount }) => moneyOf(batch, { venue, asset: demand.asset, amount }));
		return sum + values.reduce((most, each) => (each > most ? each : most), 0n);
	}, 0n);
}

/** Rounded up, and a little more than a float can err. */
function scaleUp(tokens: number, scale: bigint): bigint {
	const [mantissa, shift] = splitFloat(tokens * (1 + FLOAT_ROOM));
	const scaled = mantissa * scale;
	return (shift >= 0n ? scaled << shift : scaled >> -shift) + 1n;
}

function splitFloat(value: number): [bigint, bigint] {
	if (value === 0) return [0n, 0n];
	const exponent = Math.floor(Math.log2(value)) - 52;
	return [BigInt(Math.ceil(value / 2 ** exponent)), BigInt(exponent)];
}

/** Covered as they are, what each takes at least adds up to what cannot be beaten. */
function laterBound(batch: Batch, { least, score }: { least: readonly Least[]; score: Score }): Bound {
	const count = (of: (each: Least) => number): number => least.reduce((sum, each) => sum + of(each), 0);
	const sum = (of: (each: Least) => bigint): bigint => least.reduce((all, each) => all + of(each), 0n);
	const slow = count((each) => each.slow);
	if (score.slow > slow) return { goal: 3, value: whole(slow) };
	const operations = count((each) => each.operations);
	if (score.operations > operations) return { goal: 4, value: whole(operations) };
	const tolerance = toleranceOf(operations, batch.moneyScale);
	const money = (value: bigint) => ({ numerator: value > tolerance ? value - tolerance : 0n, denominator: batch.moneyScale });
	const cost = sum((each) => each.cost);
	return score.cost > cost ? { goal: 5, value: money(cost) } : { goal: 6, value: money(sum((each) => each.sent)) };
}

function whole(count: number): { numerator: bigint; denominator: bigint } {
	return { numerator: BigInt(count), denominator: 1n };
}

/** What a demand takes at least, given that those goals before are met as well as can be. Money in units of the batch. */
interface Least {
	readonly slow: number;
	readonly operations: number;
	readonly cost: bigint;
	readonly sent: bigint;
}

/** A plan has a leg; nothing more is known of a demand whose best is not proven, or not its best where it is covered for less. */
function leastOf(batch: Batch, id: string, ideal: Ideal): Least {
	const plan = ideal.unproven.has(id) ? null : (ideal.plans.get(id) ?? null);
	if (plan === null) return { slow: 0, operations: 1, cost: 0n, sent: 0n };
	const cost = numeratorOver(plan.cost, batch.moneyScale);
	return { slow: isSlow(batch, plan) ? 1 : 0, operations: plan.operations, cost, sent: sentOf(batch, plan) };
}
