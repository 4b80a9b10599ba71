import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { relayOutbox, type Wakeup } from '../../src/store/outbox.ts';
import { pruneDeliveries } from '../../src/store/webhooks.ts';
import { randomHash } from '../store/fixture.ts';
import { openSite, type Site } from './serve.ts';

const SECRET = 'a secret of at least thirty-two characters';
const PATH = '/webhooks/everclear';

let site: Site;
beforeAll(async () => {
	site = await openSite({ webhookSecret: SECRET });
});
afterAll(() => site.stop());
beforeEach(async () => {
	site.nowMs = Date.now();
	await wakeups();
});

interface Delivery {
	readonly body?: string | Uint8Array<ArrayBuffer>;
	readonly timestamp?: string;
	readonly signature?: string;
	readonly secret?: string;
}

const announce = (intentId: string = randomHash()) => JSON.stringify({ event: 'invoice-enqueued', intentId });
const seconds = (offset = 0) => String(Math.floor(site.nowMs / 1_000) + offset);
const sign = (timestamp: string, body: string | Uint8Array, secret = SECRET) =>
	createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');

async function deliver({ body = announce(), timestamp = seconds(), secret = SECRET, ...given }: Delivery = {}, base = site.base) {
	const signature = given.signature ?? sign(timestamp, body, secret);
	const headers = { 'content-type': 'application/json', 'x-ballast-timestamp': timestamp, 'x-ballast-signature': signature };
	const answer = await fetch(base + PATH, { method: 'POST', headers, body });
	return { status: answer.status, body: (await answer.json().catch(() => null)) as unknown };
}

/** What the relay would turn into jobs by now. */
async function wakeups(): Promise<Wakeup[]> {
	const found: Wakeup[] = [];
	await relayOutbox(site.store.db, 1_000, async (rows) => void found.push(...rows.map((row) => row.wakeup)));
	return found;
}

async function stored(): Promise<number> {
	const [row] = await site.store.db.execute<{ count: number }>(sql`select count(*)::int as count from webhook_deliveries`);
	return row?.count ?? -1;
}

describe('a webhook delivery', () => {
	it.each(['invoice-enqueued', 'settlement-enqueued', 'invoice-changed'])('of %s wakes its invoice, without a login', async (event) => {
		const intentId = randomHash();
		const answer = await deliver({ body: JSON.stringify({ event, intentId, at: 17, more: { keys: 'allowed' } }) });
		expect(answer).toEqual({ status: 200, body: { ok: true, replay: false } });
		expect(await wakeups()).toEqual([{ topic: 'invoice', invoiceId: intentId }]);
	});

	it('wakes an invoice under one spelling of its id', async () => {
		await deliver({ body: announce(`0x${'AB'.repeat(32)}`) });
		expect(await wakeups()).toEqual([{ topic: 'invoice', invoiceId: `0x${'ab'.repeat(32)}` }]);
	});

	it('is refused and stores nothing when it is not signed with our secret over this body and time', async () => {
		const body = announce();
		const before = await stored();
		const wrong: readonly Delivery[] = [
			{ body, secret: 'another secret of at least 32 characters' },
			{ body: `${body} `, signature: sign(seconds(), body) },
			{ body, timestamp: seconds(1), signature: sign(seconds(), body) },
			{ body, signature: sign(seconds(), body).slice(2) },
			{ body, signature: '' },
			{ body, signature: 'z'.repeat(64) },
		];
		for (const delivery of wrong) {
			const answer = await deliver(delivery);
			expect(answer).toMatchObject({ status: 401, body: { ok: false, error: expect.stringContaining('x-ballast-signature') } });
		}
		expect((await fetch(site.base + PATH, { method: 'POST', body })).status).toBe(401);
		expect([await wakeups(), await stored()]).toEqual([[], before]);
	});

	it('is good for 300 seconds before and after its time, and not a second longer', async () => {
		site.nowMs = Math.floor(Date.now() / 1_000) * 1_000;
		for (const offset of [-300, 300]) expect((await deliver({ timestamp: seconds(offset) })).status).toBe(200);
		expect(await wakeups()).toHaveLength(2);
		for (const timestamp of [seconds(-301), seconds(301), '0', 'now', '', `${site.nowMs}`, `-${seconds()}`])
			expect(await deliver({ timestamp })).toMatchObject({ status: 401, body: { error: expect.stringContaining('x-ballast-timestamp') } });
		expect(await wakeups()).toEqual([]);
	});

	it('wakes nothing when it is replayed, in whatever spelling of its signature', async () => {
		const [body, timestamp] = [announce(), seconds()];
		const signature = sign(timestamp, body);
		expect((await deliver({ body, timestamp, signature })).body).toEqual({ ok: true, replay: false });
		for (const spelling of [signature, signature.toUpperCase()])
			expect(await deliver({ body, timestamp, signature: spelling })).toEqual({ status: 200, body: { ok: true, replay: true } });
		expect(await wakeups()).toHaveLength(1);
	});

	it('wakes once when it comes many times at the same time', async () => {
		const delivery = { body: announce(), timestamp: seconds() };
		const answers = await Promise.all(Array.from({ length: 12 }, () => deliver(delivery)));
		expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
		expect(answers.filter(({ body }) => (body as { replay: boolean }).replay === false)).toHaveLength(1);
		expect(await wakeups()).toHaveLength(1);
	});

	it('is refused when it is larger than 64 kB or compressed, and taken at exactly 64 kB', async () => {
		const padded = (bytes: number) =>
			JSON.stringify({ event: 'invoice-changed', intentId: randomHash(), padding: '' }).replace('""}', `"${'x'.repeat(bytes)}"}`);
		const largest = 65_536 - padded(0).length;
		expect((await deliver({ body: padded(largest) })).status).toBe(200);
		expect(await deliver({ body: padded(largest + 1) })).toMatchObject({ status: 413, body: { ok: false } });
		const zipped = await fetch(site.base + PATH, { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: gzipSync('x') });
		expect(zipped.status).toBe(413);
		expect(await wakeups()).toHaveLength(1);
	});

	it.each([
		['body', '{"event":"invoice-enqueued",'],
		['body', ''],
		['body', '[]'],
		['event', JSON.stringify({ intentId: randomHash() })],
		['event', JSON.stringify({ event: 'invoice-eaten', intentId: randomHash() })],
		['intentId', JSON.stringify({ event: 'invoice-enqueued' })],
		['intentId', JSON.stringify({ event: 'invoice-enqueued', intentId: '0xabc' })],
		['intentId', JSON.stringify({ event: 'invoice-enqueued', intentId: 7 })],
	])('that is malformed is refused naming %s, and stores nothing: %s', async (field, body) => {
		const before = await stored();
		expect(await deliver({ body })).toMatchObject({ status: 400, body: { ok: false, error: expect.stringMatching(`^${field}: `) } });
		expect([await wakeups(), await stored()]).toEqual([[], before]);
	});

	it('is remembered for as long as a replay of it could be good, and then forgotten', async () => {
		const kept = { body: announce(), timestamp: seconds() };
		const old = { body: announce(), timestamp: seconds() };
		await deliver(kept);
		await deliver(old);
		const age = (signature: string, by: string) =>
			site.store.db.execute(sql`update webhook_deliveries set received_at = now() - ${by}::interval where signature = ${signature}`);
		await age(sign(kept.timestamp, kept.body), '599 seconds');
		await age(sign(old.timestamp, old.body), '601 seconds');
		await pruneDeliveries(site.store.db);
		expect((await deliver(kept)).body).toEqual({ ok: true, replay: true });
		expect((await deliver(old)).body).toEqual({ ok: true, replay: false });
	});

	it('is asked for again when it could not be stored', async () => {
		await site.store.db.execute(sql`alter table webhook_deliveries rename to elsewhere`);
		const delivery = { body: announce(), timestamp: seconds() };
		expect(await deliver(delivery)).toEqual({ status: 503, body: { ok: false, error: 'not stored: deliver it again' } });
		await site.store.db.execute(sql`alter table elsewhere rename to webhook_deliveries`);
		expect((await deliver(delivery)).body).toEqual({ ok: true, replay: false });
	});
});

describe('without a secret', () => {
	it('there is no webhook', async () => {
		const closed = await openSite();
		expect((await deliver({}, closed.base)).status).toBe(404);
		expect((await fetch(closed.base + PATH)).status).toBe(404);
		await closed.stop();
	});
});
