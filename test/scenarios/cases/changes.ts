/** What a demand may do while funds are on their way to it. */
import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { hubUnits, type Stage } from '../stage.ts';

/** Legs stay in flight until `release`. */
function holdFills({ world }: Stage): { release(): void } {
	world.across.relayer.ignore = () => true;
	return {
		release: () => {
			world.across.relayer.ignore = () => false;
		},
	};
}

async function brought(stage: Stage, invoiceId: string): Promise<bigint> {
	const { operations } = await stage.earmarkOf(invoiceId);
	return operations.reduce((sum, leg) => sum + (leg.status === 'delivered' ? (leg.delivered ?? 0n) : 0n), 0n);
}

const amountUp: Scenario = {
	name: 'amount-up-brings-the-difference',
	promise:
		'when the amount rises under way, exactly the difference is brought as a new generation of the flow, and our own inbound counts once',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300', 56: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilDemand(id, 'earmarked');
		await stage.until('the first leg is in flight', async () =>
			(await stage.earmarkOf(id)).operations.every((leg) => leg.status === 'in_flight') ? true : null,
		);
		const first = await stage.earmarkOf(id);
		stage.say('the hub asks for 160 instead of 100');
		await stage.world.everclear.changeAmount(id, hubUnits('160'));
		await stage.until('a second leg is under way', async () => ((await stage.earmarkOf(id)).operations.length === 2 ? true : null));
		const second = await stage.earmarkOf(id);
		assert.equal(second.generation > first.generation, true, 'the second leg has no generation of its own');
		assert.equal(
			second.operations.reduce((sum, leg) => sum + leg.receive, 0n),
			second.amount,
			'more or less than the difference is brought',
		);
		fills.release();
		await stage.untilDemand(id, 'settled');
		assert.equal((await stage.earmarkOf(id)).operations.length, 2);
		assert.equal(await brought(stage, id), second.amount);
	},
};

const amountUpTwice: Scenario = {
	name: 'amount-up-with-the-planner-down',
	promise: 'a rise noted before a crash is answered once after it: the shortfall stands in rows, not in a job',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300', 56: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.until('the leg is in flight', async () =>
			(await stage.earmarkOf(id).catch(() => null))?.operations[0]?.status === 'in_flight' ? true : null,
		);
		const everythingElse = ['invoice-poll', 'invoice-evaluation', 'bridge-execution', 'attestation-polling', 'earmark-settlement'];
		await stage.reopen({ queues: everythingElse });
		await stage.world.everclear.changeAmount(id, hubUnits('150'));
		await stage.until('the rise is noted', async () => ((await stage.earmarkOf(id)).amount > 140_000_000n ? true : null));
		assert.equal((await stage.earmarkOf(id)).operations.length, 1);
		await stage.reopen();
		await stage.until('a second leg exists', async () => ((await stage.earmarkOf(id)).operations.length === 2 ? true : null));
		fills.release();
		await stage.untilDemand(id, 'settled');
		assert.equal((await stage.earmarkOf(id)).operations.length, 2, 'the difference was brought more than once');
	},
};

const amountDown: Scenario = {
	name: 'amount-down-frees-the-excess',
	promise: 'when the amount falls, what is held too much is free at once, the earmark is lowered, and exactly the new amount is paid',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300', 10: '60' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		await stage.world.everclear.changeAmount(id, hubUnits('70'));
		stage.say('the hub asks for 70 instead of 100');
		const freed = await stage.until('held funds are free', async () => {
			const [row] = await stage.product.sql<{ held: string }[]>`
				select coalesce(sum(amount), 0)::text as held from holds where venue = '10' and state = 'confirmed'`;
			return row !== undefined && BigInt(row.held) < 60_000_000n ? BigInt(row.held) : null;
		});
		const { amount, operations } = await stage.earmarkOf(id);
		assert.equal(freed + (operations[0]?.receive ?? 0n), amount, 'it holds and awaits more than it needs');
		fills.release();
		await stage.untilDemand(id, 'settled');
		assert.equal((await stage.earmarkOf(id)).operations.length, 1, 'a fall needs no new leg');
	},
};

const amountDownBelowInbound: Scenario = {
	name: 'amount-down-below-what-is-on-its-way',
	promise: 'what is under way beyond a fallen amount runs on, and is free when it lands',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		await stage.world.everclear.changeAmount(id, hubUnits('30'));
		await stage.until('the earmark is lowered', async () => ((await stage.earmarkOf(id)).amount < 40_000_000n ? true : null));
		fills.release();
		await stage.untilDemand(id, 'settled');
		const next = await stage.show({ amount: '60', destinations: ['10'] });
		await stage.untilDemand(next, 'settled');
		assert.equal((await stage.earmarkOf(next)).operations.length, 0, 'the freed funds should have paid it at once');
	},
};

const filledByAnother: Scenario = {
	name: 'filled-externally-under-way',
	promise: 'when somebody else fills the invoice, nothing is paid, legs run on to their end, and the funds are free when they land',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		await stage.world.everclear.fillExternally(id);
		stage.say('somebody else fills the invoice');
		await stage.until('the earmark compensates', async () => ((await stage.earmarkOf(id)).status === 'compensating' ? true : null));
		fills.release();
		await stage.untilDemand(id, 'gone', 'FILLED_EXTERNALLY');
		assert.equal((await stage.earmarkOf(id)).status, 'cancelled');
		assert.deepEqual(
			(await stage.earmarkOf(id)).operations.map((leg) => leg.status),
			['delivered'],
		);
		const next = await stage.show({ amount: '80', destinations: ['10'] });
		await stage.untilDemand(next, 'settled');
		assert.equal((await stage.earmarkOf(next)).operations.length, 0, 'what has landed should pay the next invoice at once');
	},
};

const destinationClosed: Scenario = {
	name: 'destination-closed-under-way',
	promise: 'when the chosen destination is no longer allowed, its plan compensates, and the demand is served elsewhere',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300', 56: '5' });
		const id = await stage.show({ amount: '100', destinations: ['10', '56'], origin: '1' });
		await stage.until('a leg is in flight', async () => {
			const [leg] = await stage.product.sql`select 1 from rebalance_operations where status = 'in_flight'`;
			return leg === undefined ? null : true;
		});
		const chosen = (await stage.earmarkOf(id)).venue;
		await stage.world.everclear.closeDestination(id, chosen);
		stage.say(`destination ${chosen} is closed`);
		await stage.until('the earmark compensates', async () => ((await stage.earmarkOf(id)).status === 'compensating' ? true : null));
		fills.release();
		await stage.untilDemand(id, 'settled');
		assert.notEqual((await stage.earmarkOf(id)).venue, chosen);
	},
};

const priceMissing: Scenario = {
	name: 'min-amount-missing-under-way',
	promise:
		'a destination without a minimum amount, said twice in a row, pays nothing there: funds are given back, and the demand waits with the reason',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		stage.world.everclear.hideMinAmount(id, '10', true);
		await stage.until('the earmark compensates', async () => ((await stage.earmarkOf(id)).status === 'compensating' ? true : null));
		fills.release();
		await stage.untilDemand(id, 'open', 'NO_DESTINATION');
		stage.world.everclear.hideMinAmount(id, '10', false);
		await stage.untilDemand(id, 'settled');
		assert.equal((await stage.earmarkOf(id)).operations.length, 0, 'what has arrived before should pay it at once');
	},
};

const absentFromPage: Scenario = {
	name: 'absent-from-a-page',
	promise: 'an invoice that a listing leaves out is still served: only its own address can say that it is gone',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		stage.world.everclear.hideFromListing(id, true);
		const polls = stage.world.everclear.counts.get('GET /invoices') ?? 0;
		await stage.until('the listing was read five times more', async () =>
			(stage.world.everclear.counts.get('GET /invoices') ?? 0) > polls + 5 ? true : null,
		);
		assert.equal((await stage.earmarkOf(id)).status, 'moving');
		fills.release();
		await stage.untilDemand(id, 'settled');
	},
};

const apiFails: Scenario = {
	name: 'api-fails-under-way',
	promise: 'an API that does not answer changes nothing about what is under way; it is paid when the API answers again',
	async run(stage) {
		const fills = holdFills(stage);
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilLeg(id, '1', 'in_flight');
		const asked = new Set<string>();
		stage.world.everclear.fault = (request) => {
			asked.add(request.path);
			return { status: 500 };
		};
		fills.release();
		await stage.untilLeg(id, '1', 'delivered');
		await stage.until('it was asked for and not answered', async () => (asked.has(`/invoices/${id}`) ? true : null));
		assert.equal((await stage.earmarkOf(id)).status, 'moving');
		stage.world.everclear.fault = () => undefined;
		await stage.untilDemand(id, 'settled');
	},
};

const goneBeforeAnythingLeft: Scenario = {
	name: 'gone-before-anything-left',
	promise: 'an invoice that is truly gone before the first nonce costs nothing: its earmark is cancelled and nothing is sent',
	async run(stage) {
		const PLANNING_ONLY = ['invoice-poll', 'invoice-evaluation', 'rebalance-planning', 'earmark-settlement'];
		await stage.open({ 1: '300' }, { queues: PLANNING_ONLY });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilDemand(id, 'earmarked');
		await stage.world.everclear.fillExternally(id);
		await stage.untilDemand(id, 'gone', 'FILLED_EXTERNALLY');
		assert.equal((await stage.product.sql`select 1 from attempts`).length, 0);
		assert.deepEqual(
			(await stage.earmarkOf(id)).operations.map((leg) => leg.status),
			['cancelled'],
		);
	},
};

export const changes: readonly Scenario[] = [
	amountUp,
	amountUpTwice,
	amountDown,
	amountDownBelowInbound,
	filledByAnother,
	destinationClosed,
	priceMissing,
	absentFromPage,
	apiFails,
	goneBeforeAnythingLeft,
];
