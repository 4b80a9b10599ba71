import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { relayOutbox, wake } from '../../src/store/outbox.ts';
import { CAUSE, testStore } from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

const EARMARK = '8f14e45f-ceea-467f-a0c3-2f1c1f7a0a11';

describe('the outbox', () => {
	it('hands every wake-up to exactly one of many relays', async () => {
		for (let count = 0; count < 60; count += 1) {
			await inTransaction(store.db, CAUSE, (tx) => wake(tx, { topic: 'settle', earmarkId: EARMARK }));
		}
		const sent: string[] = [];
		const relay = async () => {
			while ((await relayOutbox(store.db, 7, async (rows) => void sent.push(...rows.map((row) => row.id)))) > 0);
		};
		await Promise.all([relay(), relay(), relay(), relay()]);
		// A relay that finds all rows held by others ends early; what is left is the next round's.
		await relay();
		expect(sent).toHaveLength(60);
		expect(new Set(sent).size).toBe(60);
	});

	it('keeps what could not be sent', async () => {
		await inTransaction(store.db, CAUSE, (tx) => wake(tx, { topic: 'flow', earmarkId: EARMARK, generation: 2 }));
		await expect(relayOutbox(store.db, 7, () => Promise.reject(new Error('queues are down')))).rejects.toThrow('queues are down');
		const rows: unknown[] = [];
		await relayOutbox(store.db, 7, async (found) => void rows.push(...found.map((row) => row.wakeup)));
		expect(rows).toEqual([{ topic: 'flow', earmarkId: EARMARK, generation: 2 }]);
	});

	it('has nothing for a transaction that did not commit, and tells listeners of one that did', async () => {
		let told = 0;
		let heard = () => {};
		const first = new Promise<void>((resolve) => {
			heard = resolve;
		});
		const stop = await store.onOutbox(() => {
			told += 1;
			if (told > 1) heard();
		});
		const failing = inTransaction(store.db, CAUSE, async (tx) => {
			await wake(tx, { topic: 'plan' });
			throw new Error('rolled back');
		});
		await expect(failing).rejects.toThrow('rolled back');
		await inTransaction(store.db, CAUSE, (tx) => wake(tx, { topic: 'plan' }));
		await first;
		const rows: unknown[] = [];
		await relayOutbox(store.db, 7, async (found) => void rows.push(...found));
		expect(rows).toHaveLength(1);
		await stop();
	});
});
