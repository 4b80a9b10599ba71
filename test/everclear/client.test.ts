import { describe, expect, it } from 'vitest';
import { InvariantError, PermanentError, TransientError } from '../../src/errors.ts';
import { createEverclearClient } from '../../src/everclear/client.ts';
import type { RejectedRow } from '../../src/everclear/invoice.ts';
import { amount } from '../../src/money/amount.ts';

const id = (n: number) => `0x${n.toString(16).padStart(64, '0')}`;
const USDC = '0xd6aca1be9729c13d677335161321649cccae6a591554772516700f986f942eaa';
const WALLET = '0x1111111111111111111111111111111111111111';
const TOKEN = '0x2222222222222222222222222222222222222222';

function row(n: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
	return {
		intent_id: id(n),
		owner: WALLET,
		entry_epoch: 186_595,
		amount: '1506224658731513369685',
		discountBps: 1.2,
		origin: '1',
		destinations: ['10', '8453'],
		hub_status: 'INVOICED',
		ticker_hash: USDC,
		hub_invoice_enqueued_timestamp: 1_737_491_219,
		...changes,
	};
}

/** The API outside: `answers` maps method and path with query to a body, or to a status. */
function api(answers: Record<string, unknown>) {
	const bodies: unknown[] = [];
	const fetch_: typeof fetch = async (url, init) => {
		const { pathname, search } = new URL(String(url));
		if (init?.body) bodies.push(JSON.parse(String(init.body)));
		const answer = answers[`${init?.method} ${pathname}${search}`];
		return typeof answer === 'number'
			? new Response('no', { status: answer })
			: Response.json(answer ?? null, { status: answer ? 200 : 404 });
	};
	return { client: createEverclearClient({ apiUrl: 'http://everclear.test', pageSize: 2, fetch: fetch_ }), bodies };
}

async function listing(answers: Record<string, unknown>) {
	const rows: string[] = [];
	const rejected: RejectedRow[] = [];
	for await (const page of api(answers).client.invoices()) {
		rows.push(...page.rows.map((each) => each.id));
		rejected.push(...page.rejected);
	}
	return { rows, rejected };
}

describe('the listing of invoices', () => {
	it('is read to its last page', async () => {
		const answers = {
			'GET /invoices?limit=2': { invoices: [row(1), row(2)], nextCursor: 'b', prevCursor: null, maxCount: 5 },
			'GET /invoices?limit=2&cursor=b': { invoices: [row(3), row(4)], nextCursor: 'c' },
			'GET /invoices?limit=2&cursor=c': { invoices: [row(5)], nextCursor: null },
		};
		expect(await listing(answers)).toEqual({ rows: [1, 2, 3, 4, 5].map(id), rejected: [] });
	});

	it('reads the fields that the API writes, time as text or number', async () => {
		const answers = { 'GET /invoices?limit=2': { invoices: [row(1, { hub_invoice_enqueued_timestamp: '1737491219', grown: true })] } };
		const page = await api(answers).client.invoices().next();
		expect(page.value?.rows).toEqual([
			{
				id: id(1),
				tickerHash: USDC,
				amount: 1_506_224_658_731_513_369_685n,
				origin: '1',
				destinations: ['10', '8453'],
				enqueuedAt: 1_737_491_219,
				owner: WALLET,
				discountBps: '1.2',
				hubStatus: 'INVOICED',
			},
		]);
	});

	it.each([
		['missing amount', { amount: undefined }, 'amount'],
		['zero amount', { amount: '0' }, 'amount'],
		['negative amount', { amount: '-5' }, 'amount'],
		['amount beyond uint256', { amount: (2n ** 256n).toString() }, 'amount'],
		['amount of ten thousand digits', { amount: '9'.repeat(10_000) }, 'amount'],
		['amount as a number', { amount: 5 }, 'amount'],
		['amount in exponent form', { amount: '1e18' }, 'amount'],
		['fractional amount', { amount: '1.5' }, 'amount'],
		['word as amount', { amount: 'NaN' }, 'amount'],
		['amount with a NUL', { amount: '1\u0000' }, 'amount'],
		['null id', { intent_id: null }, 'intent_id'],
		['short id', { intent_id: '0x12' }, 'intent_id'],
		['path as id', { intent_id: '../intents' }, 'intent_id'],
		['word as ticker', { ticker_hash: 'USDC' }, 'ticker_hash'],
		['no destinations', { destinations: [] }, 'destinations'],
		['destinations as text', { destinations: '10' }, 'destinations'],
		['word as destination', { destinations: ['10', 'base'] }, 'destinations.1'],
		['domain beyond uint32', { destinations: ['4294967296'] }, 'destinations.0'],
		['negative domain', { destinations: [-1] }, 'destinations.0'],
		['domain zero as origin', { origin: '0' }, 'origin'],
		['time in milliseconds', { hub_invoice_enqueued_timestamp: 1_737_491_219_000 }, 'hub_invoice_enqueued_timestamp'],
		['word as time', { hub_invoice_enqueued_timestamp: 'yesterday' }, 'hub_invoice_enqueued_timestamp'],
		['word as owner', { owner: 'me' }, 'owner'],
		['negative discount', { discountBps: -1 }, 'discountBps'],
	])('sets a row with %s aside, names its field, and goes on', async (_name, changes, field) => {
		const { rows, rejected } = await listing({ 'GET /invoices?limit=2': { invoices: [row(1, changes), row(2)] } });
		expect(rows).toEqual([id(2)]);
		expect(rejected).toHaveLength(1);
		expect(rejected[0]?.field).toBe(field);
		expect(rejected[0]?.problem).toMatch(/^(is|Invalid)/);
		expect(rejected[0]?.id).toBe(typeof row(1, changes).intent_id === 'string' ? row(1, changes).intent_id : null);
	});

	it.each([null, 5, 'text', []])('sets aside %j, which is no row at all', async (raw) => {
		const { rows, rejected } = await listing({ 'GET /invoices?limit=2': { invoices: [raw, row(2)] } });
		expect({ rows, id: rejected[0]?.id }).toEqual({ rows: [id(2)], id: null });
	});

	it('sets the second row of an id aside, also on a later page and in another spelling', async () => {
		const again = row(10, { intent_id: id(10).toUpperCase().replace('0X', '0x') });
		const { rows, rejected } = await listing({
			'GET /invoices?limit=2': { invoices: [row(10)], nextCursor: 'b' },
			'GET /invoices?limit=2&cursor=b': { invoices: [again] },
		});
		expect(rows).toEqual([id(10)]);
		expect(rejected).toEqual([{ id: id(10), field: 'intent_id', problem: 'is in the same listing twice' }]);
	});

	it.each([{ invoices: 'none' }, { items: [] }, [], 'text'])('concludes nothing from the page %j', async (body) => {
		await expect(listing({ 'GET /invoices?limit=2': body })).rejects.toBeInstanceOf(TransientError);
	});

	it('concludes nothing from a 404', async () => {
		await expect(listing({})).rejects.toBeInstanceOf(TransientError);
	});

	it('notices a circle of cursors', async () => {
		const answers = {
			'GET /invoices?limit=2': { invoices: [], nextCursor: 'b' },
			'GET /invoices?limit=2&cursor=b': { invoices: [], nextCursor: 'c' },
			'GET /invoices?limit=2&cursor=c': { invoices: [], nextCursor: 'b' },
		};
		await expect(listing(answers)).rejects.toThrow(/circle at cursor b/);
	});
});

describe('one invoice', () => {
	const path = `GET /invoices/${id(1)}`;

	it('is gone when the API says 404, and only then', async () => {
		expect(await api({}).client.invoice(id(1))).toBe('gone');
		await expect(api({ [path]: 500 }).client.invoice(id(1))).rejects.toBeInstanceOf(TransientError);
	});

	it('is read bare or wrapped', async () => {
		expect(await api({ [path]: row(1) }).client.invoice(id(1))).toMatchObject({ id: id(1) });
		expect(await api({ [path]: { invoice: row(1) } }).client.invoice(id(1))).toMatchObject({ id: id(1) });
	});

	it('is refused by field and id when malformed', async () => {
		const look = api({ [path]: row(1, { amount: '-1' }) }).client.invoice(id(1));
		await expect(look).rejects.toThrow(new RegExp(`invoice ${id(1)}: amount`));
		await expect(look).rejects.toBeInstanceOf(PermanentError);
	});

	it('is not taken for another one', async () => {
		await expect(api({ [path]: row(2) }).client.invoice(id(1))).rejects.toBeInstanceOf(TransientError);
	});
});

describe('minimum amounts', () => {
	const path = `GET /invoices/${id(1)}/min-amounts`;
	const body = { invoiceAmount: '100', discountBps: '1.2', custodiedAmounts: { 10: '0' }, minAmounts: { 10: '98', 8453: '99' } };
	const read = (answer: unknown) => api({ [path]: answer }).client.minAmounts(id(1));

	it('are gone when the API says 404', async () => {
		expect(await api({}).client.minAmounts(id(1))).toBe('gone');
	});

	it.each([
		['one discounted amount', { amountAfterDiscount: '97' }, { 10: 97n, 8453: 97n }],
		['one discounted amount per domain', { amountAfterDiscounts: { 10: '97', 8453: '96' } }, { 10: 97n, 8453: 96n }],
		['no discounted amount', {}, {}],
	])('come with %s', async (_name, more, expected) => {
		const answer = await read({ ...body, ...more });
		if (answer === 'gone') throw new Error('gone');
		expect(Object.fromEntries(answer.amountAfterDiscounts)).toEqual(expected);
		expect(Object.fromEntries(answer.minAmounts)).toEqual({ 10: 98n, 8453: 99n });
		expect(answer).toMatchObject({ invoiceAmount: 100n, discountBps: '1.2', rejected: [] });
	});

	it('leave out the domain whose amount is malformed, with the reason', async () => {
		const answer = await read({ ...body, minAmounts: { 10: '98', 8453: '-1', base: '3', 1: 7 } });
		if (answer === 'gone') throw new Error('gone');
		expect([...answer.minAmounts.keys()]).toEqual(['10']);
		expect(answer.rejected.map((each) => each.venue).sort()).toEqual(['1', '8453', 'base']);
	});

	it.each([
		['invoiceAmount', { invoiceAmount: '0' }],
		['invoiceAmount', { invoiceAmount: undefined }],
		['minAmounts', { minAmounts: '98' }],
		['amountAfterDiscount', { amountAfterDiscount: 'x' }],
		['discountBps', { discountBps: '-1' }],
	])('are refused by field and id: %s %j', async (field, changes) => {
		await expect(read({ ...body, ...changes })).rejects.toThrow(new RegExp(`invoice ${id(1)}: ${field}`));
	});
});

describe('an intent', () => {
	const terms = { origin: '10', destinations: ['1', '56'], to: WALLET, inputAsset: TOKEN, amount: amount(5n) } as const;
	const call = { to: TOKEN, data: '0x1234', value: '0', chainId: 10 };

	it('is asked for with the exact terms', async () => {
		const { client, bodies } = api({ 'POST /intents': call });
		expect(await client.buildIntent(terms)).toEqual({ to: TOKEN, data: '0x1234', value: 0n, chainId: 10 });
		expect(bodies).toEqual([
			{ origin: '10', destinations: ['1', '56'], to: WALLET, inputAsset: TOKEN, amount: '5', callData: '0x', maxFee: '0' },
		]);
	});

	it('for another chain is never used', async () => {
		await expect(api({ 'POST /intents': { ...call, chainId: 1 } }).client.buildIntent(terms)).rejects.toBeInstanceOf(InvariantError);
	});

	it.each([{ to: 'me' }, { data: 'x' }, { value: '-1' }, { chainId: null }])('is not concluded from %j', async (changes) => {
		await expect(api({ 'POST /intents': { ...call, ...changes } }).client.buildIntent(terms)).rejects.toBeInstanceOf(TransientError);
	});

	it('that the API refuses is refused for good', async () => {
		await expect(api({ 'POST /intents': 400 }).client.buildIntent(terms)).rejects.toBeInstanceOf(PermanentError);
	});
});

describe('statuses of intents', () => {
	it('are asked for a hundred at a time; strange ones are kept as text, and foreign ids are ignored', async () => {
		const ids = Array.from({ length: 101 }, (_, n) => id(n + 1));
		const intents = [
			{ intentId: id(1), status: 'SETTLED' },
			{ intentId: id(2), status: 'SOMETHING_NEW' },
			{ intentId: id(999), status: 'SETTLED' },
		];
		const { client, bodies } = api({ 'POST /intents/status': { intents } });
		const found = await client.intentStatuses(ids);
		expect([...found]).toEqual([
			[id(1), 'SETTLED'],
			[id(2), 'SOMETHING_NEW'],
		]);
		expect(bodies).toEqual([{ intentIds: ids.slice(0, 100) }, { intentIds: ids.slice(100) }]);
	});
});
