import { expect, it } from 'vitest';
import { ASKS_PER_MS, stopAfter } from '../../src/steps/plan/stop-after.ts';

/** How often may be asked before the answer is true. */
function asksUntil(stop: () => boolean): number {
	for (let asks = 0; ; asks += 1) if (stop()) return asks;
}

it('lets a search go on until its budget has passed', () => {
	let now = 1_000;
	const stop = stopAfter({ nowMs: () => now }, 50);
	now = 1_049;
	expect(stop()).toBe(false);
	now = 1_050;
	expect(stop()).toBe(true);
	now = 0;
	expect(stop()).toBe(true);
});

it('ends a search with no budget at once', () => {
	expect(asksUntil(stopAfter({ nowMs: () => 0 }, 0))).toBe(0);
});

it('ends a search beside a clock that stands still, or is set back, after the same number of asks each time', () => {
	let now = 1_000;
	expect(asksUntil(stopAfter({ nowMs: () => now }, 3))).toBe(3 * ASKS_PER_MS);
	const stop = stopAfter({ nowMs: () => now }, 3);
	now = 0;
	expect(asksUntil(stop)).toBe(3 * ASKS_PER_MS);
});
