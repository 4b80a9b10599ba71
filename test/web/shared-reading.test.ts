import { describe, expect, it } from 'vitest';
import { sharedReading } from '../../src/web/shared-reading.ts';

/** Readings that end when they are told to. */
function slow() {
	const ends: ((value: number) => void)[] = [];
	const read = () => new Promise<number>((resolve) => ends.push(resolve));
	return { read, ends };
}

describe('a shared reading', () => {
	it('runs once for all who ask while it runs, and anew for who asks later', async () => {
		const { read, ends } = slow();
		const ask = sharedReading(1_000, read);
		const answers = [ask(), ask(), ask()];
		ends[0]?.(1);
		expect(await Promise.all(answers)).toEqual([1, 1, 1]);
		const later = ask();
		ends[1]?.(2);
		expect(await later).toBe(2);
		expect(ends).toHaveLength(2);
	});

	it('that takes too long fails for all, starts no second one beside itself, and its late answer is never given', async () => {
		const { read, ends } = slow();
		const ask = sharedReading(5, read);
		await expect(Promise.all([ask(), ask()])).rejects.toThrow('no answer within 5 ms');
		await expect(ask()).rejects.toThrow('no answer within 5 ms');
		expect(ends).toHaveLength(1);
		ends[0]?.(1);
		await Promise.resolve();
		const fresh = ask();
		expect(ends).toHaveLength(2);
		ends[1]?.(2);
		expect(await fresh).toBe(2);
	});

	it('that fails fails for all who asked, and the next one is another', async () => {
		let asked = 0;
		const ask = sharedReading(1_000, () => {
			asked += 1;
			return asked === 1 ? Promise.reject(new Error('down')) : Promise.resolve(asked);
		});
		const [first, second] = await Promise.allSettled([ask(), ask()]);
		expect([first.status, second.status]).toEqual(['rejected', 'rejected']);
		expect(await ask()).toBe(2);
	});
});
