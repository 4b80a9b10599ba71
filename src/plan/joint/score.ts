/** What a draft is worth, by the goals in their order. */
import { powerOfTen } from '../../money/units.ts';
import { numeratorOver } from '../exact.ts';
import type { Plan } from '../plan.ts';
import { decimalsAt } from '../route.ts';
import type { Batch, Draft } from './batch.ts';

/** Money in units of the batch. */
export interface Score {
	/** One character per demand, oldest first: "1" if covered. */
	readonly covered: string;
	readonly value: bigint;
	readonly slow: number;
	readonly operations: number;
	readonly cost: bigint;
	readonly sent: bigint;
}

export function scoreOf(batch: Batch, { payments, plans }: Draft): Score {
	const own = [...plans.values()];
	return {
		covered: batch.demands.map(({ id }) => (payments.has(id) || plans.has(id) ? '1' : '0')).join(''),
		value: batch.demands.reduce((sum, demand) => {
			const payment = payments.get(demand.id);
			const plan = plans.get(demand.id);
			if (payment !== undefined) return sum + moneyOf(batch, { ...payment, asset: demand.asset });
			return plan === undefined ? sum : sum + moneyOf(batch, { venue: plan.destination, asset: plan.asset, amount: plan.amount });
		}, 0n),
		slow: own.filter((plan) => isSlow(batch, plan)).length,
		operations: own.reduce((sum, { operations }) => sum + operations, 0),
		cost: own.reduce((sum, { cost }) => sum + numeratorOver(cost, batch.moneyScale), 0n),
		sent: own.reduce((sum, plan) => sum + sentOf(batch, plan), 0n),
	};
}

export function isSlow({ network }: Batch, { seconds }: Plan): boolean {
	return seconds > network.input.fastWindowSeconds;
}

export function sentOf(batch: Batch, { legs }: Plan): bigint {
	return legs.reduce((sum, { origin, asset, send }) => sum + moneyOf(batch, { venue: origin, asset, amount: send }), 0n);
}

export function moneyOf(
	{ network, moneyScale }: Batch,
	{ venue, asset, amount }: { venue: string; asset: string; amount: bigint },
): bigint {
	return amount * (moneyScale / powerOfTen(decimalsAt(network.input.decimals, venue, asset)));
}

/** Positive if `a` is better, negative if `b` is, 0 if no goal tells them apart. `equal` (money) is how far costs and sums may differ. */
export function compareScores(goal: Batch['goal'], [a, b]: readonly [Score, Score], equal = 0n): number {
	if (goal === 'age' && a.covered !== b.covered) return a.covered > b.covered ? 1 : -1;
	if (goal === 'value' && a.value !== b.value) return a.value > b.value ? 1 : -1;
	if (a.slow !== b.slow) return b.slow - a.slow;
	if (a.operations !== b.operations) return b.operations - a.operations;
	return compareMoney(b.cost - a.cost, equal) || compareMoney(b.sent - a.sent, equal);
}

function compareMoney(saved: bigint, equal: bigint): number {
	if (saved > equal) return 1;
	return saved < -equal ? -1 : 0;
}
