import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { broken, firstOf, lose, nonsense, notFound, refuse, times, tooMany, when } from '../../sandbox/http/misbehave.ts';
import { type Polymarket, startPolymarket } from '../../sandbox/polymarket/polymarket.ts';
import type { NewTrade } from '../../sandbox/polymarket/trade.ts';
import { type ChannelTrade, fillsOf, readMessages } from '../../src/channel/messages.ts';
import { readTrades, signatureOf, type TradesApi } from '../../src/channel/trades-api.ts';
import { BusyError, TransientError } from '../../src/errors.ts';
import type { Position } from '../../src/inventory/venue.ts';

const MARKET = `0x${'c0'.repeat(32)}` as const;
const HASH = `0x${'ab'.repeat(32)}` as const;
const NOW = 1_800_000_000_000;
const PAGE_ROWS = 3;

let polymarket: Polymarket;
beforeAll(async () => {
	polymarket = await startPolymarket({ pageRows: PAGE_ROWS, nowMs: () => NOW });
});
afterAll(() => polymarket.stop());
beforeEach(() => polymarket.forget());

const make = (trade: Partial<NewTrade> = {}) => polymarket.trade({ market: MARKET, asset: 7n, side: 'BUY', size: '1', ...trade });
const makeMany = (count: number) => Array.from({ length: count }, () => make());
const read = ({ afterMs = NOW - 60_000, ...api }: Partial<TradesApi> & { afterMs?: number } = {}) =>
	readTrades({ apiUrl: polymarket.apiUrl, auth: polymarket.auth, nowMs: () => NOW, ...api }, { afterMs });
const ids = ({ reports }: { reports: readonly ChannelTrade[] }) => reports.map(({ id }) => id);
const data = (fault: Parameters<typeof when>[2]) => when('GET', /^\/data\/trades$/, fault);

async function failure(promise: Promise<unknown>): Promise<Error> {
	const error = await promise.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	expect(error).toBeInstanceOf(TransientError);
	return error as Error;
}

describe('the signature', () => {
	it('is that of the client of the API, whichever alphabet the secret is in', () => {
		// Known from github.com/Polymarket/py-clob-client, tests/signing/test_hmac.py.
		const text = '1000000test-sign/orders{"hash": "0x123"}';
		expect(signatureOf(`${'A'.repeat(43)}=`, text)).toBe('ZwAdJKvoYRlEKDkNMwd5BuwNNtg93kNaR_oU2HrfVvc=');
		expect(signatureOf('-_-_', text)).toBe(signatureOf('+/+/', text));
		expect(signatureOf('-_-_', text)).not.toBe(signatureOf('----', text));
	});

	it('is of time, method and path alone, and made anew for every page', async () => {
		makeMany(PAGE_ROWS + 1);
		let nowMs = NOW;
		await read({ nowMs: () => (nowMs += 1_000) });
		expect(polymarket.requests.map(({ headers }) => headers.poly_timestamp)).toEqual(['1800000001', '1800000002']);
		const [first] = polymarket.requests;
		expect(first?.headers.poly_signature).toBe(signatureOf(polymarket.auth.secret, '1800000001GET/data/trades'));
	});
});

describe('what the trades API says', () => {
	it('is a trade as the channel tells it', async () => {
		const id = make({
			...{ side: 'SELL', size: '12.345678', role: 'MAKER', bucket: 2 },
			makers: [
				{ order: 'ours', size: '2.5', owner: polymarket.auth.apiKey },
				{ order: 'theirs', size: '9.845678' },
			],
		});
		polymarket.advance(id, 'MINED', { hash: HASH });
		const { reports, orders, rejected } = await read();
		expect([reports.length, orders, rejected]).toEqual([1, [], []]);
		const position = { venue: 'polymarket', asset: '7' } as unknown as Position;
		const own = { owner: polymarket.auth.apiKey, addresses: [] };
		expect(fillsOf(reports[0] as ChannelTrade, own, () => position).fills).toEqual([
			{
				...{ trade: id, order: 'ours', bucket: 2, position, side: 'buy', amount: 2_500_000n },
				...{ status: 'mined', transactionHash: HASH, tradedMs: NOW },
			},
		]);
	});

	it.each([
		['MATCHED', 'matched'],
		['MINED', 'mined'],
		['CONFIRMED', 'confirmed'],
		['RETRYING', 'retrying'],
		['FAILED', 'failed'],
	] as const)('has the status %s with a prefix', async (status, expected) => {
		make({ status });
		const { reports, rejected } = await read();
		expect([reports.map((each) => each.status), rejected]).toEqual([[expected], []]);
	});

	it.each([0, 1, PAGE_ROWS, PAGE_ROWS + 1, 3 * PAGE_ROWS])('is read page by page to the last of %i rows', async (count) => {
		const made = makeMany(count);
		expect(ids(await read()).toSorted()).toEqual(made.toSorted());
		expect(polymarket.requests.length).toBe(Math.max(Math.ceil(count / PAGE_ROWS), 1));
		expect(polymarket.requests[0]?.query.get('next_cursor')).toBe('MA==');
	});

	it('begins before the time that is asked for, never after it', async () => {
		const made = [0, 1, 999, 1_000, 5_000].map((ms) => make({ matchedMs: NOW + ms }));
		make({ matchedMs: NOW - 2_000 });
		expect(ids(await read({ afterMs: NOW + 999 })).toSorted()).toEqual(made.toSorted());
		expect(polymarket.requests[0]?.query.get('after')).toBe('1799999999');
		expect(ids(await read({ afterMs: 0 }))).toHaveLength(6);
	});

	it('is of one account where that is asked for', async () => {
		const [ours] = [make(), make({ role: 'MAKER' })];
		expect(ids(await read({ makerAddress: polymarket.auth.address }))).toEqual([ours]);
	});

	it('stands beside rows that are not understood', async () => {
		const made = makeMany(3);
		const spoil = ({ data: [first, ...rest], ...page }: { data: object[] }) => ({
			...page,
			data: [7, null, { ...first, size: '1e3' }, ...rest],
		});
		polymarket.fault = data({ change: (body) => spoil(body as { data: object[] }) });
		const { reports, rejected } = await read();
		expect(ids({ reports })).toEqual(made.slice(0, 2).reverse());
		expect(rejected).toEqual([expect.any(String), expect.any(String), expect.stringContaining('size')]);
	});

	it('is nothing where there are no rows but the word that these are all', async () => {
		polymarket.fault = data(nonsense({ data: null, next_cursor: 'LTE=' }));
		expect(await read()).toEqual({ reports: [], orders: [], rejected: [] });
	});
});

describe('a trades API that cannot be read', () => {
	it.each([
		['its secret', { secret: Buffer.from('another secret').toString('base64url') }],
		['its passphrase', { passphrase: 'another passphrase' }],
		['its key', { apiKey: 'another key' }],
		['its address', { address: '0x000000000000000000000000000000000000dead' as const }],
	])('names the status, and nothing that nobody should see, when it refuses %s', async (_, wrong) => {
		const auth = { ...polymarket.auth, ...wrong };
		const error = await failure(read({ auth }));
		expect(error.message).toContain('401');
		for (const each of [auth.secret, auth.passphrase, auth.apiKey]) expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(each);
	});

	it('does not repeat what the API repeats of it', async () => {
		const { secret, passphrase, apiKey } = polymarket.auth;
		polymarket.fault = data({ status: 400, body: { error: `${apiKey} ${secret} ${passphrase}` } });
		const error = await failure(read());
		expect(error.message).toContain('400');
		expect(error.message).toContain('[removed] [removed] [removed]');
		expect(error.cause).toBeUndefined();
	});

	it.each([
		['with 500', broken(), /500/],
		['with 403', refuse(403), /403/],
		['that it does not know the path', notFound(), /404/],
		['with what is no JSON', nonsense(), /trades API/],
		['without rows', nonsense({ next_cursor: 'LTE=' }), /data/],
		['without a cursor', nonsense({ data: [] }), /next_cursor/],
		['with an empty cursor', nonsense({ data: [], next_cursor: '' }), /next_cursor/],
	])('says nothing when it answers %s', async (_, fault, says) => {
		make();
		polymarket.fault = data(fault);
		expect((await failure(read())).message).toMatch(says);
	});

	it('says how long it wants to be left alone', async () => {
		polymarket.fault = data(tooMany(60));
		expect(await failure(read())).toBeInstanceOf(BusyError);
	});

	it('says nothing when only its last page fails', async () => {
		makeMany(PAGE_ROWS + 1);
		const last = ({ query }: { query: URLSearchParams }) => (query.get('next_cursor') === 'MA==' ? undefined : broken());
		polymarket.fault = last;
		expect((await failure(read())).message).toContain('500');
	});

	it('is asked once more before it is given up', async () => {
		const made = make();
		polymarket.fault = times(1, data(broken()));
		expect(ids(await read())).toEqual([made]);
	});

	it('says nothing when it does not answer', async () => {
		polymarket.fault = data(lose());
		const impatient: typeof fetch = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(50) });
		expect((await failure(read({ fetch: impatient }))).message).toContain('no answer');
	});

	it('is left when a page cursor comes again', async () => {
		makeMany(2 * PAGE_ROWS);
		polymarket.fault = data({ change: (body) => ({ ...(body as object), next_cursor: 'Mw==' }) });
		expect((await failure(read())).message).toMatch(/repeats the page cursor "Mw=="/);
		expect(polymarket.requests.length).toBe(2);
	});

	it('is left after 100 pages', async () => {
		let page = 0;
		polymarket.fault = firstOf(() => ({ status: 200, body: { data: [], next_cursor: `page-${page++}` } }));
		expect((await failure(read())).message).toMatch(/more than 100 pages/);
		expect(polymarket.requests.length).toBe(100);
	});
});

describe('a trade of the channel as it is documented', () => {
	// docs.polymarket.com, user channel: the time has another name, and nothing says on which side the account was.
	const documented = {
		...{
			event_type: 'trade',
			type: 'TRADE',
			id: 't1',
			asset_id: '7',
			market: MARKET,
			outcome: 'YES',
			price: '0.57',
			side: 'BUY',
			size: '10',
		},
		...{ last_update: '1672290701', matchtime: '1672290701', timestamp: '1672290701', status: 'MATCHED' },
		...{ owner: 'key', trade_owner: 'key', taker_order_id: 'taker' },
		maker_orders: [{ asset_id: '7', matched_amount: '10', order_id: 'maker', outcome: 'YES', owner: 'key', price: '0.57' }],
	};
	const fillsIn = (message: object) => {
		const { reports, rejected } = readMessages(JSON.stringify(message));
		expect(rejected).toEqual([]);
		return fillsOf(reports[0] as ChannelTrade, { owner: 'key', addresses: [] }, () => ({}) as Position).fills;
	};

	it('is understood, at the time of its match', () => {
		expect(fillsIn(documented)).toMatchObject([{ order: 'maker', side: 'sell', amount: 10_000_000n, tradedMs: 1_672_290_701_000 }]);
	});

	it('is the taker order where no maker order is ours, and nothing where neither is', () => {
		const [maker] = documented.maker_orders;
		const theirs = { ...documented, maker_orders: [{ ...maker, owner: 'stranger' }] };
		expect(fillsIn(theirs)).toMatchObject([{ order: 'taker', side: 'buy' }]);
		expect(fillsIn({ ...theirs, owner: 'stranger' })).toEqual([]);
	});
});
