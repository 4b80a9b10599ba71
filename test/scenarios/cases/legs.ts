/** What may become of a leg: all or nothing all the same. */
import assert from 'node:assert/strict';
import { encodeFunctionData, type Hex, parseAbi } from 'viem';
import { DEPLOYER } from '../../../sandbox/chains/accounts.ts';
import type { World } from '../../../sandbox/world.ts';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const poolAdmin = parseAbi(['function pauseDeposits(bool pause)']);
const DEPOSIT_LIVES_SECONDS = 90;
const LONG_AFTER_SECONDS = 300;

function pauseDeposits(world: World, venue: string): Promise<unknown> {
	const { client, spokePool } = world.chain(venue);
	const data = encodeFunctionData({ abi: poolAdmin, functionName: 'pauseDeposits', args: [true] });
	return client.execute({ from: DEPLOYER.address, to: spokePool, data });
}

/** Deposits from `origin` are never filled, and expire when `expire` is called. */
function neglect({ world }: Stage, origin: string) {
	world.across.fillWithinSeconds = DEPOSIT_LIVES_SECONDS;
	world.across.relayer.ignore = (_, from) => String(from) === origin;
	return {
		expire: (destination: string) => world.chain(destination).client.increaseTime({ seconds: LONG_AFTER_SECONDS }),
	};
}

async function legsOf(stage: Stage, invoiceId: Hex): Promise<string[]> {
	const { operations } = await stage.earmarkOf(invoiceId);
	return operations.map((leg) => `${leg.origin} ${leg.status}`).sort();
}

const reverts: Scenario = {
	name: 'leg-reverts',
	promise: 'a leg whose send reverts ends as failed, nothing of it has left, and another origin brings what is missing',
	async run(stage) {
		const { world } = stage;
		const pool = world.chain('1').spokePool.slice(2).toLowerCase();
		let isPausing = false;
		let isPaused = false;
		// The simulation has passed; the pool closes before the node gets the bytes.
		world.chain('1').proxy.fault = (method, [raw]) => {
			const isDeposit = method === 'eth_sendRawTransaction' && String(raw).includes(pool) && !String(raw).includes('095ea7b3');
			if (!isDeposit || isPaused) return 'pass';
			if (!isPausing)
				void pauseDeposits(world, '1').then(() => {
					isPaused = true;
				});
			isPausing = true;
			return 'error';
		};
		world.across.setFee('56', '10', { gas: '0.5' });
		await stage.open({ 1: '300', 56: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'], discountBps: 200 });
		await stage.untilLeg(id, '1', 'sending');
		await stage.until('the deposit has reverted', async () => {
			const [row] = await stage.product.sql`select 1 from effects where kind = 'send' and status = 'reverted'`;
			return row === undefined ? null : true;
		});
		await stage.untilDemand(id, 'settled');
		assert.deepEqual(await legsOf(stage, id), ['1 failed', '56 delivered']);
	},
};

const refunded: Scenario = {
	name: 'leg-refunded',
	promise: 'a leg that its bridge gives back is returned, proven on the origin, and another origin brings what is missing',
	async run(stage) {
		const { expire } = neglect(stage, '1');
		stage.world.across.setFee('56', '10', { gas: '0.5' });
		await stage.open({ 1: '300', 56: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'], discountBps: 200 });
		await stage.untilLeg(id, '1', 'in_flight');
		await expire('10');
		stage.say('nobody fills the deposit before its deadline');
		await stage.untilLeg(id, '1', 'returned');
		await stage.untilDemand(id, 'settled');
		assert.deepEqual(await legsOf(stage, id), ['1 returned', '56 delivered']);
		assert.equal((await stage.earmarkOf(id)).status, 'settled');
	},
};

const refundedBesideDelivered: Scenario = {
	name: 'one-of-two-legs-refunded-and-nothing-else-left',
	promise:
		'when what is missing cannot be brought, nothing is paid in part: what has arrived is free again, and the demand is planned anew',
	async run(stage) {
		const { expire } = neglect(stage, '56');
		await stage.open({ 1: '60', 56: '60' });
		const id = await stage.show({ amount: '100', destinations: ['10'], origin: '1' });
		await stage.untilLeg(id, '1', 'delivered');
		await stage.untilLeg(id, '56', 'in_flight');
		const first = await stage.earmarkOf(id);
		await expire('10');
		await stage.until('the first earmark has given its funds back', async () => {
			const [row] = await stage.product.sql<
				{ status: string; reason: string }[]
			>`select status, reason from earmarks where id = ${first.id}`;
			return row?.status === 'cancelled' && row.reason === 'SHORT_AFTER_DELIVERY' ? true : null;
		});
		stage.world.across.relayer.ignore = () => false;
		await stage.untilDemand(id, 'settled');
		assert.notEqual((await stage.earmarkOf(id)).id, first.id);
	},
};

const dayLate: Scenario = {
	name: 'leg-a-day-late',
	promise: 'a leg a day late is reported once and waited for; nothing replaces it while it may still arrive',
	async run(stage) {
		let laterMs = 0;
		stage.world.across.relayer.ignore = () => true;
		await stage.open({ 1: '300', 56: '300' }, { nowMs: () => Date.now() + laterMs });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.until('the leg is in flight', async () =>
			(await stage.earmarkOf(id).catch(() => null))?.operations[0]?.status === 'in_flight' ? true : null,
		);
		laterMs = 24 * 3_600_000;
		stage.say('a day passes');
		await stage.until('the leg is overdue', async () => ((await stage.earmarkOf(id)).operations[0]?.overdueAt ? true : null));
		stage.world.across.relayer.ignore = () => false;
		await stage.untilDemand(id, 'settled');
		assert.equal((await stage.earmarkOf(id)).operations.length, 1, 'it was replaced although it could still arrive');
		assert.equal(stage.told('leg overdue: it is waited for'), 1);
	},
};

const deliversLess: Scenario = {
	name: 'leg-delivers-less',
	promise: 'a leg that brings less than ordered is counted as what it brought, and the rest comes from elsewhere before anything is paid',
	async run(stage) {
		stage.world.across.relayer.deliverLess = () => 500;
		await stage.open({ 1: '300', 56: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'], discountBps: 200 });
		await stage.until('a leg has brought less', async () => {
			const legs = (await stage.earmarkOf(id).catch(() => null))?.operations ?? [];
			return legs.some((leg) => leg.delivered !== null && leg.delivered < leg.receive) ? true : null;
		});
		stage.world.across.relayer.deliverLess = () => 0;
		await stage.untilDemand(id, 'settled');
		const earmark = await stage.earmarkOf(id);
		assert.equal(earmark.operations.length >= 2, true, 'nobody brought the rest');
		assert.equal(earmark.status, 'settled');
	},
};

const lateFillRefused: Scenario = {
	name: 'fill-after-the-deadline',
	promise: 'a relayer that comes after the deadline is refused by the contract: the deposit is refunded, never both',
	async run(stage) {
		const { expire } = neglect(stage, '1');
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		const first = await stage.earmarkOf(id);
		await expire('10');
		stage.world.across.relayer.ignore = () => false;
		stage.say('the relayer comes too late');
		await stage.until('the leg is returned', async () => {
			const [row] = await stage.product.sql`select 1 from rebalance_operations where earmark_id = ${first.id} and status = 'returned'`;
			return row === undefined ? null : true;
		});
		await stage.untilDemand(id, 'settled');
	},
};

const bridgeRefuses: Scenario = {
	name: 'bridge-refuses-before-anything-left',
	promise: 'a bridge that refuses before the first nonce costs nothing, and another origin serves the demand',
	async run(stage) {
		stage.world.across.setFee('56', '10', { gas: '0.5' });
		await pauseDeposits(stage.world, '1');
		await stage.open({ 1: '300', 56: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'], discountBps: 200 });
		await stage.untilDemand(id, 'settled');
		assert.deepEqual(await legsOf(stage, id), ['1 failed', '56 delivered']);
	},
};

export const legs: readonly Scenario[] = [
	reverts,
	refunded,
	refundedBesideDelivered,
	dayLate,
	deliversLess,
	lateFillRefused,
	bridgeRefuses,
];
