/** The acceptance scenarios for inventory, with their numbers: shares of six decimals, a TTL of 180 s. */
import { describe, expect, it } from 'vitest';
import { FillBook } from '../../src/fills/book.ts';
import type { FillReport } from '../../src/fills/fill.ts';
import type { Flow, Look } from '../../src/fills/look.ts';
import type { Position } from '../../src/inventory/venue.ts';
import { type Amount, amount } from '../../src/money/amount.ts';

const SHARE = 1_000_000n;
const shares = (count: number): Amount => amount(BigInt(count) * SHARE);
const A: Position = { venue: '137/funder', asset: 'YES' };
const B: Position = { venue: '137/funder', asset: 'NO' };
const TTL_MS = 180_000;

/** A book whose clock is set by the test, in seconds. */
function newStage(confirmed: number, { position = A } = {}) {
	const book = new FillBook({ ttlMs: TTL_MS, rememberMs: 3_600_000 });
	let [trades, block] = [0, 500n];
	const at = book.at(position);
	const look = (count: number, { seconds = 0, ...fields }: Partial<Look> & { seconds?: number } = {}) => {
		block += 1n;
		const next = { number: block, hash: `0x${block}` };
		return book.look(position, {
			block: next,
			confirmed: shares(count),
			flows: null,
			takenBackFrom: null,
			atMs: seconds * 1_000,
			...fields,
		});
	};
	look(confirmed);
	const hear = (side: 'buy' | 'sell', count: number, { seconds = 0, ...fields }: Partial<FillReport> & { seconds?: number } = {}) => {
		trades += 1;
		const report: FillReport = {
			...{ trade: `trade${trades}`, order: 'order', bucket: 0, position, side, amount: shares(count) },
			...{ status: 'matched', transactionHash: null, tradedMs: seconds * 1_000, ...fields },
		};
		return { report, heard: book.hear(report, seconds * 1_000) };
	};
	const expectHeld = (expected: { confirmed?: number; pendingBuy?: number; pendingSell?: number; effective?: number }) => {
		const { confirmed: there, effective, pending } = at;
		const held = { confirmed: there, pendingBuy: pending.buy.rest, pendingSell: pending.sell.rest, effective };
		expect(held).toMatchObject(Object.fromEntries(Object.entries(expected).map(([name, count]) => [name, BigInt(count) * SHARE])));
	};
	return { book, at, look, hear, expectHeld };
}

const flow = (tx: string, incoming: number, { outgoing = 0, block = 501n } = {}): Flow => ({
	...{ tx, incoming: shares(incoming), outgoing: shares(outgoing) },
	block: { number: block, hash: `0x${block}` },
});

describe('inventory scenario', () => {
	it('1: a buy is absorbed', () => {
		const { hear, look, expectHeld } = newStage(100);
		hear('buy', 10);
		expectHeld({ effective: 110 });
		look(110);
		expectHeld({ confirmed: 110, pendingBuy: 0, effective: 110 });
	});

	it('2: a buy is absorbed in part', () => {
		const { hear, look, expectHeld } = newStage(0);
		hear('buy', 100);
		look(50);
		expectHeld({ confirmed: 50, pendingBuy: 50, effective: 100 });
	});

	it('3: a sell is absorbed', () => {
		const { hear, look, expectHeld } = newStage(100);
		hear('sell', 30);
		expectHeld({ effective: 70 });
		look(70);
		expectHeld({ confirmed: 70, pendingSell: 0, effective: 70 });
	});

	it('4: the oldest is absorbed first', () => {
		const { book, hear, look, expectHeld } = newStage(0);
		const first = hear('buy', 5, { seconds: 1, order: 'first' });
		hear('buy', 8, { seconds: 2, order: 'second' });
		look(9, { seconds: 3 });
		expectHeld({ pendingBuy: 4, effective: 13 });
		expect(book.expire(181_000)).toEqual([]);
		expect(book.expire(182_000).map(({ order }) => order)).toEqual(['second']);
		expect(first.heard).toBe('new');
	});

	it('5: what comes in beyond the fills is external, and a discrepancy', () => {
		const { at, hear, look, expectHeld } = newStage(0);
		hear('buy', 10);
		expect(look(25, { seconds: 3 }).unexplained).toBe(15n * SHARE);
		expectHeld({ confirmed: 25, pendingBuy: 0, effective: 25 });
		expect(at.unexplained(0)).toBe(15n * SHARE);
	});

	it('6: what goes the other way explains nothing, and leaves the fill its time', () => {
		const { book, hear, look, expectHeld } = newStage(100);
		hear('buy', 10);
		expect(look(95, { seconds: 100 }).unexplained).toBe(-5n * SHARE);
		expectHeld({ confirmed: 95, pendingBuy: 10, effective: 105 });
		expect(book.expire(179_999)).toEqual([]);
		expect(book.expire(180_000)).toHaveLength(1);
	});

	it('7: both in one interval are absorbed when the transfers are known, and neither when they are not', () => {
		const known = newStage(100);
		known.hear('buy', 10);
		known.hear('sell', 10);
		known.look(100);
		known.expectHeld({ pendingBuy: 10, pendingSell: 10, effective: 100 });
		const told = newStage(100);
		told.hear('buy', 10);
		told.hear('sell', 10);
		told.look(100, { flows: [flow('0xa', 10), flow('0xb', 0, { outgoing: 10 })] });
		told.expectHeld({ pendingBuy: 0, pendingSell: 0, effective: 100 });
	});

	it('8: FAILED takes it away at once, and what is told again changes nothing', () => {
		const { book, hear, look, expectHeld } = newStage(100);
		const { report } = hear('buy', 20);
		expectHeld({ effective: 120 });
		expect(book.hear({ ...report, status: 'failed' }, 50)).toBe('failed');
		expectHeld({ pendingBuy: 0, effective: 100 });
		for (const status of ['matched', 'mined', 'failed'] as const) expect(book.hear({ ...report, status }, 60)).toBe('repeated');
		expect(book.hear({ ...report, status: 'confirmed' }, 60)).toBe('contradiction');
		look(100);
		expectHeld({ effective: 100 });
	});

	it('9: in any order and several times it counts once', () => {
		const { book, hear, expectHeld } = newStage(100);
		const { report } = hear('buy', 10, { status: 'mined' });
		expect(book.hear({ ...report, status: 'confirmed' }, 1)).toBe('advanced');
		for (let times = 0; times < 3; times += 1) expect(book.hear({ ...report, status: 'matched' }, 2)).toBe('repeated');
		expectHeld({ pendingBuy: 10, effective: 110 });
	});

	it('10: a trade may have several orders of ours, of different tokens', () => {
		const { book, hear, expectHeld } = newStage(0);
		hear('buy', 6, { trade: 'one', order: 'of A' });
		hear('sell', 4, { trade: 'one', order: 'of B', position: B });
		expectHeld({ pendingBuy: 6, pendingSell: 0 });
		expect(book.at(B).pending.sell.rest).toBe(4n * SHARE);
	});

	it('11: after its time it is dropped once, and takes headroom until the chain was seen in a later block', () => {
		const { book, at, hear, look, expectHeld } = newStage(100);
		hear('buy', 10);
		expect(book.expire(180_000)).toHaveLength(1);
		expect(book.expire(180_001)).toEqual([]);
		expectHeld({ pendingBuy: 0, effective: 100 });
		expect(at.bought).toBe(110n * SHARE);
		look(100, { block: { number: 501n, hash: '0x501' }, seconds: 181 });
		expect(at.bought).toBe(110n * SHARE);
		look(100, { seconds: 184 });
		expect(at.bought).toBe(100n * SHARE);
	});

	it('12: what settles late is on the chain, and counted as late once', () => {
		const { book, at, hear, look, expectHeld } = newStage(100);
		hear('buy', 10);
		book.expire(180_000);
		expect(look(110, { seconds: 200 }).unexplained).toBe(0n);
		expectHeld({ confirmed: 110, pendingBuy: 0, effective: 110 });
		expect(at.lateCount).toBe(1);
		look(110, { seconds: 203 });
		expect(at.lateCount).toBe(1);
	});

	it('14: where transfers do not come to what the balance has changed, the balance is right', () => {
		const { hear, look, expectHeld } = newStage(100);
		hear('buy', 10);
		expect(look(110, { flows: [flow('0xa', 4)] })).toMatchObject({ isMismatch: true, unexplained: 0n });
		expectHeld({ confirmed: 110, pendingBuy: 0, effective: 110 });
	});

	it('19: a block before the last one is discarded', () => {
		const { look, expectHeld } = newStage(100);
		expect(look(90, { block: { number: 499n, hash: '0x499' } })).toMatchObject({ kind: 'older', unexplained: 0n });
		expectHeld({ confirmed: 100 });
	});

	it('20: a block that is taken back takes back what it had absorbed, and reading it again changes nothing', () => {
		const { book, hear, look, expectHeld } = newStage(100);
		hear('buy', 10);
		look(110, { block: { number: 600n, hash: '0xX' }, flows: [flow('0xa', 10, { block: 600n })] });
		expectHeld({ confirmed: 110, pendingBuy: 0 });
		const other = { block: { number: 600n, hash: '0xY' }, takenBackFrom: 600n, flows: [] };
		look(100, other);
		expectHeld({ confirmed: 100, pendingBuy: 10, effective: 110 });
		look(100, other);
		expectHeld({ confirmed: 100, pendingBuy: 10, effective: 110 });
		expect(book.expire(179_999)).toEqual([]);
		expect(book.expire(180_000)).toHaveLength(1);
	});
});
