/**
 * The best that demands can do together at given places, by the goals after covering: fewest slow plans, fewest operations,
 * lowest cost, least sent, then ties. Several arenas of the same cover compete.
 */
import type { Demand } from '../demand.ts';
import { Best } from '../one/best-known.ts';
import { toleranceOf } from '../tolerance.ts';
import type { Arena, Option } from './arena.ts';
import { chooseOptions, type Effort } from './choose.ts';
import { type Cover, comesAfter, compareRanked, namesOf, type Ranked } from './cover.ts';
import { type Deal, type DealResult, dealOf, type Limits, UNLIMITED } from './deal.ts';
import { relaxed } from './relaxed-program.ts';

/** An arena where only some posts may use slow options. */
interface Field {
	readonly arena: Arena;
	readonly options: readonly Option[];
	/** By the options' indices: the cheapest deal of a set is asked for more than once. */
	readonly deals: Map<string, DealResult>;
}

/** The best cover, or null when there is none (certain only while the effort stays exact). Arenas come in the order of ties. */
export function bestCover(arenas: readonly Arena[], demands: readonly Demand[], effort: Effort): Cover | null {
	const posts = arenas.map((arena) => arena.posts.length);
	for (let slow = 0; slow <= Math.max(0, ...posts); slow += 1) {
		const fields = arenas.flatMap((arena) => fieldsOf(arena, slow)).filter(isPossible);
		const most = Math.max(0, ...fields.map(({ options }) => options.reduce((sum, { candidate }) => sum + candidate.operations, 0)));
		for (let operations = Math.min(...posts); operations <= most; operations += 1) {
			const cover = bestWith(fields, { demands, operations, effort });
			if (cover !== null) return cover;
		}
	}
	return null;
}

/** One field for every choice of posts that may be slow, where that makes a difference. */
function fieldsOf(arena: Arena, slow: number): readonly Field[] {
	const canBeSlow = arena.posts.map((_, post) => arena.options.some((option) => option.post === post && option.slow));
	return subsets(arena.posts.length, slow)
		.filter((set) => set.every((post) => canBeSlow[post]))
		.map((set) => ({ arena, options: arena.options.filter((option) => !option.slow || set.includes(option.post)), deals: new Map() }));
}

function subsets(of: number, size: number, from = 0): readonly (readonly number[])[] {
	if (size === 0) return [[]];
	const found: (readonly number[])[] = [];
	for (let first = from; first <= of - size; first += 1) for (const rest of subsets(of, size - 1, first + 1)) found.push([first, ...rest]);
	return found;
}

function isPossible({ arena, options }: Field): boolean {
	const question = { aim: 'cost', operationsLeft: null, maxCost: Number.POSITIVE_INFINITY, maxSent: Number.POSITIVE_INFINITY } as const;
	const entrants = options.map((option) => ({ option, taken: false, low: option.candidate.low, high: option.enough }));
	return relaxed(arena, entrants, question).bound < Number.POSITIVE_INFINITY;
}

function bestWith(fields: readonly Field[], how: Omit<Search, 'fields' | 'tolerance'>): Cover | null {
	const [first] = fields;
	if (first === undefined) return null;
	const search = { fields, ...how, tolerance: toleranceOf(how.operations, first.arena.moneyScale) };
	const cheapest = leastOf(search, 'cost', UNLIMITED);
	if (cheapest.known === null) return null;
	const leanest = leastOf(search, 'sent', { cost: cheapest.limit(), sent: null });
	return (
		firstInOrder(search, { cost: cheapest.limit(), sent: leanest.known === null ? null : leanest.limit() }) ??
		leanest.known ??
		cheapest.known
	);
}

interface Search {
	/** Oldest first: the order of ties. */
	readonly demands: readonly Demand[];
	readonly fields: readonly Field[];
	readonly operations: number;
	readonly effort: Effort;
	readonly tolerance: bigint;
}

function leastOf({ fields, operations, effort, tolerance }: Search, aim: 'cost' | 'sent', limits: Limits): Best<Cover> {
	const best = new Best<Cover>(fields[0]?.arena.moneyScale ?? 1n, tolerance);
	for (const field of fields) {
		const { arena, options } = field;
		chooseOptions(arena, {
			...{ options, operations, aim, limits, effort },
			hopeless: (bound) => best.rulesOut(bound),
			found: (chosen) => {
				const deal =
					aim === 'cost' ? cheapestOf(field, chosen, { effort, tolerance }) : leanestOf(field, chosen, { effort, tolerance, limits });
				if (deal !== null) best.offer({ arena, options: chosen, deal }, deal[aim]);
			},
		});
	}
	return best;
}

interface Weighing {
	readonly effort: Effort;
	readonly tolerance: bigint;
}

function cheapestOf({ arena, deals }: Field, chosen: readonly Option[], { effort, tolerance }: Weighing): Deal | null {
	const key = `cost ${chosen.map(({ index }) => index).join()}`;
	const result = deals.get(key) ?? dealOf(arena, chosen, { aim: 'cost', limits: UNLIMITED, tolerance, known: null });
	return remembered(deals, { key, result, effort });
}

/** The least sent within a limit of the cost; null when the set cannot be had at that cost. */
function leanestOf(field: Field, chosen: readonly Option[], { effort, tolerance, limits }: Weighing & { limits: Limits }): Deal | null {
	const cheapest = cheapestOf(field, chosen, { effort, tolerance });
	if (cheapest === null || (limits.cost !== null && cheapest.cost > limits.cost)) return null;
	const { arena, deals } = field;
	const key = `sent ${chosen.map(({ index }) => index).join()}`;
	const within = { cost: limits.cost, sent: null };
	const result = deals.get(key) ?? dealOf(arena, chosen, { aim: 'sent', limits: within, tolerance, known: cheapest });
	return remembered(deals, { key, result, effort });
}

function remembered(deals: Field['deals'], { key, result, effort }: { key: string; result: DealResult; effort: Effort }): Deal | null {
	deals.set(key, result);
	if (!result.exact) effort.exact = false;
	return result.deal;
}

/** The first within both limits in the order of ties; null when the effort ended before that was certain. */
function firstInOrder({ fields, demands, operations, effort, tolerance }: Search, limits: Limits): Cover | null {
	let first: Ranked | null = null;
	for (const field of fields) {
		const { arena, options } = field;
		chooseOptions(arena, {
			...{ options, operations, limits, effort },
			aim: 'cost',
			hopeless: (bound) => bound === Number.POSITIVE_INFINITY,
			found: (chosen) => {
				const names = namesOf(demands, arena, chosen);
				if (first !== null && comesAfter(names, first)) return;
				const deal = leanestOf(field, chosen, { effort, tolerance, limits });
				if (deal === null || (limits.sent !== null && deal.sent > limits.sent)) return;
				const ranked = { names, demands, ...smallestSends({ arena, options: chosen, deal }, tolerance) };
				if (first === null || compareRanked(ranked, first) < 0) first = ranked;
			},
		});
	}
	return effort.exact ? first : null;
}

/** Among deals that cost and send no more, the smaller send of the first leg, then of the second, and so on. */
function smallestSends(cover: Cover, tolerance: bigint): Cover {
	const { arena, options } = cover;
	const limits = { cost: cover.deal.cost, sent: cover.deal.sent };
	let deal = cover.deal;
	let fixed = options;
	for (const [place, option] of options.entries()) {
		deal = dealOf(arena, fixed, { aim: { option: option.index }, limits, tolerance, known: deal }).deal ?? deal;
		const send = deal.sends[place] ?? 0n;
		fixed = fixed.map((each, index) => (index === place ? { ...each, high: send, candidate: { ...each.candidate, low: send } } : each));
	}
	return { ...cover, deal };
}
