import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gate, newGate } from '../../src/health/gate.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import {
	askRecovery,
	isRecoveryTaken,
	openRecoveries,
	readHealth,
	readHealthLog,
	takeRecovery,
	writeGate,
} from '../../src/store/health.ts';
import { testDatabase } from '../stack.ts';

let store: Store;
beforeAll(async () => {
	store = openStore({ databaseUrl: await testDatabase(), pool: 4 });
});
afterAll(() => store.close());

const CALM = newGate(1_000);
const HALTED: Gate = { ...CALM, state: 'halted', reason: 'no look at the chain for 600 s', sinceMs: 601_000, overSinceMs: 5 };

const keepGate = (row: Parameters<typeof writeGate>[1]) => store.db.transaction((tx) => writeGate(tx, row));

describe('the health of a market', () => {
	it('comes back as it was kept, and each change of its state is recorded once, by whom and why', async () => {
		for (const gate of [CALM, { ...CALM, goodLooks: 2 }, HALTED, HALTED]) await keepGate({ market: 'btc', gate, actor: 'feed' });
		await keepGate({ market: 'eth', gate: CALM, actor: 'feed' });
		expect(await readHealth(store.db)).toEqual([
			{ market: 'btc', gate: HALTED, ageMs: expect.any(Number) },
			{ market: 'eth', gate: CALM, ageMs: expect.any(Number) },
		]);
		const changes = (await readHealthLog(store.db, 10)).map(({ market, before, after, actor, reason }) => [
			market,
			before,
			after,
			actor,
			reason,
		]);
		expect(changes).toEqual([
			['eth', null, 'normal', 'feed', CALM.reason],
			['btc', 'normal', 'halted', 'feed', HALTED.reason],
			['btc', null, 'normal', 'feed', CALM.reason],
		]);
	});

	it('is recovered by a word that is taken once', async () => {
		const word = { market: 'btc', actor: 'ann', reason: 'the endpoint is back' };
		const id = await askRecovery(store.db, word);
		expect(await openRecoveries(store.db)).toEqual([{ id, ...word }]);
		expect(await isRecoveryTaken(store.db, id)).toBe(false);
		await store.db.transaction((tx) => takeRecovery(tx, id));
		expect(await openRecoveries(store.db)).toEqual([]);
		expect(await isRecoveryTaken(store.db, id)).toBe(true);
	});

	it('is a record that nobody changes', async () => {
		for (const statement of ['update health_log set actor = 1', 'delete from health_log', 'truncate health_log'])
			await expect(store.db.execute(statement)).rejects.toThrow();
	});
});
