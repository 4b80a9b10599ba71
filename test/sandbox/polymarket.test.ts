import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Polymarket, startPolymarket } from '../../sandbox/polymarket/polymarket.ts';

const MARKET = `0x${'c0'.repeat(32)}` as const;
const OTHER = `0x${'c1'.repeat(32)}` as const;
const NOW = 1_800_000_000_500;
const ONE = { market: MARKET, asset: 7n, side: 'BUY', size: '1' } as const;

let polymarket: Polymarket;
const sockets: WebSocket[] = [];
beforeAll(async () => {
	polymarket = await startPolymarket({ pageRows: 2, nowMs: () => NOW });
});
afterAll(() => polymarket.stop());
beforeEach(() => polymarket.forget());
afterEach(() => {
	for (const each of sockets.splice(0)) each.terminate();
});

const until = (holds: () => unknown) => vi.waitFor(() => expect(holds()).toBeTruthy(), { interval: 2, timeout: 5_000 });

/** A client that has sent its subscription, and what it was told. */
async function subscribe({ markets = [] as string[], auth = {} } = {}) {
	const { address: _, ...key } = polymarket.auth;
	const socket = new WebSocket(polymarket.channelUrl);
	sockets.push(socket);
	const texts: string[] = [];
	socket.on('message', (data) => texts.push(String(data)));
	await once(socket, 'open');
	const before = polymarket.channel.subscriptions.length;
	socket.send(JSON.stringify({ auth: { ...key, ...auth }, type: 'user', markets }));
	await until(() => polymarket.channel.subscriptions.length > before);
	return { socket, texts };
}

const idsIn = (texts: readonly string[]) => texts.map((text) => JSON.parse(text).id);

async function ask(query: Record<string, string> = {}, change: Record<string, string> = {}) {
	const { apiKey, secret, passphrase, address } = polymarket.auth;
	const timestamp = change.POLY_TIMESTAMP ?? `${Math.floor(NOW / 1_000)}`;
	const hmac = createHmac('sha256', Buffer.from(secret, 'base64url')).update(`${timestamp}GET/data/trades`).digest('base64');
	const headers = {
		...{ POLY_ADDRESS: address, POLY_API_KEY: apiKey, POLY_PASSPHRASE: passphrase, POLY_TIMESTAMP: timestamp },
		...{ POLY_SIGNATURE: hmac.replace(/\+/g, '-').replace(/\//g, '_'), ...change },
	};
	const response = await fetch(`${polymarket.apiUrl}/data/trades?${new URLSearchParams(query)}`, { headers });
	return { status: response.status, body: (await response.json()) as { data: Record<string, unknown>[]; next_cursor: string } };
}

describe('the channel of the stand-in', () => {
	it('answers heartbeats and tells whoever asked for the market, in the shape of the documentation', async () => {
		const [all, some, others] = [await subscribe(), await subscribe({ markets: [MARKET] }), await subscribe({ markets: [OTHER] })];
		polymarket.trade({ ...ONE, id: 't', size: '2.5', makers: [{ order: 'm', size: '2.5' }] });
		polymarket.order({ id: 'o', market: MARKET, asset: 7n, side: 'SELL', size: '10', matched: '2.5' });
		others.socket.send('PING');
		await until(() => all.texts.length === 2 && some.texts.length === 2 && others.texts.length === 1);
		expect([polymarket.channel.lines, polymarket.channel.pings, others.texts]).toEqual([3, 1, ['PONG']]);
		expect(JSON.parse(all.texts[0] ?? '')).toMatchObject({
			...{ event_type: 'trade', type: 'TRADE', id: 't', asset_id: '7', market: MARKET, side: 'BUY', size: '2.5', status: 'MATCHED' },
			...{ match_time: '1800000000', timestamp: `${NOW}`, owner: polymarket.auth.apiKey, trader_side: 'TAKER', bucket_index: 0 },
			maker_orders: [{ order_id: 'm', matched_amount: '2.5', asset_id: '7', side: 'SELL' }],
		});
		const order = { event_type: 'order', type: 'UPDATE', id: 'o', original_size: '10', size_matched: '2.5' };
		expect(JSON.parse(all.texts[1] ?? '')).toMatchObject(order);
	});

	it.each(['apiKey', 'secret', 'passphrase'])('cuts off who has another %s', async (field) => {
		const { socket, texts } = await subscribe({ auth: { [field]: 'another' } });
		await until(() => socket.readyState === WebSocket.CLOSED);
		expect([texts, polymarket.channel.lines]).toEqual([[], 0]);
	});

	it('says nothing while it is silent, and keeps the line', async () => {
		const { socket, texts } = await subscribe();
		polymarket.channel.fallSilent();
		socket.send('PING');
		polymarket.trade(ONE);
		const later = await subscribe();
		polymarket.trade({ ...ONE, id: 'after' });
		await until(() => later.texts.length === 1 && polymarket.channel.pings === 1);
		expect([texts, socket.readyState]).toEqual([[], WebSocket.OPEN]);
	});

	it('keeps back what is held, in any order, and repeats itself', async () => {
		const { texts } = await subscribe();
		polymarket.hold();
		for (const id of ['a', 'b']) polymarket.trade({ ...ONE, id });
		polymarket.release({ arrange: (held) => held.toReversed() });
		polymarket.repeatLast(2);
		await until(() => texts.length === 4);
		expect(idsIn(texts)).toEqual(['b', 'a', 'b', 'a']);
	});
});

describe('the API of the stand-in', () => {
	it('has what the channel lost, page by page, the last trade first', async () => {
		const { texts } = await subscribe();
		polymarket.hold();
		for (const id of ['a', 'b', 'c']) polymarket.trade({ ...ONE, id });
		polymarket.release({ lose: true });
		polymarket.advance('a', 'CONFIRMED', { hash: `0x${'ab'.repeat(32)}` });
		const first = await ask({ next_cursor: 'MA==' });
		expect(first.body).toMatchObject({ next_cursor: 'Mg==', data: [{ id: 'c', status: 'TRADE_STATUS_MATCHED' }, { id: 'b' }] });
		const second = await ask({ next_cursor: first.body.next_cursor });
		expect(second.body).toMatchObject({ next_cursor: 'LTE=', data: [{ id: 'a', status: 'TRADE_STATUS_CONFIRMED' }] });
		expect(second.body.data[0]).not.toHaveProperty('event_type');
		await until(() => texts.length === 1);
		expect(idsIn(texts)).toEqual(['a']);
	});

	it('is exact about buckets, and refuses what there is not', () => {
		for (const bucket of [0, 1]) polymarket.trade({ ...ONE, id: 't', bucket });
		polymarket.advance('t', 'MINED', { bucket: 1 });
		expect(() => polymarket.advance('t', 'MINED', { bucket: 2 })).toThrow(/no trade "t"/);
		expect(() => polymarket.trade({ ...ONE, size: '0.0000001' })).toThrow(/6 decimals/);
	});

	it.each([
		['another signature', { POLY_SIGNATURE: 'AAAA' }],
		['another key', { POLY_API_KEY: 'another' }],
		['another passphrase', { POLY_PASSPHRASE: 'another' }],
		['another address', { POLY_ADDRESS: '0x000000000000000000000000000000000000dead' }],
		['an old timestamp', { POLY_TIMESTAMP: '1799999000' }],
	])('refuses %s', async (_, change) => {
		expect((await ask()).status).toBe(200);
		expect((await ask({}, change)).status).toBe(401);
	});
});
