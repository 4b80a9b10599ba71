/** Everybody who spends reads the same available, and takes it under the same lock. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { positionKey } from '../../../src/inventory/venue.ts';
import { amount } from '../../../src/money/amount.ts';
import { endReserveOverride, overrideReserve } from '../../../src/store/reserves.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const INVOICES = 7;
/** 110.1 and a little each: four fit into what there is, and never five. */
const FITTING = 4;
const FUNDS = '450';

async function countOf(stage: Stage, status: string): Promise<number> {
	const [row] = await stage.product.sql<{ n: number }[]>`select count(*)::int as n from demands where status = ${status}`;
	return row?.n ?? 0;
}

const twoPlanners: Scenario = {
	name: 'two-planners-one-inventory',
	promise:
		'two planning processes at once on one Postgres never spend the same unit: what fits is earmarked, the rest waits, no send is refused',
	async run(stage) {
		stage.world.across.relayer.ignore = () => true;
		await stage.open({ 1: FUNDS }, { workers: 0 });
		await stage.addWorkers(2);
		for (let count = 0; count < INVOICES; count += 1) await stage.show({ amount: '110', destinations: ['10'] });
		await stage.until('every invoice is earmarked or refused', async () => {
			const [row] = await stage.product.sql<{ n: number }[]>`
					select count(*)::int as n from demands where status = 'earmarked' or reason = 'INSUFFICIENT_FUNDS'`;
			return row?.n === INVOICES ? true : null;
		});
		assert.equal(await countOf(stage, 'earmarked'), FITTING);
		const [sent] = await stage.product.sql<{ sum: string }[]>`select sum(send)::text as sum from rebalance_operations`;
		assert.equal(BigInt(sent?.sum ?? '0') <= 450_000_000n, true, 'more was earmarked than there is');
		await stage.until('all of them are in flight', async () => {
			const [row] = await stage.product.sql<
				{ n: number }[]
			>`select count(*)::int as n from rebalance_operations where status = 'in_flight'`;
			return row?.n === FITTING ? true : null;
		});
		const refused = await stage.product.sql`select 1 from effects where refusals > 0 or status = 'reverted'`;
		assert.equal(refused.length, 0, 'a send was refused for lack of funds');
		stage.world.across.relayer.ignore = () => false;
		await stage.until('they are settled', async () => ((await countOf(stage, 'settled')) >= FITTING ? true : null), 40_000);
		await stage.until('nothing is under way', async () => ((await countOf(stage, 'earmarked')) === 0 ? true : null), 60_000);
	},
};

const purchaseKeepsOff: Scenario = {
	name: 'purchase-keeps-off-earmarked-funds',
	promise: 'an ordinary purchase never spends what is held for another demand, at its origin or at its destination',
	async run(stage) {
		const NO_SENDING = ['invoice-poll', 'invoice-evaluation', 'rebalance-planning', 'attestation-polling', 'earmark-settlement'];
		await stage.open({ 1: '60', 10: '50' }, { queues: NO_SENDING });
		const planned = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilDemand(planned, 'earmarked');
		const atDestination = await stage.show({ amount: '30', destinations: ['10'] });
		const atOrigin = await stage.show({ amount: '40', destinations: ['1'] });
		await stage.untilDemand(atDestination, 'open', 'INSUFFICIENT_FUNDS');
		await stage.untilDemand(atOrigin, 'open', 'INSUFFICIENT_FUNDS');
		await stage.reopen();
		await stage.untilDemand(planned, 'settled');
	},
};

const reserve: Scenario = {
	name: 'reserve-and-its-override',
	promise: 'a reserve is never spent until an audited override says so, and again not after it has ended',
	async run(stage) {
		await stage.open({ 1: '100' }, { change: (config) => withReserve(config, '90') });
		const id = await stage.show({ amount: '60', destinations: ['1'], origin: '10' });
		await stage.untilDemand(id, 'open', 'RESERVE');
		const position = { venue: '1', asset: 'USDC' };
		const who = { actor: 'operator', reason: 'this one is worth it' };
		await overrideReserve(stage.product.store.db, {
			...position,
			amount: amount(0n),
			reasonCode: 'LARGE_INVOICE',
			expiresAt: null,
			...who,
		});
		stage.say('an operator lowers the reserve to nothing');
		await stage.untilDemand(id, 'settled');
		await endReserveOverride(stage.product.store.db, { ...position, reasonCode: 'LARGE_INVOICE', ...who });
		const next = await stage.show({ amount: '20', destinations: ['1'], origin: '10' });
		await stage.untilDemand(next, 'open', 'RESERVE');
		const rows = await stage.product.sql`select actor, reason_code from reserve_overrides order by id`;
		assert.deepEqual(
			rows.map((row) => `${row.actor} ${row.reason_code}`),
			['operator LARGE_INVOICE', 'operator LARGE_INVOICE'],
			positionKey(position),
		);
	},
};

const together: Scenario = {
	name: 'planned-together',
	promise: 'an older invoice is served where it leaves a younger one what only that can use, so that both are settled',
	async run(stage) {
		const lacksTheWayFrom56 = (config: WorldConfig) => ({ ...config, routes: config.routes.filter(({ origin }) => origin !== '56') });
		await stage.open({ 1: '104', 10: '50', 56: '50' }, { workers: 0 });
		const older = await stage.show({ amount: '100', destinations: ['10', '56'], origin: '1' });
		const younger = await stage.show({ amount: '100', destinations: ['10'], origin: '1' });
		await stage.reopen({ change: lacksTheWayFrom56 });
		await stage.untilDemand(older, 'settled');
		await stage.untilDemand(younger, 'settled');
		const rows = await stage.product.sql<{ venue: string }[]>`
			select e.venue from earmarks e join demands d on d.id = e.demand_id order by d.external_id = ${younger}`;
		assert.deepEqual(
			rows.map(({ venue }) => venue),
			['56', '10'],
		);
	},
};

type WorldConfig = ReturnType<Stage['world']['config']>;

/** The same reserve everywhere, so that what the hub pays out elsewhere does not help either. */
function withReserve(config: WorldConfig, units: string) {
	const { venues } = config.assets.USDC;
	const reserved = Object.fromEntries(Object.entries(venues).map(([venue, token]) => [venue, { ...token, reserve: units }]));
	return { ...config, assets: { USDC: { venues: reserved } } };
}

const unprofitable: Scenario = {
	name: 'unprofitable-until-the-discount-grows',
	promise: 'a plan that costs more than the invoice brings is refused with its reason, and made when the invoice brings more',
	async run(stage) {
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'], discountBps: 1 });
		await stage.untilDemand(id, 'open', 'UNPROFITABLE');
		const deposits = await stage.product.sql`select 1 from attempts`;
		assert.equal(deposits.length, 0);
		stage.world.everclear.changeDiscount(id, 40);
		stage.say('its discount has grown to 40 basis points');
		await stage.untilDemand(id, 'settled');
	},
};

const stopped: Scenario = {
	name: 'one-set-of-legs-for-many-sightings',
	promise: 'an invoice seen by two pollers and a retry at once has one earmark and one set of legs',
	async run(stage) {
		await stage.open({ 1: '300' }, { workers: 3 });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		const polls = Array.from({ length: 4 }, () => stage.product.app);
		const { processInvoices } = await import('../../../src/on-demand.ts');
		for (let round = 0; round < 3; round += 1) {
			await Promise.all(polls.map((app) => processInvoices(app)));
			await pause(0);
		}
		await stage.untilDemand(id, 'settled');
		const [rows] = await stage.product.sql<{ earmarks: number; legs: number }[]>`
			select (select count(*)::int from earmarks) as earmarks, (select count(*)::int from rebalance_operations) as legs`;
		assert.deepEqual({ ...rows }, { earmarks: 1, legs: 1 });
	},
};

export const spenders: readonly Scenario[] = [twoPlanners, together, purchaseKeepsOff, reserve, unprofitable, stopped];
