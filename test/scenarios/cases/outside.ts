/** The services outside misbehave, one request at a time; what is promised holds all the same. */
import assert from 'node:assert/strict';
import { broken, double, firstOf, late, nonsense, notFound, refuse, times, tooMany, when } from '../../../sandbox/http/misbehave.ts';
import type { Scenario } from '../scenario.ts';

const hub: Scenario = {
	name: 'hub-api-misbehaves',
	promise: 'whatever the hub API answers for a while (429 with Retry-After, 500, 404, nonsense, late, twice), the invoice is paid once',
	async run(stage) {
		const ANY = /./;
		const MIN_AMOUNTS = /min-amounts$/;
		stage.world.everclear.fault = firstOf(
			times(1, when('GET', MIN_AMOUNTS, tooMany(1))),
			times(1, when('GET', MIN_AMOUNTS, nonsense())),
			times(1, when('GET', MIN_AMOUNTS, nonsense({ minAmounts: { 10: 'many' } }))),
			times(1, when('GET', MIN_AMOUNTS, notFound())),
			times(2, when('GET', /^\/invoices$/, broken())),
			times(2, when('POST', /^\/intents$/, broken())),
			times(1, when('POST', /^\/intents$/, nonsense({ to: 'nowhere' }))),
			times(1, when('POST', /^\/intents$/, refuse())),
			when('POST', /^\/intents$/, double()),
			when('GET', ANY, late(50)),
		);
		await stage.open({ 1: '300', 10: '20' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilDemand(id, 'settled');
		const filled = () => stage.world.everclear.book().filter((each) => each.invoiceId === id).length;
		await stage.until('the hub has filled it', async () => (filled() > 0 ? true : null));
		assert.equal(filled(), 1);
	},
};

const bridge: Scenario = {
	name: 'bridge-api-misbehaves',
	promise: 'a bridge API that fails delays a plan and never loses a leg: what was filled on chain is found without it',
	async run(stage) {
		stage.world.across.fault = firstOf(
			times(1, when('GET', /suggested-fees/, tooMany(1))),
			times(2, when('GET', /suggested-fees/, broken())),
			times(1, when('GET', /suggested-fees/, nonsense())),
			when('GET', /deposit\/status/, broken()),
		);
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.untilDemand(id, 'settled');
	},
};

const node: Scenario = {
	name: 'node-misbehaves',
	promise: 'a node that is late, refuses, or takes a transaction without answering never makes us send twice',
	async run(stage) {
		let broadcasts = 0;
		let requests = 0;
		stage.world.chain('1').proxy.fault = (method) => {
			requests += 1;
			if (method === 'eth_sendRawTransaction') {
				broadcasts += 1;
				return broadcasts === 1 ? 'timeout-after-accept' : 'pass';
			}
			if (requests % 11 === 0) return { retryAfterSeconds: 1 };
			if (requests % 7 === 0) return 'error';
			return requests % 5 === 0 ? { delayMs: 200 } : 'pass';
		};
		await stage.open({ 1: '300' });
		const id = await stage.show({ amount: '100', destinations: ['10'] });
		await stage.until(
			'the invoice is settled',
			async () =>
				(await stage.product.sql`select 1 from demands where external_id = ${id} and status = 'settled'`).length > 0 ? true : null,
			60_000,
		);
		const [sends] = await stage.product.sql<{ n: number }[]>`
			select count(*)::int as n from effects where kind = 'send' and status = 'confirmed'`;
		assert.equal(sends?.n, 1);
	},
};

const slowRelayer: Scenario = {
	name: 'relayer-is-slow',
	promise: 'legs that end at different times wait for each other: nothing is paid before the last one',
	async run(stage) {
		stage.world.across.relayer.ignore = (_, origin) => origin === 56;
		await stage.open({ 1: '60', 56: '60' });
		const id = await stage.show({ amount: '100', destinations: ['10'], origin: '1' });
		await stage.untilLeg(id, '1', 'delivered');
		await stage.untilLeg(id, '56', 'in_flight');
		assert.equal((await stage.earmarkOf(id)).status, 'moving');
		stage.world.across.relayer.ignore = () => false;
		await stage.untilDemand(id, 'settled');
	},
};

export const outside: readonly Scenario[] = [hub, bridge, node, slowRelayer];
