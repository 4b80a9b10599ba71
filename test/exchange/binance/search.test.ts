import { describe, expect, it } from 'vitest';
import { recently } from '../../../src/exchange/binance/recently.ts';
import { createSearch, type Window } from '../../../src/exchange/binance/search.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** A history of moments, and what was read of it. */
function open(moments: number[], now = { ms: 0 }) {
	const windows: Window[] = [];
	const search = createSearch<number>({ widestMs: WEEK_MS, nowMs: async () => now.ms });
	const look = (fromMs: number, suffices: (rows: readonly number[]) => boolean = (rows) => rows.length > 0) =>
		search({
			...{ key: 'key', fromMs, suffices },
			read: async (window) => {
				windows.push(window);
				return moments.filter((at) => at >= window.startTime && at <= window.endTime);
			},
		});
	return { windows, look, now };
}

describe('a search through windows', () => {
	it('leaves no moment out between its beginning and now, and no window is wider than allowed', async () => {
		const { windows, look, now } = open([]);
		now.ms = 100 * DAY_MS;
		await look(3 * DAY_MS + 17);
		expect(windows[0]?.startTime).toBe(3 * DAY_MS + 17);
		expect(windows.at(-1)?.endTime).toBeGreaterThanOrEqual(now.ms);
		for (const [at, { startTime, endTime }] of windows.entries()) {
			expect(endTime - startTime).toBeLessThanOrEqual(WEEK_MS);
			if (at > 0) expect(startTime).toBeLessThanOrEqual(windows[at - 1]?.endTime ?? 0);
		}
	});

	it('reads again what may still change, and nothing else', async () => {
		const moments: number[] = [];
		const { windows, look, now } = open(moments);
		now.ms = 30 * DAY_MS;
		expect(await look(0)).toEqual([]);
		windows.length = 0;
		now.ms += 3_600_000;
		moments.push(now.ms - 23 * 3_600_000);
		expect(await look(0)).toEqual(moments);
		expect(windows).toEqual([{ startTime: 29 * DAY_MS, endTime: 36 * DAY_MS }]);
	});

	it('keeps what it has found without stopping, once, however often it is asked', async () => {
		const { windows, look, now } = open([DAY_MS, 29.5 * DAY_MS]);
		now.ms = 30 * DAY_MS;
		const never = () => false;
		for (const _ of [1, 2, 3]) expect(await look(0, never)).toEqual([DAY_MS, 29.5 * DAY_MS]);
		expect(windows).toHaveLength(5 + 1 + 1);
	});

	it('goes on behind what it has found, too, when it is stopped after every window', async () => {
		let tries = 0;
		const search = createSearch<number>({ widestMs: WEEK_MS, nowMs: async () => 30 * DAY_MS });
		const once = () => {
			let left = 1;
			return search({
				...{ key: 'key', fromMs: 0, suffices: () => false },
				read: async ({ startTime, endTime }) => {
					if (left === 0) throw new Error('stopped');
					left -= 1;
					return [startTime + 1, endTime - 1];
				},
			});
		};
		for (let found: unknown = null; found === null; tries += 1) found = tries > 9 ? 'never' : await once().catch(() => null);
		expect(tries).toBe(5);
	});

	it('begins anew for an earlier beginning', async () => {
		const { look, now } = open([DAY_MS]);
		now.ms = 30 * DAY_MS;
		expect(await look(5 * DAY_MS)).toEqual([]);
		expect(await look(0)).toEqual([DAY_MS]);
	});

	it('does not go on for ever', async () => {
		const { look, now } = open([]);
		now.ms = 10_000 * DAY_MS;
		await expect(look(0)).rejects.toThrow('too long ago');
	});
});

describe('one reading for all', () => {
	it('is shared while it is under way, however long that takes, and kept for a while from its beginning', async () => {
		let [now, reads] = [0, 0];
		let answer: (value: number) => void = () => undefined;
		const read = () => {
			reads += 1;
			return new Promise<number>((resolve) => {
				answer = resolve;
			});
		};
		const recent = recently({ forMs: 10, nowMs: () => now, read });
		const first = recent.get();
		now = 50;
		expect(recent.get()).toBe(first);
		answer(1);
		expect(await first).toBe(1);
		const second = recent.get();
		answer(2);
		expect(await second).toBe(2);
		now = 59;
		expect(await recent.get()).toBe(2);
		expect(reads).toBe(2);
		recent.forget();
		const third = recent.get();
		answer(3);
		expect(await third).toBe(3);
		// A clock that was set back says nothing about age.
		now = 20;
		void recent.get();
		expect(reads).toBe(4);
	});

	it('that failed is told to those who waited for it, and to nobody else', async () => {
		let reads = 0;
		const read = async () => {
			reads += 1;
			if (reads === 1) throw new Error('no');
			return reads;
		};
		const recent = recently({ forMs: 10, nowMs: () => 0, read });
		const both = await Promise.allSettled([recent.get(), recent.get()]);
		expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
		expect(await recent.get()).toBe(2);
	});
});
