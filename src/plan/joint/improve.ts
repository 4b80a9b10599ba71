/**
 * Destroy and repair: some demands give back what they have, and get it again in another order, each the plan that is best
 * for it alone on what is left. What is no worse is kept. The linear program says who had best draw from where.
 */

import { positionKey } from '../../inventory/venue.ts';
import { compareCodePoints, type Payment } from '../../invoice/payable.ts';
import { powerOfTen } from '../../money/units.ts';
import { addTo, addUnits, fundsLess, type Units, usedBy } from '../available.ts';
import type { Demand } from '../demand.ts';
import type { Plan, PlanLimits, Stop } from '../plan.ts';
import { decimalsAt } from '../route.ts';
import { toleranceOf } from '../tolerance.ts';
import { type Batch, type Draft, positionsOf, usedByDraft, usedByPayment } from './batch.ts';
import { mostValueOf } from './most-value.ts';
import { planAlone } from './plan-alone.ts';
import { planInTurn } from './plan-in-turn.ts';
import { createDice, type Dice } from './random.ts';
import type { RelaxedBatch } from './relaxed-batch.ts';
import { compareScores, type Score, scoreOf } from './score.ts';

/** Small: a repair that is hard to prove is not worth waiting for. */
const REPAIR_LIMITS: PlanLimits = { nodes: 2_000 };
/** So many repairs in a row without a gain, for each demand, and the search has come to its end. */
const PATIENCE = 40;
const MOST_REMOVED = 6;
const SEED = 1;

interface Search {
	readonly batch: Batch;
	readonly relaxed: RelaxedBatch;
	readonly stop: Stop;
	readonly dice: Dice;
	readonly wants: Wants;
	best: Draft;
	score: Score;
}

interface Improving {
	readonly relaxed: RelaxedBatch;
	readonly stop: Stop;
	/** Asked whenever a better draft is found: whether it cannot be improved. */
	isDone(draft: Draft): boolean;
}

interface Improved {
	readonly draft: Draft;
	/** Tokens: no arrangement covers more; infinite where it was not asked. */
	readonly mostValue: number;
}

/** The best draft found until `stop` or until nothing gains any more. */
export function improve(batch: Batch, start: Draft, how: Improving): Improved {
	const { relaxed, stop, isDone } = how;
	const search: Search = {
		...{ batch, relaxed, stop, dice: createDice(SEED), wants: wantsOf(batch) },
		...{ best: start, score: scoreOf(batch, start) },
	};
	const first = search.score;
	const mostValue = batch.goal === 'value' ? coverDearest(search) : Number.POSITIVE_INFINITY;
	if (coverMore(search) && isDone(search.best)) return { draft: search.best, mostValue };
	let idle = 0;
	while (!stop() && idle < PATIENCE * batch.demands.length) {
		const before = search.score;
		const changed = repair(search, chooseRemoved(search));
		idle = changed !== null && accept(search, changed) && compareScores(batch.goal, [search.score, before]) > 0 ? 0 : idle + 1;
		if (idle === 0 && isDone(search.best)) break;
	}
	const equal = toleranceOf(first.operations, batch.moneyScale);
	return { draft: compareScores(batch.goal, [search.score, first], equal) > 0 ? search.best : start, mostValue };
}

/** Keeps a draft that is no worse. */
function accept(search: Search, draft: Draft): boolean {
	const score = scoreOf(search.batch, draft);
	if (compareScores(search.batch.goal, [score, search.score]) < 0) return false;
	search.best = draft;
	search.score = score;
	return true;
}

/** Where values count: covers the set that the relaxed batch thinks most of, if it really can be. */
function coverDearest(search: Search): number {
	const { batch, relaxed, stop } = search;
	const paid = new Set(search.best.payments.keys());
	const attempt = (covered: readonly Demand[]): boolean => {
		const allotment = relaxed.allotment(covered, paid);
		const draft = allotment === null ? null : followed(search, covered, allotment);
		return draft !== null && accept(search, draft);
	};
	return mostValueOf(batch, { relaxed, paid, stop, attempt });
}

/** For those without a plan, oldest first: covers them together with those who come before, if anything says that it can be done. */
function coverMore(search: Search): boolean {
	const { batch, relaxed, stop } = search;
	let gained = false;
	for (const demand of batch.demands) {
		if (stop()) break;
		if (isCovered(search.best, demand)) continue;
		const paid = new Set(search.best.payments.keys());
		const wanted = [...batch.demands.filter((each) => search.best.plans.has(each.id)), demand];
		const kept = batch.goal === 'value' ? wanted : wanted.filter((each) => batch.demands.indexOf(each) <= batch.demands.indexOf(demand));
		const allotment = relaxed.allotment(kept, paid);
		const draft = allotment === null ? null : followed(search, kept, allotment);
		if (draft !== null && compareScores(batch.goal, [scoreOf(batch, draft), search.score]) > 0) gained = accept(search, draft) || gained;
	}
	return gained;
}

/** Plans these with what is allotted to them, then all others on what is left; null when one of these gets none. */
function followed(search: Search, wanted: readonly Demand[], allotment: ReadonlyMap<string, ReadonlyMap<string, number>>): Draft | null {
	const { batch } = search;
	const payments = search.best.payments;
	const used = usedByDraft(batch, { payments, plans: new Map() });
	const plans = new Map<string, Plan>();
	for (const [index, demand] of wanted.entries()) {
		const reserved = wanted.slice(index + 1).map((each) => inUnits(batch, allotment.get(each.id) ?? new Map()));
		const plan = planned(search, demand, reserved.reduce<Units>(addUnits, used)) ?? planned(search, demand, used);
		if (plan === null) return null;
		plans.set(demand.id, plan);
		addTo(used, usedBy(plan));
	}
	return planInTurn(batch, { payments, plans }, REPAIR_LIMITS).draft;
}

function planned({ batch }: Search, demand: Demand, used: Units): Plan | null {
	return planAlone({ network: batch.network, used }, demand, { goal: batch.goal, limits: REPAIR_LIMITS }).plan;
}

function inUnits({ network }: Batch, tokens: ReadonlyMap<string, number>): Units {
	const units = new Map<string, bigint>();
	for (const { venue, asset } of network.input.inventory) {
		const share = tokens.get(positionKey({ venue, asset })) ?? 0;
		if (share <= 0) continue;
		// Millionths are fine enough for a wish.
		units.set(
			positionKey({ venue, asset }),
			(BigInt(Math.floor(share * 2 ** 20)) * powerOfTen(decimalsAt(network.input.decimals, venue, asset))) >> 20n,
		);
	}
	return units;
}

function isCovered({ payments, plans }: Draft, { id }: Demand): boolean {
	return payments.has(id) || plans.has(id);
}

/** One at random, those without a plan first of all, and some of those that want the same funds. */
function chooseRemoved({ batch, best, dice, wants }: Search): readonly Demand[] {
	const waiting = batch.demands.filter((demand) => !isCovered(best, demand));
	const pool = waiting.length > 0 && dice.below(2) === 0 ? waiting : batch.demands;
	const first = pool[dice.below(pool.length)];
	if (first === undefined) return [];
	const removed = new Set([first]);
	const places = wants.places.get(first) ?? [];
	for (let more = 1 + dice.below(MOST_REMOVED - 1); more > 0; more -= 1) {
		const rivals = wants.demands.get(places[dice.below(places.length)] ?? '') ?? [];
		const rival = rivals[dice.below(rivals.length)];
		if (rival !== undefined) removed.add(rival);
	}
	return [...removed];
}

/** Gives back what these have and plans them in another order; null when somebody who was paid can no longer be. */
function repair(search: Search, removed: readonly Demand[]): Draft | null {
	const { batch, best, dice } = search;
	const payments = new Map(best.payments);
	const plans = new Map(best.plans);
	for (const { id } of removed) {
		payments.delete(id);
		plans.delete(id);
	}
	const used = usedByDraft(batch, { payments, plans });
	for (const demand of removed.filter(({ id }) => best.payments.has(id))) {
		const payment = paidSomewhere(search, demand, used);
		if (payment === null) return null;
		payments.set(demand.id, payment);
		addTo(used, usedByPayment(demand, payment));
	}
	for (const demand of dice.shuffled(removed.filter(({ id }) => !best.payments.has(id)))) {
		if (search.stop()) return null;
		const plan = planned(search, narrowed(demand, dice), used);
		if (plan === null) continue;
		plans.set(demand.id, plan);
		addTo(used, usedBy(plan));
	}
	return { payments, plans };
}

/** Now and then only one of its destinations is looked at, so that also those are tried that are not the best for it alone. */
function narrowed(demand: Demand, dice: Dice): Demand {
	const { destinations } = demand;
	const only = destinations[dice.below(destinations.length)];
	return destinations.length < 2 || only === undefined || dice.below(4) > 0 ? demand : { ...demand, destinations: [only] };
}

function paidSomewhere({ batch, dice }: Search, demand: Demand, used: Units): Payment | null {
	const left = fundsLess(batch.network.free('kept'), used);
	const fitting = demand.destinations.filter(
		({ venue, amount }) => (left.get(positionKey({ venue, asset: demand.asset })) ?? 0n) >= amount,
	);
	const inOrder = [...fitting].sort((a, b) => compareCodePoints(a.venue, b.venue));
	const place = inOrder[dice.below(2) === 0 ? 0 : dice.below(inOrder.length)];
	return place === undefined ? null : { id: demand.id, ...place };
}

/** Who could use funds of which position. */
interface Wants {
	readonly places: ReadonlyMap<Demand, readonly string[]>;
	readonly demands: ReadonlyMap<string, readonly Demand[]>;
}

function wantsOf({ network, demands }: Batch): Wants {
	const places = new Map(demands.map((demand) => [demand, [...positionsOf(network, demand)]] as const));
	const wanting = new Map<string, Demand[]>();
	for (const [demand, own] of places) {
		for (const place of own) {
			const same = wanting.get(place);
			if (same === undefined) wanting.set(place, [demand]);
			else same.push(demand);
		}
	}
	return { places, demands: wanting };
}
