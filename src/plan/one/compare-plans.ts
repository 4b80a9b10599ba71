/** Two plans of one demand by the goals that compare them, in their order. */
import type { Amount } from '../../money/amount.ts';
import { type Exact, exactUnits } from '../exact.ts';
import type { Goal, Plan } from '../plan.ts';
import { decimalsAt } from '../route.ts';
import { toleranceOf } from '../tolerance.ts';
import type { PlanInput } from './network.ts';

/** In what one plan is worse than another: the first goal in which they differ, or none. */
export type Drawback = 'LESS_COVERED' | 'SLOWER' | 'MORE_OPERATIONS' | 'DEARER' | 'MORE_SENT' | 'TIE';

export interface Yardstick {
	readonly input: PlanInput;
	readonly goal: Goal;
}

/** What keeps `other` from being better than `plan`; null when it is better. Throws `RangeError` for unknown decimals. */
export function drawbackOf({ input, goal }: Yardstick, plan: Plan, other: Plan): Drawback | null {
	const tokens = (units: Amount, venue: string, asset: string) => exactUnits(units, decimalsAt(input.decimals, venue, asset));
	const covered = (each: Plan) => tokens(each.amount, each.destination, each.asset);
	const isSlow = (each: Plan) => BigInt(each.seconds > input.fastWindowSeconds);
	const sent = (each: Plan) => each.legs.map((leg) => tokens(leg.send, leg.origin, leg.asset)).reduce(sum);
	const equal = Math.max(plan.operations, other.operations);
	const differences: readonly (readonly [Drawback, bigint])[] = [
		['LESS_COVERED', goal === 'value' ? difference(covered(plan), covered(other), 0) : 0n],
		['SLOWER', isSlow(other) - isSlow(plan)],
		['MORE_OPERATIONS', BigInt(other.operations - plan.operations)],
		['DEARER', difference(other.cost, plan.cost, equal)],
		['MORE_SENT', difference(sent(other), sent(plan), equal)],
	];
	const first = differences.find(([, worse]) => worse !== 0n);
	if (first === undefined) return 'TIE';
	return first[1] > 0n ? first[0] : null;
}

/** Positive when `a` is larger than `b`, and zero when they differ by no more than counts as equal over so many operations. */
function difference(a: Exact, b: Exact, operations: number): bigint {
	const scale = a.denominator * b.denominator;
	const gap = a.numerator * b.denominator - b.numerator * a.denominator;
	const tolerance = toleranceOf(operations, scale);
	return gap <= tolerance && gap >= -tolerance ? 0n : gap;
}

function sum(a: Exact, b: Exact): Exact {
	return { numerator: a.numerator * b.denominator + b.numerator * a.denominator, denominator: a.denominator * b.denominator };
}
