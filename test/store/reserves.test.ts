import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PermanentError } from '../../src/errors.ts';
import { amount } from '../../src/money/amount.ts';
import { lockInventory, type Store } from '../../src/store/db.ts';
import {
	endReserveOverride,
	overrideReserve,
	readReserveOverrides,
	reserveHistory,
	reserveOverridesInForce,
	reservesInForce,
} from '../../src/store/reserves.ts';
import { until } from '../product.ts';
import { testStore } from './fixture.ts';
import { postgresCode } from './postgres-code.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

const WHO = { reasonCode: 'LARGE_INVOICE', reason: 'worth it', actor: 'kim' } as const;
/** Every test has positions of its own. */
let venues = 0;
const position = () => ({ venue: String(++venues), asset: 'USDC' });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const amountAt = async ({ venue, asset }: { venue: string; asset: string }) =>
	(await readReserveOverrides(store.db, asset)).get(`${asset}@${venue}`)?.amount ?? null;

describe('an override of a reserve', () => {
	it('is in force with who and why until it is ended', async () => {
		const at = position();
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(7n), expiresAt: null });
		expect((await readReserveOverrides(store.db, 'USDC')).get(`USDC@${at.venue}`)).toEqual({ amount: 7n, expiresAt: null, ...WHO });
		await endReserveOverride(store.db, { ...at, ...WHO, reasonCode: 'OTHER', reason: 'done' });
		expect(await amountAt(at)).toBeNull();
	});

	it('gives way to the next one of its position, and to that alone', async () => {
		const [at, other] = [position(), position()];
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(7n), expiresAt: null });
		await overrideReserve(store.db, { ...other, ...WHO, amount: amount(8n), expiresAt: null });
		await overrideReserve(store.db, { ...at, asset: 'USDT', ...WHO, amount: amount(9n), expiresAt: null });
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(0n), expiresAt: null });
		expect([await amountAt(at), await amountAt(other), await amountAt({ ...at, asset: 'USDT' })]).toEqual([0n, 8n, 9n]);
	});

	it('ends by itself when it expires, and the one before it does not come back', async () => {
		const at = position();
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(7n), expiresAt: null });
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(8n), expiresAt: inMs(3_600_000) });
		expect(await amountAt(at)).toBe(8n);
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(9n), expiresAt: inMs(-1) });
		expect(await amountAt(at)).toBeNull();
	});

	it('expires also for a transaction that has begun before', async () => {
		const at = position();
		await overrideReserve(store.db, { ...at, ...WHO, amount: amount(7n), expiresAt: inMs(1_500) });
		await store.db.transaction(async (tx) => {
			expect((await readReserveOverrides(tx, at.asset)).has(`USDC@${at.venue}`)).toBe(true);
			await until('it has expired', async () => ((await readReserveOverrides(tx, at.asset)).has(`USDC@${at.venue}`) ? null : true));
		});
	});

	it('cannot be ended when none is in force, which is said by position', async () => {
		const at = position();
		const ending = endReserveOverride(store.db, { ...at, ...WHO });
		await expect(ending).rejects.toThrow(new RegExp(`USDC at ${at.venue} is in force`));
		await expect(ending).rejects.toBeInstanceOf(PermanentError);
	});

	it('waits until whoever spends by the reserve before it has committed', async () => {
		const at = position();
		let changing: Promise<void> = Promise.resolve();
		await store.db.transaction(async (tx) => {
			await lockInventory(tx, 'USDC');
			changing = overrideReserve(store.db, { ...at, ...WHO, amount: amount(7n), expiresAt: null });
			await until('it waits', async () => {
				const [waiting] = await store.db.execute(sql`
					select 1 from pg_locks join pg_database on pg_database.oid = pg_locks.database
					where locktype = 'advisory' and not granted and datname = current_database()`);
				return waiting === undefined ? null : true;
			});
			expect(await amountAt(at)).toBeNull();
		});
		await changing;
		expect(await amountAt(at)).toBe(7n);
	});
});

describe('the record of overrides', () => {
	it('has every one, the newest first, and those in force by position', async () => {
		const own = await testStore();
		try {
			const at = { venue: '10', asset: 'USDC' };
			await overrideReserve(own.db, { ...at, ...WHO, amount: amount(7n), expiresAt: null });
			await endReserveOverride(own.db, { ...at, ...WHO, actor: 'ada' });
			await overrideReserve(own.db, { venue: '1', asset: 'USDC', ...WHO, amount: amount(5n), expiresAt: '2999-01-01T00:00:00.000Z' });
			const rows = await reserveHistory(own.db, 10);
			expect(rows.map(({ venue, amount: units, actor, expiresAt }) => [venue, units, actor, expiresAt])).toEqual([
				['1', 5n, 'kim', '2999-01-01T00:00:00.000Z'],
				['10', null, 'ada', null],
				['10', 7n, 'kim', null],
			]);
			expect(await reserveHistory(own.db, 1)).toHaveLength(1);
			expect((await reserveOverridesInForce(own.db)).map(({ venue, amount: units }) => [venue, units])).toEqual([['1', 5n]]);
		} finally {
			await own.close();
		}
	});

	it.each([
		['changed', sql`update reserve_overrides set amount = 0 where true`],
		['removed', sql`delete from reserve_overrides where true`],
	])('cannot be %s, also by plain SQL', async (_name, statement) => {
		await overrideReserve(store.db, { ...position(), ...WHO, amount: amount(7n), expiresAt: null });
		await expect(store.db.execute(statement)).rejects.toMatchObject({ cause: { message: expect.stringMatching(/reserve_overrides/) } });
	});

	it('knows the reason codes and no others', async () => {
		const strange = overrideReserve(store.db, { ...position(), ...WHO, reasonCode: 'BORED' as never, amount: amount(7n), expiresAt: null });
		await expect(strange).rejects.toSatisfy((error) => postgresCode(error) === '23514');
	});
});

describe('the reserves in force', () => {
	it('are the overrides, and the configured ones elsewhere; an override counts without a configured reserve, too', () => {
		const configured = [
			{ venue: '1', asset: 'USDC', reserve: amount(10n) },
			{ venue: '10', asset: 'USDC', reserve: amount(20n) },
		];
		const overrides = new Map(['USDC@10', 'USDC@56'].map((key) => [key, { ...WHO, amount: amount(0n), expiresAt: null }]));
		expect(Object.fromEntries(reservesInForce(configured, overrides))).toEqual({ 'USDC@1': 10n, 'USDC@10': 0n, 'USDC@56': 0n });
	});
});
