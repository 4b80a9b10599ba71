/** What a webhook delivery leads to, from the HTTP request to the payment, while no poll comes to help. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { broken, notFound, times, when } from '../../sandbox/http/misbehave.ts';
import { type Invoice, invoice } from '../../sandbox/invoices/invoice.ts';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { done } from '../../src/outcome.ts';
import { pollInvoices } from '../../src/steps/invoice/poll.ts';
import { takeInInvoice } from '../../src/steps/invoice/take-in.ts';
import type { Running } from '../../workers/running.ts';
import { startWeb } from '../../workers/web.ts';
import { startProduct } from '../e2e/product.ts';
import { demandOf, type Product, until, untilSettled, untilWaiting } from '../product.ts';
import { randomHash } from '../store/fixture.ts';

const SECRET = 'a secret of at least thirty-two characters';
const AN_HOUR_MS = 3_600_000;
const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';

let world: World;
let product: Product;
let web: Running;
let url: string;

const polls = () => world.everclear.counts.get('GET /invoices') ?? 0;

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '400', 10: '150' } });
	const port = await freePort();
	url = `http://127.0.0.1:${port}/webhooks/everclear`;
	product = await startProduct(world, {
		change: (config) => ({ ...config, web: { port }, everclear: { ...config.everclear, pollMs: AN_HOUR_MS } }),
	});
	web = await startWeb({ app: product.app, settings: product.settings, password: 'correct horse', webhookSecret: SECRET });
	await until('the one poll of this hour', async () => (polls() > 0 ? true : null));
});
afterAll(async () => {
	await web?.stop();
	await product?.stop();
	await world?.stop();
});

async function announce(event: string, intentId: string): Promise<void> {
	const body = JSON.stringify({ event, intentId });
	const timestamp = String(Math.floor(Date.now() / 1_000));
	const signature = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
	const headers = { 'x-ballast-timestamp': timestamp, 'x-ballast-signature': signature };
	expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
}

const made = (label: string, terms: Partial<Parameters<typeof invoice>[0]> = {}): Invoice =>
	invoice({ label, owner: OWNER, amount: '100', origin: '1', destinations: ['10'], ...terms });

it('buys an invoice as soon as it is announced, without any poll', async () => {
	const announced = made('announced');
	const before = polls();
	await world.everclear.addInvoice(announced);
	await announce('invoice-enqueued', announced.intent_id);
	await untilSettled(product, announced.intent_id);
	expect(polls()).toBe(before);
});

it('evaluates an invoice in the job that takes it in, and leaves it to no later one', async () => {
	const large = made('large', { amount: '100000' });
	await world.everclear.addInvoice(large);
	expect(await takeInInvoice(product.app, large.intent_id)).toEqual(done('needs funds'));
});

it('does nothing about an invoice that nobody knows, or that is owed to us', async () => {
	const ours = made('ours', { owner: world.wallet });
	await world.everclear.addInvoice(ours);
	expect(await takeInInvoice(product.app, randomHash())).toMatchObject({ kind: 'done' });
	expect(await takeInInvoice(product.app, ours.intent_id)).toMatchObject({ kind: 'done' });
	expect(await demandOf(product.sql, ours.intent_id)).toBeNull();
});

it('ends a demand whose invoice is announced and then not there any more', async () => {
	const vanishing = made('vanishing', { amount: '100000' });
	await world.everclear.addInvoice(vanishing);
	await announce('invoice-enqueued', vanishing.intent_id);
	await untilWaiting(product, vanishing.intent_id, 'INSUFFICIENT_FUNDS');
	world.everclear.fault = when('GET', new RegExp(vanishing.intent_id), notFound());
	await announce('invoice-changed', vanishing.intent_id);
	await until('the demand is gone', async () => ((await demandOf(product.sql, vanishing.intent_id))?.status === 'gone' ? true : null));
});

it('reads an announced invoice again when the API has failed at first', async () => {
	const stubborn = made('stubborn', { amount: '10' });
	await world.everclear.addInvoice(stubborn);
	world.everclear.fault = times(1, when('GET', new RegExp(stubborn.intent_id), broken()));
	await announce('invoice-enqueued', stubborn.intent_id);
	await untilSettled(product, stubborn.intent_id);
});

it('makes one earmark and one set of legs when webhook, pollers and retries see an invoice at once', async () => {
	const popular = made('popular', { amount: '200' });
	await world.everclear.addInvoice(popular);
	const { app } = product;
	await Promise.all([
		...['invoice-enqueued', 'settlement-enqueued', 'invoice-changed'].map((event) => announce(event, popular.intent_id)),
		...[1, 2].map(() => pollInvoices(app)),
		...[1, 2].map(() => takeInInvoice(app, popular.intent_id)),
	]);
	await untilSettled(product, popular.intent_id);
	const [counted] = await product.sql`
		select count(distinct e.id)::int as earmarks, count(distinct o.id)::int as legs, count(distinct r.id)::int as purchases
		from demands d join earmarks e on e.demand_id = d.id left join rebalance_operations o on o.earmark_id = e.id
		left join receivables r on r.earmark_id = e.id where d.external_id = ${popular.intent_id}`;
	expect(counted).toEqual({ earmarks: 1, legs: 1, purchases: 1 });
});
