import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FillBook } from '../../src/fills/book.ts';
import type { Fill, FillReport } from '../../src/fills/fill.ts';
import type { Flow, Look } from '../../src/fills/look.ts';
import { type Amount, amount } from '../../src/money/amount.ts';
import { play } from './play.ts';

const POSITION = { venue: '137', asset: 'YES' };
const reportOf = (fields: Partial<FillReport> = {}): FillReport => ({
	...{ trade: 't', order: 'o', bucket: 0, position: POSITION, side: 'buy', amount: amount(10n) },
	...{ status: 'matched', transactionHash: null, tradedMs: 0, ...fields },
});
const newBook = () => new FillBook({ ttlMs: 1_000, rememberMs: 10_000 });
const block = (number: number) => ({ number: BigInt(number), hash: `0x${number}` });
const lookAt = (number: number, confirmed: number, fields: Partial<Look> = {}): Look => ({
	...{ block: block(number), confirmed: amount(BigInt(confirmed)), flows: null, takenBackFrom: null, atMs: 0, ...fields },
});
const flow = (tx: string, incoming: number, { outgoing = 0, at = 1 } = {}): Flow => ({
	...{ tx, incoming: amount(BigInt(incoming)), outgoing: amount(BigInt(outgoing)), block: block(at) },
});

describe('a book of fills', () => {
	it('holds what a model of it holds, whatever it is told in whatever order', () => {
		const problems: string[] = [];
		for (const seed of [1, 2, 3]) expect(play(8_000, seed, (text) => problems.push(text)).differences, problems[0]).toBe(0);
	});

	it('takes a fill by its transaction before an older one that has none', () => {
		const book = newBook();
		book.look(POSITION, lookAt(0, 100));
		book.hear(reportOf({ trade: 'older' }), 0);
		book.hear(reportOf({ trade: 'named', transactionHash: '0xa' }), 1);
		book.look(POSITION, lookAt(1, 110, { flows: [flow('0xa', 10)] }));
		expect([...book.at(POSITION).pending.buy.oldestFirst()].map(({ trade }) => trade)).toEqual(['older']);
	});

	it('knows a transfer that came before its message, by its transaction or once it was mined', () => {
		for (const late of [reportOf({ transactionHash: '0xa' }), reportOf({ status: 'mined' }), reportOf({ status: 'confirmed' })]) {
			const book = newBook();
			book.look(POSITION, lookAt(0, 100));
			expect(book.look(POSITION, lookAt(1, 110, { flows: [flow('0xa', 10)] })).unexplained).toBe(10n);
			book.hear(late, 5);
			expect(book.at(POSITION).effective).toBe(110n);
			expect(book.at(POSITION).unexplained(-1)).toBe(0n);
		}
	});

	it('does not take a fill that is only matched for a transfer that came before it', () => {
		const book = newBook();
		book.look(POSITION, lookAt(0, 100));
		book.look(POSITION, lookAt(1, 110, { flows: [flow('0xa', 10)] }));
		book.hear(reportOf(), 5);
		expect(book.at(POSITION).effective).toBe(120n);
	});

	it('is not told what it is too late to be told, and says what contradicts', () => {
		const book = newBook();
		expect(book.hear(reportOf({ trade: 'ancient', tradedMs: 0 }), 10_000)).toBe('old');
		expect(book.hear(reportOf(), 1)).toBe('new');
		expect(book.hear(reportOf({ amount: amount(11n) }), 2)).toBe('contradiction');
		expect(book.hear(reportOf({ side: 'sell' }), 2)).toBe('contradiction');
		expect(book.at(POSITION).pending.buy.rest).toBe(10n);
	});

	it('forgets what was dropped long ago, and does not begin anew with it', () => {
		const book = newBook();
		book.hear(reportOf({ transactionHash: '0xa' }), 0);
		expect(book.expire(1_000)).toHaveLength(1);
		book.expire(11_000);
		expect(book.find('["t","o",0,"137","YES"]')).toBeNull();
		expect(book.hear(reportOf(), 11_000)).toBe('old');
	});

	it('counts what sells have taken at once, and what buys may bring only for the limit', () => {
		const book = newBook();
		const at = book.at(POSITION);
		expect([at.effective, at.bought, at.sellable]).toEqual([null, null, null]);
		book.look(POSITION, lookAt(0, 100));
		book.hear(reportOf({ trade: 'buy', amount: amount(30n) }), 0);
		book.hear(reportOf({ trade: 'sell', side: 'sell', amount: amount(40n) }), 0);
		expect([at.effective, at.bought, at.sellable]).toEqual([90n, 130n, 60n]);
		book.hear(reportOf({ trade: 'too much', side: 'sell', amount: amount(200n) }), 0);
		expect([at.effective, at.sellable]).toEqual([-110n, 0n]);
	});

	it('says how long fills have been waiting', () => {
		const book = newBook();
		book.hear(reportOf({ trade: 'a' }), 100);
		book.hear(reportOf({ trade: 'b', side: 'sell', amount: amount(5n) }), 200);
		expect([99, 100, 199, 200].map((ms) => book.at(POSITION).waitingSince(ms))).toEqual([0n, 10n, 10n, 15n]);
	});
});

describe('a book that is kept elsewhere as well', () => {
	/** Whatever has changed is written down; a new book is made of what stands there. */
	function reopened(kept: Map<string, Fill>, before: FillBook): FillBook {
		for (const fill of before.changed()) kept.set(fill.id, structuredClone(fill));
		const book = newBook();
		const { confirmed, block: seen } = before.at(POSITION);
		if (confirmed !== null && seen !== null) book.look(POSITION, { ...lookAt(0, 0), block: seen, confirmed });
		book.load([...kept.values()].map((fill) => structuredClone(fill)).sort((a, b) => a.number - b.number));
		return book;
	}

	it('goes on as it was, wherever it is opened again', () => {
		const kept = new Map<string, Fill>();
		let book = newBook();
		const steps: ((each: FillBook) => unknown)[] = [
			(each) => each.look(POSITION, lookAt(1, 100)),
			(each) => each.hear(reportOf({ trade: 'a', transactionHash: '0xa' }), 0),
			(each) => each.hear(reportOf({ trade: 'b', side: 'sell', amount: amount(4n) }), 10),
			(each) => each.hear(reportOf({ trade: 'c' }), 500),
			(each) => each.look(POSITION, lookAt(2, 106, { flows: [flow('0xa', 6, { at: 2 })] })),
			(each) => each.expire(1_000),
			(each) => each.look(POSITION, { ...lookAt(2, 100, { takenBackFrom: 2n }), block: { number: 2n, hash: 'other' } }),
			(each) => each.look(POSITION, lookAt(3, 110, { flows: [flow('0xa', 10, { at: 3 })] })),
			(each) => each.hear(reportOf({ trade: 'c', status: 'failed' }), 1_100),
		];
		const straight = newBook();
		const heldIn = (each: FillBook) => {
			const { effective, bought, sellable, pending } = each.at(POSITION);
			return {
				effective,
				bought,
				sellable,
				pending: [...pending.buy.oldestFirst(), ...pending.sell.oldestFirst()].map(({ trade }) => trade),
			};
		};
		for (const [index, step] of steps.entries()) {
			step(straight);
			book = reopened(kept, book);
			step(book);
			expect(heldIn(book), `step ${index}`).toEqual(heldIn(straight));
		}
	});
});

describe('blocks that are taken back', () => {
	/** What was bought in each block of one chain, and of another that takes its place from some block on. */
	const anyChain = fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 12 });

	it('leave what there would be if they had never been', () => {
		fc.assert(
			fc.property(anyChain, anyChain, fc.nat({ max: 11 }), fc.boolean(), (first, second, place, areNamed) => {
				const from = Math.min(place, first.length);
				const [book, straight] = [newBook(), newBook()];
				const chain = [...first.slice(0, from), ...second];
				for (const each of [book, straight]) {
					each.look(POSITION, lookAt(0, 100));
					tell(each, first.length + second.length, areNamed);
				}
				let held = 100;
				for (const [index, bought] of first.entries()) held = mine(book, { index, bought, held, fork: 'a' });
				held = 100 + sum(first.slice(0, from));
				const whole = { flows: second.flatMap((bought, index) => flowsOf(from + index, bought, 'b')), takenBackFrom: BigInt(from + 1) };
				const last = from + second.length;
				book.look(POSITION, { ...lookAt(last, held + sum(second), whole), block: { number: BigInt(last), hash: `b${last}` } });
				held = 100;
				for (const [index, bought] of chain.entries()) held = mine(straight, { index, bought, held, fork: index < from ? 'a' : 'b' });
				expect([book.at(POSITION).confirmed, book.at(POSITION).effective]).toEqual([
					straight.at(POSITION).confirmed,
					straight.at(POSITION).effective,
				]);
			}),
			{ numRuns: 300 },
		);
	});

	it('take back what nothing had explained, so that it is not counted a second time', () => {
		const book = newBook();
		book.look(POSITION, lookAt(0, 100));
		book.look(POSITION, lookAt(1, 107, { flows: [flow('0xa', 7)] }));
		const again = { ...lookAt(1, 107, { flows: [flow('0xa', 7)], takenBackFrom: 1n }), block: { number: 1n, hash: 'other' } };
		expect(book.look(POSITION, again)).toMatchObject({ unexplained: 7n, isMismatch: false });
		expect(book.at(POSITION).unexplained(-1)).toBe(7n);
	});

	it('leave a fill where it was among the others', () => {
		const book = newBook();
		book.look(POSITION, lookAt(0, 100));
		for (const trade of ['first', 'second', 'third']) book.hear(reportOf({ trade }), 0);
		book.look(POSITION, lookAt(1, 120));
		book.look(POSITION, { ...lookAt(1, 100, { takenBackFrom: 1n }), block: { number: 1n, hash: 'other' } });
		const order = () => [...book.at(POSITION).pending.buy.oldestFirst()].map(({ trade }) => trade);
		expect(order()).toEqual(['first', 'second', 'third']);
		book.look(POSITION, lookAt(2, 110));
		expect(order()).toEqual(['second', 'third']);
	});

	it('make nothing late twice', () => {
		const book = newBook();
		book.look(POSITION, lookAt(0, 100));
		book.hear(reportOf(), 0);
		book.expire(1_000);
		book.look(POSITION, lookAt(1, 110));
		expect(book.at(POSITION).lateCount).toBe(1);
		book.look(POSITION, { ...lookAt(1, 100, { takenBackFrom: 1n }), block: { number: 1n, hash: 'other' } });
		book.look(POSITION, lookAt(2, 110));
		expect([book.at(POSITION).lateCount, book.at(POSITION).effective]).toEqual([1, 110n]);
	});

	it('do not give back the headroom of what was dropped, as no later block was seen', () => {
		const book = newBook();
		book.look(POSITION, lookAt(1, 100));
		book.hear(reportOf(), 0);
		book.expire(1_000);
		book.look(POSITION, { ...lookAt(1, 100, { takenBackFrom: 1n }), block: { number: 1n, hash: 'other' } });
		expect(book.at(POSITION).bought).toBe(110n);
		book.look(POSITION, lookAt(2, 100));
		expect(book.at(POSITION).bought).toBe(100n);
	});

	const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
	function tell(book: FillBook, count: number, areNamed: boolean): void {
		for (let index = 0; index < count; index += 1)
			book.hear(reportOf({ trade: `t${index}`, amount: amount(2n), transactionHash: areNamed ? `tx${index}` : null }), index);
	}
	const flowsOf = (index: number, bought: number, fork: string): Flow[] =>
		bought === 0
			? []
			: [
					{
						...{ tx: `tx${index}`, incoming: amount(BigInt(bought)), outgoing: 0n as Amount },
						block: { number: BigInt(index + 1), hash: `${fork}${index + 1}` },
					},
				];
	interface Mined {
		readonly index: number;
		readonly bought: number;
		readonly held: number;
		readonly fork: string;
	}
	function mine(book: FillBook, { index, bought, held, fork }: Mined): number {
		const at = { number: BigInt(index + 1), hash: `${fork}${index + 1}` };
		book.look(POSITION, { ...lookAt(index + 1, held + bought, { flows: flowsOf(index, bought, fork) }), block: at });
		return held + bought;
	}
});
