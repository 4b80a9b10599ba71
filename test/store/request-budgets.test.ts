import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { createRequestBudget } from '../../src/store/request-budgets.ts';
import { testDatabase } from '../stack.ts';

const stores: Store[] = [];
beforeAll(async () => {
	const databaseUrl = await testDatabase();
	for (let process = 0; process < 2; process += 1) stores.push(openStore({ databaseUrl, pool: 4 }));
});
afterAll(() => Promise.all(stores.map((store) => store.close())));

/** As many processes as there are connections. */
const budgets = (service: string, perSecond: number) => stores.map(({ db }) => createRequestBudget(db, service, perSecond));

describe('a budget of requests', () => {
	it('is one for all processes: no second holds more turns than the rate', async () => {
		const [one, other] = budgets('shared', 40);
		const enteredMs: number[] = [];
		await Promise.all(
			Array.from({ length: 38 }, async (_, index) => {
				await (index % 2 === 0 ? one : other)?.enter();
				enteredMs.push(Date.now());
			}),
		);
		const spanMs = Math.max(...enteredMs) - Math.min(...enteredMs);
		expect(spanMs).toBeGreaterThanOrEqual((37 * 1_000) / 40 - 50);
	});

	it('refuses who would have to wait for long, and that one takes no turn', async () => {
		const [budget] = budgets('slow', 0.5);
		await budget?.enter();
		for (let again = 0; again < 3; again += 1) {
			const refused = await budget?.enter().catch((error: unknown) => error);
			expect(refused).toBeInstanceOf(BusyError);
			expect((refused as BusyError).retryAfterMs).toBeLessThanOrEqual(2_000);
		}
	});

	it('lets nobody enter while the service wants a pause, in any process, and a shorter pause shortens nothing', async () => {
		const [one, other] = budgets('paused', 1_000);
		await one?.pause(300_000);
		await one?.pause(1_000);
		const refused = await other?.enter().catch((error: unknown) => error);
		expect((refused as BusyError).retryAfterMs).toBeGreaterThan(290_000);
	});

	it('of one service leaves the others alone', async () => {
		const [busy] = budgets('busy', 1_000);
		const [idle] = budgets('idle', 1_000);
		await busy?.pause(300_000);
		await expect(idle?.enter()).resolves.toBeUndefined();
	});
});
