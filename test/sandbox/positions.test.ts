import { getAddress, pad } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { broken, firstOf, late, lose, nonsense, times, tooMany, when } from '../../sandbox/http/misbehave.ts';
import type { Position } from '../../sandbox/positions/position.ts';
import { alteredRow, onPage, type Positions, startPositions, withoutRows } from '../../sandbox/positions/positions.ts';

const USER = getAddress('0x00000000000000000000000000000000000abcde');
const OTHER = getAddress('0x00000000000000000000000000000000000fedcb');
/** Of every kind of id: one that no narrower number holds. */
const HIGH = 2n ** 255n;

let positions: Positions;
beforeAll(async () => {
	positions = await startPositions();
});
afterAll(() => positions.stop());
beforeEach(() => positions.forget());

/** The position number so-and-so, of so many shares. */
function position(number: bigint, shares: string, more: Partial<Position> = {}): Position {
	return { asset: HIGH + number, oppositeAsset: HIGH - number, conditionId: pad('0xc0'), outcomeIndex: 0, shares, ...more };
}

async function ask(query: Record<string, string>, { path = '/positions', withinMs = 10_000 } = {}) {
	const response = await fetch(`${positions.url}${path}?${new URLSearchParams(query)}`, { signal: AbortSignal.timeout(withinMs) });
	const text = await response.text();
	return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
}

/** Throws unless the answer is an array with status 200. */
async function rows(query: Record<string, string> = {}): Promise<Record<string, unknown>[]> {
	const { status, text } = await ask({ user: USER, ...query });
	expect(status).toBe(200);
	const body = JSON.parse(text);
	expect(body).toBeInstanceOf(Array);
	return body;
}

const sizes = async (query: Record<string, string> = {}) => (await rows(query)).map(({ size }) => size);

describe('a row', () => {
	it('has the shape of the real API: ids as text in full, figures as numbers', async () => {
		positions.set(USER, [
			position(1n, '1234.567891', { avgPrice: '0.4', curPrice: '0.65', outcomeIndex: 1, mergeable: true, title: 'Will it rain?' }),
		]);
		expect(await rows()).toEqual([
			{
				proxyWallet: USER.toLowerCase(),
				asset: `${HIGH + 1n}`,
				conditionId: pad('0xc0'),
				size: 1234.567891,
				avgPrice: 0.4,
				initialValue: 493.827156,
				currentValue: 802.469129,
				cashPnl: 308.641973,
				percentPnl: 62.5,
				totalBought: 1234.567891,
				realizedPnl: 0,
				percentRealizedPnl: 0,
				curPrice: 0.65,
				redeemable: false,
				mergeable: true,
				title: 'Will it rain?',
				slug: 'will-it-rain',
				icon: '',
				eventSlug: 'will-it-rain',
				outcome: 'No',
				outcomeIndex: 1,
				oppositeOutcome: 'Yes',
				oppositeAsset: `${HIGH - 1n}`,
				endDate: '2030-01-01',
				negativeRisk: false,
			},
		]);
	});

	it('may cost nothing, and is refused when it has more digits than a share', async () => {
		positions.set(USER, [position(1n, '5', { avgPrice: '0', redeemable: true, negativeRisk: true })]);
		expect((await rows())[0]).toMatchObject({ initialValue: 0, percentPnl: 0, redeemable: true, negativeRisk: true });
		expect(() => positions.set(USER, [position(1n, '0.0000001')])).toThrow(/no amount with 6 decimals/);
		expect(await sizes()).toEqual([5]);
	});
});

describe('a page', () => {
	it('is that of one user, however the address is written; of an unknown user it is empty', async () => {
		positions.set(USER, [position(1n, '5')]);
		positions.set(OTHER, [position(1n, '6')]);
		expect(await sizes({ user: USER.toLowerCase() })).toEqual([5]);
		expect(await sizes({ user: USER.toUpperCase().replace('X', 'x') })).toEqual([5]);
		expect(await sizes({ user: OTHER })).toEqual([6]);
		expect(await sizes({ user: `0x${'9'.repeat(40)}` })).toEqual([]);
	});

	it('hides what is below one share, unless a threshold says otherwise', async () => {
		positions.set(
			USER,
			['0.000001', '0.999999', '1', '10'].map((shares, index) => position(BigInt(index), shares)),
		);
		expect(await sizes()).toEqual([10, 1]);
		expect(await sizes({ sizeThreshold: '0' })).toEqual([10, 1, 0.999999, 0.000001]);
		expect(await sizes({ sizeThreshold: '0.999999' })).toEqual([10, 1, 0.999999]);
		expect(await sizes({ sizeThreshold: '0.9999991' })).toEqual([10, 1]);
	});

	it('has 100 rows and at most 500, the largest first, and those of equal size as they were set', async () => {
		positions.set(
			USER,
			Array.from({ length: 620 }, (_, index) => position(BigInt(index), `${1 + Math.floor(index / 2)}`)),
		);
		expect(await sizes()).toEqual(Array.from({ length: 100 }, (_, index) => 310 - Math.floor(index / 2)));
		expect((await rows({ limit: '2' })).map(({ asset }) => asset)).toEqual([`${HIGH + 618n}`, `${HIGH + 619n}`]);
		const pages = [await rows({ limit: '500' }), await rows({ limit: '500', offset: '500' }), await rows({ limit: '500', offset: '1000' })];
		expect(pages.map(({ length }) => length)).toEqual([500, 120, 0]);
		expect(new Set(pages.flat().map(({ asset }) => asset)).size).toBe(620);
		expect(await rows({ limit: '0' })).toEqual([]);
	});

	it('is another one as soon as the table is', async () => {
		positions.set(USER, [position(1n, '5'), position(2n, '6')]);
		expect(await sizes({ limit: '1' })).toEqual([6]);
		positions.set(USER, [position(1n, '7')]);
		expect(await sizes({ limit: '1', offset: '1' })).toEqual([]);
		expect(await sizes()).toEqual([7]);
	});
});

describe('a request', () => {
	it.each([
		['no user', { user: '' }, /'user' not provided/],
		['half a user', { user: USER.slice(0, 10) }, /'user' not provided/],
		['more than 500 rows', { limit: '501' }, /'limit'/],
		['a limit that is no number', { limit: 'all' }, /'limit'/],
		['an offset beyond 10,000', { offset: '10001' }, /'offset'/],
		['a negative offset', { offset: '-1' }, /'offset'/],
		['a threshold that is no number', { sizeThreshold: 'none' }, /'sizeThreshold'/],
	])('for %s is refused, and the reason is given', async (_name, query, reason) => {
		const { status, text } = await ask({ user: USER, ...query });
		expect(status).toBe(400);
		expect(JSON.parse(text).error).toMatch(reason);
	});

	it('may go as far as the bounds, and nowhere else', async () => {
		expect(await rows({ limit: '500', offset: '10000' })).toEqual([]);
		expect((await ask({ user: USER }, { path: '/v2/positions' })).status).toBe(404);
	});

	it('is remembered with its query, refused or not, until all is forgotten', async () => {
		positions.fault = times(1, when('GET', /positions/, broken()));
		await ask({ user: USER, offset: '100' });
		await ask({ user: OTHER });
		expect(positions.requests.map(({ query }) => [query.get('user'), query.get('offset')])).toEqual([
			[USER, '100'],
			[OTHER, null],
		]);
		expect(positions.counts.get('GET /positions')).toBe(2);
		positions.set(USER, [position(1n, '5')]);
		positions.freeze();
		positions.fault = when('GET', /positions/, broken());
		positions.forget();
		expect([positions.requests, positions.counts.size]).toEqual([[], 0]);
		expect(await rows()).toEqual([]);
		positions.set(USER, [position(1n, '6')]);
		expect(await sizes()).toEqual([6]);
	});
});

describe('told to misbehave, the API', () => {
	beforeEach(() => positions.set(USER, [position(1n, '3'), position(2n, '2'), position(3n, '1')]));

	it('fails, asks for patience, or does not answer at all', async () => {
		positions.fault = firstOf(
			times(1, when('GET', /positions/, broken())),
			times(1, when('GET', /positions/, tooMany(7))),
			times(1, when('GET', /positions/, lose())),
		);
		expect((await ask({ user: USER })).status).toBe(500);
		expect(await ask({ user: USER })).toMatchObject({ status: 429, retryAfter: '7' });
		await expect(ask({ user: USER }, { withinMs: 300 })).rejects.toThrow(/timeout|aborted/);
		expect(await sizes()).toEqual([3, 2, 1]);
	});

	it('is late, or answers what is no JSON', async () => {
		positions.fault = times(1, when('GET', /positions/, late(120)));
		const startedMs = Date.now();
		expect(await sizes()).toEqual([3, 2, 1]);
		expect(Date.now() - startedMs).toBeGreaterThanOrEqual(115);
		positions.fault = when('GET', /positions/, nonsense());
		const { status, text } = await ask({ user: USER });
		expect(status).toBe(200);
		expect(() => JSON.parse(text)).toThrow();
	});

	it('answers with a malformed row among good ones, or with none in its place', async () => {
		positions.fault = when(
			'GET',
			/positions/,
			alteredRow(HIGH + 2n, (row) => ({ ...row, size: -5, asset: undefined })),
		);
		const [first, second] = await rows();
		expect(first).toMatchObject({ asset: `${HIGH + 1n}`, size: 3 });
		expect(second).toMatchObject({ size: -5, curPrice: 0.5 });
		expect(second).not.toHaveProperty('asset');
		positions.fault = when(
			'GET',
			/positions/,
			alteredRow(HIGH + 2n, () => null),
		);
		expect((await rows()).map((row) => row?.size)).toEqual([3, undefined, 1]);
	});

	it('leaves rows out of one page and of no other', async () => {
		positions.fault = onPage(2, withoutRows(HIGH + 3n));
		expect([await sizes({ limit: '2' }), await sizes({ limit: '2', offset: '2' })]).toEqual([[3, 2], []]);
		positions.fault = onPage(0, withoutRows(HIGH + 1n, HIGH + 3n));
		expect([await sizes({ limit: '2' }), await sizes({ limit: '2', offset: '2' })]).toEqual([[2], [1]]);
	});

	it('falls behind, and catches up', async () => {
		positions.freeze();
		positions.set(USER, [position(1n, '30')]);
		positions.set(OTHER, [position(1n, '1')]);
		expect([await sizes(), await sizes({ user: OTHER })]).toEqual([[3, 2, 1], []]);
		positions.thaw();
		expect([await sizes(), await sizes({ user: OTHER })]).toEqual([[30], [1]]);
	});

	it('still refuses what is wrong with a request', async () => {
		positions.fault = when('GET', /positions/, withoutRows(HIGH + 1n));
		expect((await ask({ user: 'nobody' })).status).toBe(400);
	});
});
