import { describe, expect, it } from 'vitest';
import { FillBook } from '../../src/fills/book.ts';
import {
	advances,
	CHANNEL_STATUSES,
	FILL_STATUSES,
	FILL_TRANSITIONS,
	type FillReport,
	type FillStatus,
	fillId,
} from '../../src/fills/fill.ts';
import { amount } from '../../src/money/amount.ts';

const POSITION = { venue: '137', asset: 'YES' };
const REPORT: FillReport = {
	...{ trade: 't', order: 'o', bucket: 0, position: POSITION, side: 'buy', amount: amount(10n) },
	...{ status: 'matched', transactionHash: '0xa', tradedMs: 0 },
};
const TTL_MS = 1_000;

/** A book with one fill of ten in a state, at a time at which nothing else is due. */
function bookIn(state: FillStatus) {
	const book = new FillBook({ ttlMs: TTL_MS, rememberMs: 1_000_000 });
	let block = 10n;
	const look = (confirmed: bigint, takenBackFrom: bigint | null = null) => {
		block += takenBackFrom === null ? 1n : 0n;
		const next = { number: block, hash: `0x${block}${takenBackFrom === null ? '' : 'other'}` };
		return book.look(POSITION, { block: next, confirmed: amount(confirmed), flows: null, takenBackFrom, atMs: 0 });
	};
	look(100n);
	book.hear(REPORT, 0);
	const events = {
		failed: () => void book.hear({ ...REPORT, status: 'failed' }, TTL_MS),
		confirmed: () => void book.hear({ ...REPORT, status: 'confirmed' }, TTL_MS),
		expired: () => void book.expire(TTL_MS),
		/** By its hash, as what has failed is known by nothing else. */
		shown: () => {
			block += 1n;
			const next = { number: block, hash: `0x${block}` };
			const flows = [{ tx: '0xa', incoming: amount(10n), outgoing: amount(0n), block: next }];
			const confirmed = amount((book.at(POSITION).confirmed ?? 0n) + 10n);
			book.look(POSITION, { block: next, confirmed, flows, takenBackFrom: null, atMs: 0 });
		},
		takenBack: () => void look(100n, block),
	};
	const way: Readonly<Record<FillStatus, readonly (keyof typeof events)[]>> = {
		...{ pending: [], absorbed: ['shown'], failed: ['failed'], expired: ['expired'], late: ['expired', 'shown'] },
	};
	for (const event of way[state]) events[event]();
	const fill = book.find(fillId(REPORT));
	if (fill === null) throw new Error('a fill expected');
	expect(fill.status).toBe(state);
	return { fill, events, at: book.at(POSITION) };
}

type Event = keyof ReturnType<typeof bookIn>['events'];

/** What is not named stays as it is. */
const TABLE: Readonly<Record<FillStatus, Partial<Record<Event, FillStatus>>>> = {
	pending: { failed: 'failed', expired: 'expired', shown: 'absorbed' },
	absorbed: { takenBack: 'pending' },
	failed: { shown: 'late' },
	expired: { failed: 'failed', shown: 'late' },
	late: { takenBack: 'expired' },
};
const EVENTS: readonly Event[] = ['failed', 'confirmed', 'expired', 'shown', 'takenBack'];

describe('a fill', () => {
	for (const state of FILL_STATUSES) {
		for (const event of EVENTS) {
			const next = TABLE[state][event] ?? state;
			it(`that is ${state} is ${next} after ${event}`, () => {
				const { fill, events } = bookIn(state);
				events[event]();
				expect(fill.status).toBe(next);
				if (next !== state) expect(FILL_TRANSITIONS[state]).toContain(next);
			});
		}
	}

	it('counts while it is pending, and on the chain once it is absorbed, and never twice', () => {
		for (const state of FILL_STATUSES) {
			const { at } = bookIn(state);
			const expected = { pending: 110n, absorbed: 110n, failed: 100n, expired: 100n, late: 110n }[state];
			expect(at.effective, state).toBe(expected);
		}
	});
});

describe('what the channel says', () => {
	it('only advances, and the first final word stands', () => {
		const seen = CHANNEL_STATUSES.map((from) => [from, CHANNEL_STATUSES.filter((to) => advances(from, to))]);
		expect(Object.fromEntries(seen)).toEqual({
			matched: ['retrying', 'mined', 'confirmed', 'failed'],
			retrying: ['mined', 'confirmed', 'failed'],
			mined: ['confirmed', 'failed'],
			confirmed: [],
			failed: [],
		});
	});
});
