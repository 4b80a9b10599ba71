import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookAgainIn } from '../../src/bridge/look-again.ts';

const LATEST_MS = 300_000;

/** Looks from the start until the proof is there, and how long it has then been there unseen. */
function waitFor(delayMs: number, expectedMs: number): { looks: number; unseenMs: number } {
	let waitedMs = 0;
	for (let looks = 1; ; looks += 1) {
		if (waitedMs >= delayMs) return { looks, unseenMs: waitedMs - delayMs };
		waitedMs += lookAgainIn({ waitedMs, expectedMs, latestMs: LATEST_MS });
	}
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

describe('looks for a proof', () => {
	it.each([8, 20, 60, 900, 1_140])('of %i promised seconds add a tenth of the delay at most, with eight of them', (seconds) => {
		const expectedMs = seconds * 1_000;
		const delays = Array.from({ length: 301 }, (_, index) => expectedMs * (0.5 + index / 200));
		const waits = delays.map((delayMs) => ({ delayMs, ...waitFor(delayMs, expectedMs) }));
		expect(median(waits.map(({ unseenMs, delayMs }) => unseenMs / delayMs))).toBeLessThanOrEqual(0.1);
		expect(waits.reduce((sum, { looks }) => sum + looks, 0) / waits.length).toBeLessThanOrEqual(8);
	});

	it('are a second apart at most where little is promised', () => {
		expect(lookAgainIn({ waitedMs: 0, expectedMs: 1_000, latestMs: LATEST_MS })).toBeLessThanOrEqual(1_000);
		expect(lookAgainIn({ waitedMs: 300, expectedMs: 0, latestMs: LATEST_MS })).toBe(500);
	});

	it('never stop, are never further apart than ten minutes, and never all at once', () => {
		fc.assert(
			fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.double({ min: 0, max: 1e9, noNaN: true }), (waitedMs, expectedMs) => {
				const nextMs = lookAgainIn({ waitedMs, expectedMs, latestMs: LATEST_MS });
				return Number.isInteger(nextMs) && nextMs >= 500 && nextMs <= 2 * LATEST_MS;
			}),
		);
	});
});
