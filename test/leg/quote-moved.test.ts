import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endedByItsQuote, type Offer, quoteMoved, quoteMovedReason } from '../../src/leg/quote-moved.ts';
import { amount } from '../../src/money/amount.ts';

/** 100 are sent for 95 in 20 s, in a leg that takes 30 s in all; up to 60 s are fast. */
const BELIEVED = { hop: { send: amount(100n), receive: amount(95n), seconds: 20 }, legSeconds: 30, fastWindowSeconds: 60 };
const OFFER: Offer = { arrives: amount(95n), minimum: amount(100n), maximum: amount(100n), step: amount(50n), seconds: 50 };

const changed = (change: Partial<Record<'arrives' | 'minimum' | 'maximum' | 'step', bigint>> & { seconds?: number }): Offer =>
	({ ...OFFER, ...change }) as Offer;

describe('a quote has moved', () => {
	it.each([
		['when less would arrive', changed({ arrives: 94n }), 'of 100 sent 94 would arrive now, and 95 was planned'],
		['when so little is not taken any more', changed({ minimum: 101n }), '100 would be sent, and the least is 101 now'],
		['when so much is not taken any more', changed({ maximum: 99n }), '100 would be sent, and the most is 99 now'],
		['when only other multiples are taken', changed({ step: 40n }), '100 would be sent, and only multiples of 40 are taken now'],
		['when the leg would not be fast any more', changed({ seconds: 51 }), 'it would take 61 s now, and 30 s were planned'],
	])('%s', (_, offer, how) => {
		expect(quoteMoved(BELIEVED, offer)).toBe(how);
	});

	it('and has not, as long as all that was planned is kept to the unit and to the second', () => {
		expect(quoteMoved(BELIEVED, OFFER)).toBeNull();
	});

	it('and has not for its time, where the plan was slow to begin with', () => {
		expect(quoteMoved({ ...BELIEVED, legSeconds: 61 }, changed({ seconds: 100_000 }))).toBeNull();
	});

	it('never to the better, and always by one unit less than planned', () => {
		const units = fc.bigInt(1n, 10n ** 30n).map(amount);
		const more = fc.bigInt(0n, 10n ** 30n);
		fc.assert(
			fc.property(units, units, more, fc.nat(1_000), (send, receive, extra, seconds) => {
				const hop = { send, receive, seconds };
				const believed = { hop, legSeconds: seconds, fastWindowSeconds: 300 };
				const same = { arrives: receive, minimum: send, maximum: send, step: amount(1n), seconds };
				expect(quoteMoved(believed, same)).toBeNull();
				const better = { ...same, arrives: amount(receive + extra), maximum: amount(send + extra), minimum: amount(1n), seconds: 0 };
				expect(quoteMoved(believed, better)).toBeNull();
				expect(quoteMoved(believed, { ...better, arrives: amount(receive - 1n) })).not.toBeNull();
			}),
		);
	});
});

describe('a leg has ended by its quote', () => {
	it.each([
		['given up at once', quoteMovedReason('of 2 sent 0 would arrive now'), true],
		['given up after as many looks as any refusal takes', `REFUSED: ${quoteMovedReason('so')}`, false],
		['given up for something else', 'REFUSED: the simulation refused', false],
		['going on', null, false],
	])('when it was %s: %s', (_, reason, isSo) => {
		expect(endedByItsQuote({ reason })).toBe(isSo);
	});
});
