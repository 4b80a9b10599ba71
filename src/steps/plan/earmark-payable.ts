/** Payable invoices are paid from what is there, without planner, routes or bridges: what was there before keeps working. */
import { type App, endOf } from '../../app.ts';
import { availableOf, type Holding } from '../../inventory/available.ts';
import { positionKey } from '../../inventory/venue.ts';
import type { Demand } from '../../invoice/demand.ts';
import { choosePayable, type Payment } from '../../invoice/payable.ts';
import { formatAmount } from '../../money/units.ts';
import { type Story, tellStory } from '../../observe/log.ts';
import { createEarmark } from '../../store/commitment.ts';
import { inTransaction, lockInventory, type Tx } from '../../store/db.ts';
import { readOpenDemands } from '../../store/demands.ts';
import { readHoldings } from '../../store/holdings.ts';
import { readReserveOverrides, reservesInForce } from '../../store/reserves.ts';
import { isStopped } from '../../store/stops.ts';
import { gateInForce, withinGate } from './gate.ts';

/** Earmarks every demand of the asset that can be paid now (goal 1), oldest first. Returns how many. */
export async function earmarkPayable(app: App, asset: string): Promise<number> {
	await app.syncBalances();
	const story: Story = [];
	const paid = await inTransaction(app.db, { actor: 'evaluation', reason: 'payable now' }, async (tx) => {
		await lockInventory(tx, asset);
		const gate = await gateInForce(app, tx);
		if (gate.state === 'halted' || (await isStopped(tx))) return 0;
		const demands = await readOpenDemands(tx, asset);
		const holdings = withinGate(app, gate, await readFreshHoldings(app, tx, asset));
		const { payments } = choosePayable(demands.map(payable), new Map(holdings.map((each) => [positionKey(each), availableOf(each)])));
		await earmarkPayments(app, tx, { payments, demands, story });
		return payments.length;
	});
	tellStory(app.log, story);
	return paid;
}

interface Paying {
	readonly payments: readonly Payment[];
	readonly demands: readonly Demand[];
	readonly story: Story;
}

/** Commits payments that are possible under the locks that the caller holds. */
export async function earmarkPayments(app: App, tx: Tx, { payments, demands, story }: Paying): Promise<void> {
	for (const { id, venue, amount } of payments) {
		const demand = demands.find((each) => each.id === id);
		if (demand === undefined) throw new RangeError(`nobody has asked to pay demand ${id}`);
		const { externalId, asset } = demand;
		const text = formatAmount(amount, endOf(app, asset, venue).decimals);
		const draft = { demandId: id, asset, venue, amount, local: amount, legs: [], plan: { paidAtOnce: true, venue, amount: text } };
		await createEarmark(tx, draft, app.config.wallet);
		story.push(['info', { invoice: externalId, venue, amount: text }, 'paid at once']);
	}
}

/** Only positions whose snapshot is young enough; an older one is unknown, and nothing is spent from it. */
export async function readFreshHoldings(app: App, tx: Tx, asset: string): Promise<Holding[]> {
	const configured = app.config.assets.get(asset)?.venues.values() ?? [];
	const holdings = await readHoldings(tx, asset, reservesInForce(configured, await readReserveOverrides(tx, asset)));
	return holdings.filter((holding) => holding.ageMs <= app.config.planning.snapshotMaxAgeMs);
}

/** Equal ages are ordered by the source's own id, as in the plan file. */
function payable({ id, externalId, asset, enqueuedAt, destinations }: Demand) {
	return { id, name: externalId, asset, enqueuedAt, destinations };
}
