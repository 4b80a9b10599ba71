/**
 * Every arrangement of a few demands there is, straight from the contract's definition. Only for instances whose origins hold
 * a handful of base units; it shares no code with the planner.
 */
import type { Demand } from '../../src/plan/demand.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import { choosables, combinations, isWorth, unitOf, type Witness, witnessOf } from './exhaustive.ts';

/** What one demand may get, and what it takes: base units by place. */
interface Part {
	readonly demand: Demand;
	readonly venue: string | null;
	readonly witness: Witness | null;
	readonly taken: ReadonlyMap<string, bigint>;
	/** Money in 10^-6 tokens, if covered. */
	readonly value: bigint;
}

export interface Arrangement {
	readonly parts: readonly Part[];
	readonly keys: readonly (number | bigint | string)[];
}

/** The best arrangement by all goals and ties. */
export function exhaustBatch(input: PlanInput, demands: readonly Demand[], goal: 'age' | 'value'): Arrangement {
	const inOrder = [...demands].sort((a, b) => a.enqueuedAt - b.enqueuedAt || (a.id < b.id ? -1 : 1));
	const available = new Map(
		input.inventory.map((row) => {
			const free = row.confirmed - row.reserve - row.held;
			return [`${row.asset}@${row.venue}`, free > 0n ? free : 0n];
		}),
	);
	const paid = payable(input, inOrder, available);
	const choices = inOrder.map((demand) =>
		paid.has(demand.id) ? payments(input, demand) : [...plans(input, demand, available), nothing(demand)],
	);
	let best: Arrangement | null = null;
	const walk = (index: number, parts: readonly Part[], left: ReadonlyMap<string, bigint>): void => {
		if (index === choices.length) {
			const keys = keysOf(parts, goal);
			if (best === null || compareKeys(keys, best.keys) < 0) best = { parts, keys };
			return;
		}
		for (const part of choices[index] ?? []) {
			const after = take(left, part.taken);
			if (after !== null) walk(index + 1, [...parts, part], after);
		}
	};
	walk(0, [], available);
	if (best === null) throw new Error('nothing at all is an arrangement, too');
	return best;
}

/** The lexicographic maximum of those that can all be paid, oldest first. */
function payable(input: PlanInput, demands: readonly Demand[], available: ReadonlyMap<string, bigint>): Set<string> {
	const paid: Demand[] = [];
	for (const demand of demands) if (canPay(input, [...paid, demand], available)) paid.push(demand);
	return new Set(paid.map(({ id }) => id));
}

function canPay(input: PlanInput, [demand, ...rest]: readonly Demand[], left: ReadonlyMap<string, bigint>): boolean {
	if (demand === undefined) return true;
	return payments(input, demand).some((part) => {
		const after = take(left, part.taken);
		return after !== null && canPay(input, rest, after);
	});
}

function payments(input: PlanInput, demand: Demand): readonly Part[] {
	return demand.destinations.map(({ venue, amount }) => {
		const key = `${demand.asset}@${venue}`;
		return { demand, venue, witness: null, taken: new Map([[key, amount]]), value: amount * unitOf(input, key) };
	});
}

function plans(input: PlanInput, demand: Demand, available: ReadonlyMap<string, bigint>): readonly Part[] {
	return demand.destinations.flatMap(({ venue, amount }) => {
		const key = `${demand.asset}@${venue}`;
		return combinations(choosables(input, available, { venue, asset: demand.asset }), available).flatMap((chosen) => {
			if (chosen.length === 0) return [];
			const witness = witnessOf(chosen, venue);
			const brought = chosen.reduce((sum, { option }) => sum + option.receive, 0n);
			const taken = new Map<string, bigint>(brought < amount ? [[key, amount - brought]] : []);
			for (const { choice, option } of chosen) taken.set(choice.origin, (taken.get(choice.origin) ?? 0n) + option.send);
			return isWorth(witness, demand) && take(available, taken) !== null
				? [{ demand, venue, witness, taken, value: amount * unitOf(input, key) }]
				: [];
		});
	});
}

function nothing(demand: Demand): Part {
	return { demand, venue: null, witness: null, taken: new Map(), value: 0n };
}

function take(left: ReadonlyMap<string, bigint>, taken: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> | null {
	const after = new Map(left);
	for (const [key, units] of taken) {
		const rest = (after.get(key) ?? 0n) - units;
		if (rest < 0n) return null;
		after.set(key, rest);
	}
	return after;
}

/** Smaller is better, in the order of the goals. */
function keysOf(parts: readonly Part[], goal: 'age' | 'value'): readonly (number | bigint | string)[] {
	const witnesses = parts.flatMap(({ witness }) => witness ?? []);
	const covered =
		goal === 'age' ? parts.map(({ venue }) => (venue === null ? 1 : 0)) : [-parts.reduce((sum, { value }) => sum + value, 0n)];
	return [
		...covered,
		witnesses.reduce((sum, { slow }) => sum + slow, 0),
		witnesses.reduce((sum, { operations }) => sum + operations, 0),
		witnesses.reduce((sum, { cost }) => sum + cost, 0n),
		witnesses.reduce((sum, { sent }) => sum + sent, 0n),
		...parts.flatMap(({ venue, witness }) => [venue ?? '', (witness?.routes ?? []).join('\n'), sendsText(witness?.sends ?? [])]),
	];
}

/** Of the same routes, so of the same length: compared number by number. */
function sendsText(sends: readonly bigint[]): string {
	return sends.map((send) => `${send}`.padStart(9, '0')).join();
}

function compareKeys(a: Arrangement['keys'], b: Arrangement['keys']): number {
	for (const [index, one] of a.entries()) {
		const other = b[index];
		if (other === undefined || one === other) continue;
		return one < other ? -1 : 1;
	}
	return 0;
}
