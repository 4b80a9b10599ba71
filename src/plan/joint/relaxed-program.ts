/** The arena without whole units, steps and gaps, as a linear program: what some options must do, and what others could. */
import { FLOAT_ROOM } from '../one/best-known.ts';
import { ratio } from '../one/candidate.ts';
import { arrivalOf } from '../one/path.ts';
import { type Arena, arrivingTokens, type Option, sentTokens } from './arena.ts';
import { type Column, type Program, type Solution, solve } from './linear.ts';

/** An option that is used (`taken`), with what it may send, or one that may still be used. */
export interface Entrant {
	readonly option: Option;
	readonly taken: boolean;
	readonly low: bigint;
	readonly high: bigint;
}

/** What is made small: the cost, the total sent, or what one of the options sends. */
export type Aim = 'cost' | 'sent' | { readonly option: number };

interface Question {
	readonly aim: Aim;
	/** Operations that those not taken may add; null for any number. */
	readonly operationsLeft: number | null;
	/** Tokens; infinite when there is no limit. */
	readonly maxCost: number;
	readonly maxSent: number;
}

interface Answer {
	/** By entrant, from 0 (`low`, or unused) to 1 (`high`). */
	readonly uses: Float64Array;
	/** Tokens: nothing better is possible; infinite when it is certain that nothing is possible at all. */
	readonly bound: number;
}

/** The send that a use stands for, in base units, rounded down. */
export function aimAt({ low, high }: Entrant, use: number): bigint {
	const share = BigInt(Math.round(Math.min(1, Math.max(0, use)) * 2 ** 52));
	return low + (((high - low) * share) >> 52n);
}

export function relaxed(arena: Arena, entrants: readonly Entrant[], question: Question): Answer {
	const draft = draftOf(arena, entrants, question);
	if (draft === null) return { uses: new Float64Array(entrants.length), bound: Number.POSITIVE_INFINITY };
	const { uses, bound }: Solution = solve(draft.program);
	return { uses, bound: bound + draft.constant };
}

interface Draft {
	readonly program: Program;
	/** What the taken ones come to at the least, in tokens. */
	readonly constant: number;
}

/** The numbers of one entrant, in tokens. */
interface Effect {
	readonly sent: number;
	readonly arrived: number;
	readonly cost: number;
}

function effectsOf(arena: Arena, { option, taken, low, high }: Entrant): { fixed: Effect; whole: Effect } {
	const unitsPerToken = arena.posts[option.post]?.unitsPerToken ?? 1n;
	const gas = ratio(option.candidate.gas, arena.moneyScale);
	const at = (send: bigint, arrived: number): Effect => {
		const sent = sentTokens(option, send);
		return { sent, arrived, cost: Math.max(0, sent - arrived) + gas };
	};
	const top = at(high, arrivingTokens(option, high, unitsPerToken));
	if (!taken) return { fixed: { sent: 0, arrived: 0, cost: 0 }, whole: top };
	if (low === high)
		return { fixed: at(low, ratio(arrivalOf(option.candidate.path, low), unitsPerToken)), whole: { sent: 0, arrived: 0, cost: 0 } };
	const bottom = at(low, arrivingTokens(option, low, unitsPerToken));
	const more = { sent: top.sent - bottom.sent, arrived: top.arrived - bottom.arrived, cost: Math.max(0, top.cost - bottom.cost) };
	return { fixed: bottom, whole: more };
}

function aimed(aim: Aim, { option }: Entrant, { cost, sent }: Effect): number {
	if (aim === 'cost') return cost;
	if (aim === 'sent') return sent;
	return aim.option === option.index ? sent : 0;
}

function draftOf(arena: Arena, entrants: readonly Entrant[], { aim, operationsLeft, maxCost, maxSent }: Question): Draft | null {
	const { posts, capacities } = arena;
	const rooms = [...capacities];
	for (const { option, taken, low } of entrants) if (taken) rooms[option.origin] = (rooms[option.origin] ?? 0n) - low;
	if (rooms.some((room) => room < 0n)) return null;
	const effects = entrants.map((entrant) => effectsOf(arena, entrant));
	const rows = new Rows();
	const places = rooms.map((room) => rows.add(room > 0n ? 1 + FLOAT_ROOM : 0));
	const amounts = posts.map(({ amount, unitsPerToken }) => ratio(amount, unitsPerToken));
	const missing = [...amounts];
	const worth = posts.map(({ maxCost: most }) => (most === null ? Number.POSITIVE_INFINITY : ratio(most, arena.moneyScale)));
	let [constant, cost, sent] = [0, 0, 0];
	for (const [index, entrant] of entrants.entries()) {
		const { fixed } = effects[index] ?? { fixed: { sent: 0, arrived: 0, cost: 0 } };
		const { post } = entrant.option;
		constant += aimed(aim, entrant, fixed);
		cost += fixed.cost;
		sent += fixed.sent;
		missing[post] = (missing[post] ?? 0) - fixed.arrived;
		worth[post] = (worth[post] ?? 0) - fixed.cost;
	}
	const dearest = rows.limit(maxCost - cost, maxCost);
	const largest = rows.limit(maxSent - sent, maxSent);
	const worths = worth.map((left, post) => rows.limit(left, ratio(posts[post]?.maxCost ?? 0n, arena.moneyScale)));
	if (rows.broken) return null;
	const operations = operationsLeft === null ? null : rows.add(operationsLeft + FLOAT_ROOM);
	const columns: Column[] = entrants.map((entrant, index) => {
		const { whole } = effects[index] ?? { whole: { sent: 0, arrived: 0, cost: 0 } };
		const { option, taken } = entrant;
		const roomTokens = ratio(rooms[option.origin] ?? 0n, option.originUnitsPerToken);
		const entries: [number, number][] = [];
		const add = (row: number, weight: number): void => {
			if (weight > 0) entries.push([row, weight]);
		};
		add(places[option.origin] ?? 0, roomTokens > 0 ? whole.sent / roomTokens : whole.sent > 0 ? 1 / FLOAT_ROOM : 0);
		if (dearest !== null) add(dearest.row, whole.cost / dearest.scale);
		if (largest !== null) add(largest.row, whole.sent / largest.scale);
		const worth = worths[option.post] ?? null;
		if (worth !== null) add(worth.row, whole.cost / worth.scale);
		if (!taken && operations !== null) add(operations, option.candidate.operations);
		add(rows.add(1), 1);
		entries.push([-1 - option.post, whole.arrived / (amounts[option.post] ?? 1)]);
		return { cost: aimed(aim, entrant, whole), entries };
	});
	for (const [post, { place }] of posts.entries()) {
		const room = ratio(rooms[place] ?? 0n, arena.unitsPerToken[place] ?? 1n);
		const whole = Math.min(room, amounts[post] ?? 0);
		if (whole > 0)
			columns.push({
				cost: 0,
				entries: [
					[places[place] ?? 0, whole / room],
					[-1 - post, whole / (amounts[post] ?? 1)],
				],
			});
	}
	const needs = missing.map((tokens, post) => Math.max(0, tokens / (amounts[post] ?? 1) - FLOAT_ROOM));
	return { constant, program: { columns: columns.map((column) => withNeeds(column, rows.limits.length)), capacities: rows.limits, needs } };
}

/** Needs come after all capacities, whose number is only known at the end: until then they are counted below zero. */
function withNeeds({ cost, entries }: Column, capacities: number): Column {
	return { cost, entries: entries.map(([row, weight]) => [row < 0 ? capacities - 1 - row : row, weight] as const) };
}

class Rows {
	readonly limits: number[] = [];
	broken = false;

	add(limit: number): number {
		return this.limits.push(limit) - 1;
	}

	/** A row for what is left of a limit, if there is one; broken when the taken ones alone are over it. */
	limit(left: number, whole: number): { readonly row: number; readonly scale: number } | null {
		if (left === Number.POSITIVE_INFINITY) return null;
		const scale = Math.abs(whole) || 1;
		if (left < -scale * FLOAT_ROOM) this.broken = true;
		return { row: this.add(Math.max(0, left / scale + FLOAT_ROOM)), scale };
	}
}
