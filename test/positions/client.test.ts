import { getAddress, pad } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { broken, nonsense, notFound, tooMany, when } from '../../sandbox/http/misbehave.ts';
import type { Position } from '../../sandbox/positions/position.ts';
import { alteredRow, onPage, type Positions, startPositions, withoutRows } from '../../sandbox/positions/positions.ts';
import { TransientError } from '../../src/errors.ts';
import { type ApiPositions, readApiPositions } from '../../src/positions/client.ts';

const HOLDER = getAddress('0x00000000000000000000000000000000000abcde');
const OTHER = getAddress('0x00000000000000000000000000000000000fedcb');
/** Ids that no narrower number holds, next to each other. */
const HIGH = 2n ** 255n;
const MOST = 2n ** 256n - 1n;
const PAGE_ROWS = 500;
/** One base unit of a share. */
const LEAST = '0.000001';

let positions: Positions;
beforeAll(async () => {
	positions = await startPositions();
});
afterAll(() => positions.stop());
beforeEach(() => positions.forget());

function position(asset: bigint, shares: string): Position {
	return { asset, oppositeAsset: 1n, conditionId: pad('0xc0'), outcomeIndex: 0, shares };
}

/** Of so many different tokens, each a base unit more than the one before it. */
function many(count: number): Position[] {
	return Array.from({ length: count }, (_, index) => position(HIGH + BigInt(index), `1.${`${index + 1}`.padStart(6, '0')}`));
}

const read = (): Promise<ApiPositions> => readApiPositions(HOLDER, { apiUrl: positions.url });
const offsets = () => positions.requests.map(({ query }) => query.get('offset'));

describe('what the API of positions says', () => {
	it('is read page by page to the last row, of this account, whatever is held of it', async () => {
		const all = [...many(2 * PAGE_ROWS), position(5n, LEAST)];
		positions.set(HOLDER, all);
		positions.set(OTHER, [position(7n, '3')]);
		const { byId, isComplete, rejected } = await read();
		expect([isComplete, rejected, byId.size]).toEqual([true, [], all.length]);
		expect([byId.get(HIGH), byId.get(HIGH + 999n), byId.get(5n), byId.get(7n)]).toEqual([1_000_001n, 1_001_000n, 1n, undefined]);
		expect(offsets()).toEqual(['0', '499', '998', '1001']);
		expect(positions.requests.every(({ query }) => query.get('sizeThreshold') === '0')).toBe(true);
	});

	it('ends with a page that has nothing new: after a full one its last row alone, after another one no row at all', async () => {
		expect(await read()).toEqual({ byId: new Map(), isComplete: true, rejected: [], impossible: [] });
		positions.set(HOLDER, many(PAGE_ROWS));
		expect(await read()).toMatchObject({ byId: { size: PAGE_ROWS }, isComplete: true });
		positions.set(HOLDER, many(PAGE_ROWS - 1));
		expect(await read()).toMatchObject({ byId: { size: PAGE_ROWS - 1 }, isComplete: true });
		positions.set(HOLDER, many(1));
		expect(await read()).toMatchObject({ byId: { size: 1 }, isComplete: true });
		expect(offsets()).toEqual(['0', '0', '499', '0', '499', '0', '1']);
	});

	it('is told apart by the whole id', async () => {
		const all = [MOST, HIGH, HIGH + 1n, HIGH + 2n ** 64n, HIGH + 2n ** 128n, 1n, 2n ** 53n, 2n ** 53n + 1n];
		positions.set(
			HOLDER,
			all.map((id, index) => position(id, `${index + 1}`)),
		);
		const { byId } = await read();
		expect(byId).toEqual(new Map(all.map((id, index) => [id, BigInt(index + 1) * 1_000_000n])));
	});

	it('is in base units to the last one, and the sum of all rows of one token', async () => {
		positions.set(HOLDER, [position(1n, '1234567.891234'), position(2n, '0.1'), position(2n, '0.2')]);
		expect((await read()).byId).toEqual(
			new Map([
				[1n, 1_234_567_891_234n],
				[2n, 300_000n],
			]),
		);
	});

	it.each([
		['an id that is a number', { asset: 5 }, /asset/],
		['an id in hexadecimals', { asset: '0x5' }, /no token id/],
		['an id beyond a uint256', { asset: `${MOST + 1n}` }, /more than a uint256/],
		['an id that is missing', { asset: undefined }, /asset/],
		['a size as text', { size: '5' }, /size/],
		['a size below zero', { size: -5 }, /-5/],
		['a size finer than a share', { size: 0.1234567 }, /finer than 6 decimals/],
		['a size that JSON writes with an exponent', { size: 1e-7 }, /1e-7/],
	])('is not complete with %s, which is named, while all other rows count', async (_, change, says) => {
		positions.set(HOLDER, [position(1n, '1'), position(2n, '2')]);
		positions.fault = onPage(
			0,
			alteredRow(1n, (row) => ({ ...row, ...change })),
		);
		const { byId, isComplete, rejected, impossible } = await read();
		expect([byId, isComplete]).toEqual([new Map([[2n, 2_000_000n]]), false]);
		expect(rejected).toEqual([expect.stringMatching(says)]);
		expect(impossible).toEqual(says.source === '-5' ? rejected : []);
	});

	it.each([
		['-5', /^token 1: -5 shares are fewer than none$/],
		['-0.000001', /^token 1: -0.000001 shares are fewer than none$/],
		['-1e-7', /^token 1: -1e-7 shares are fewer than none$/],
		// The nearest number above 2^128 base units, and more than any number can be.
		['340282366920938500000000000000000', /^token 1: 3\.402823669209385e\+32 shares are more than any token has$/],
		['1e400', /^token 1: Infinity shares are more than any token has$/],
	])('that cannot be is told apart from what was not understood: %s', async (size, says) => {
		const pages = [`[{"asset":"1","size":${size}},{"asset":"2","size":"2"},{"asset":"3","size":3}]`, '[]'];
		const answer = await readApiPositions(HOLDER, { apiUrl: positions.url, fetch: async () => new Response(pages.shift()) });
		expect([answer.byId, answer.isComplete]).toEqual([new Map([[3n, 3_000_000n]]), false]);
		expect(answer.impossible).toEqual([expect.stringMatching(says)]);
		expect(answer.rejected).toEqual([...answer.impossible, expect.stringMatching(/size/)]);
	});

	it('is possible however much it is below that, and no size is none', async () => {
		const pages = ['[{"asset":"1","size":340282366920938400000},{"asset":"2","size":-0},{"asset":"3","size":0}]', '[]'];
		const answer = await readApiPositions(HOLDER, { apiUrl: positions.url, fetch: async () => new Response(pages.shift()) });
		expect(answer).toMatchObject({ isComplete: true, impossible: [] });
		expect([...answer.byId]).toEqual([
			[1n, 340_282_366_920_938_400_000_000_000n],
			[2n, 0n],
			[3n, 0n],
		]);
	});

	it.each([
		['a full page that lacks one', many(PAGE_ROWS + 5), [0, HIGH + 7n]],
		['a page that lacks one and is not full', many(20), [0, HIGH + 7n]],
		['a later page that does not begin where the one before has ended', many(PAGE_ROWS + 5), [PAGE_ROWS - 1, HIGH + 5n]],
	] as const)('is not complete with %s, so that what is not listed may be held', async (_, all, [page, missing]) => {
		positions.set(HOLDER, all);
		positions.fault = onPage(page, withoutRows(missing));
		const { byId, isComplete, rejected, impossible } = await read();
		expect([isComplete, byId.has(missing), rejected, impossible]).toEqual([false, page > 0, [], []]);
	});

	it('is not complete when rows move over the end of a page while they are read, and none of them counts twice', async () => {
		const all = many(2 * PAGE_ROWS);
		for (const moved of [[...all, position(7n, '900')], all.slice(0, -1), all.with(-1, position(all.at(-1)?.asset ?? 0n, LEAST))]) {
			positions.set(HOLDER, all);
			positions.fault = ({ query }) => {
				if (query.get('offset') !== '0') positions.set(HOLDER, moved);
				return undefined;
			};
			const { byId, isComplete } = await read();
			expect([byId.size, isComplete]).toEqual([PAGE_ROWS, false]);
			expect(all.every(({ asset }, index) => (byId.get(asset) ?? 0n) === (index < PAGE_ROWS ? 0n : 1_000_001n + BigInt(index)))).toBe(true);
		}
	});

	it('is not complete where there is more than the API gives away', async () => {
		const all = many(10_000 + PAGE_ROWS);
		positions.set(HOLDER, all);
		const { byId, isComplete, rejected } = await read();
		// The last page begins at the last multiple of 499 that the API takes.
		expect([byId.size, isComplete, rejected]).toEqual([20 * (PAGE_ROWS - 1) + PAGE_ROWS, false, []]);
		expect(offsets().at(-1)).toBe('9980');
	});
});

describe('an API of positions that fails', () => {
	it.each([
		['with 500', broken()],
		['with too many requests', tooMany(60)],
		['with what is no JSON', nonsense()],
		['with what is no list', nonsense({ positions: [] })],
		['to know the path', notFound()],
	])('says nothing: %s', async (_, fault) => {
		positions.set(HOLDER, [position(1n, '1')]);
		positions.fault = when('GET', /^\/positions$/, fault);
		await expect(read()).rejects.toThrow(TransientError);
	});

	it('says nothing on a later page either', async () => {
		positions.set(HOLDER, many(PAGE_ROWS + 1));
		positions.fault = onPage(PAGE_ROWS - 1, broken());
		await expect(read()).rejects.toThrow(TransientError);
	});

	it('says nothing when nobody is there', async () => {
		const gone = await startPositions();
		await gone.stop();
		await expect(readApiPositions(HOLDER, { apiUrl: gone.url })).rejects.toThrow(TransientError);
	});
});
