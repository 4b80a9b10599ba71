import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, until, untilSettled } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;
let redis: Redis;

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '500', 56: '500' } });
	redis = new Redis(inject('redisUrl') ?? '', { maxRetriesPerRequest: 1 });
});
afterAll(async () => {
	redis.disconnect();
	await world.stop();
});
afterEach(() => product.stop());

/** What FLUSHALL does, for the keys of this test file only: others share the server. */
async function flush(): Promise<number> {
	const keys = await redis.keys(`${product.settings.prefix}*`);
	return keys.length === 0 ? 0 : redis.del(...keys);
}

describe('Redis loses everything', () => {
	it.each(['sending', 'in_flight', 'settling'])(
		'while a leg or its earmark is %s: everything resumes from Postgres, nothing twice',
		async (state) => {
			await world.reset();
			for (const venue of ['1', '56']) await world.fund(venue, '500');
			product = await startProduct(world);
			const before = await openings(world);
			// Fills take a while, so that the flush meets funds in flight.
			world.across.relayer.fillDelayMs = 1_500;
			const made = invoice({
				label: `flushed ${state}`,
				owner: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
				amount: '600',
				origin: '1',
				destinations: ['10'],
			});
			await world.everclear.addInvoice(made);
			await until(`something is ${state}`, async () => {
				const [row] = await product.sql`
				select 1 from rebalance_operations where status = ${state} union select 1 from earmarks where status = ${state}`;
				return row === undefined ? null : true;
			});
			expect(await flush()).toBeGreaterThan(0);
			await untilSettled(product, made.intent_id, 40_000);
			await untilAtRest(product, world);
			expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 2, purchases: 1, duplicateEffects: 0 });
			expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
		},
	);
});
