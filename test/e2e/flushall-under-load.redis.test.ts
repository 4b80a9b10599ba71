import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, until } from '../product.ts';
import { startProduct } from './product.ts';

const INVOICES = 12;
/** Token units of an invoice; there is some on the destination, and the rest comes from two origins. */
const AMOUNT = 30;

let world: World;
let product: Product;
let redis: Redis;
let before: OracleChain[];
const told: string[] = [];

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '400', 56: '400' } });
	before = await openings(world);
	product = await startProduct(world, { workers: 2, onLog: (line) => void told.push((JSON.parse(line) as { msg: string }).msg) });
	redis = new Redis(inject('redisUrl') ?? '', { maxRetriesPerRequest: 1 });
});
afterAll(async () => {
	redis.disconnect();
	await product.stop();
	await world.stop();
});

/** What FLUSHALL does, for the keys of this test file only: others share the server. */
async function flush(): Promise<void> {
	const keys = await redis.keys(`${product.settings.prefix}*`);
	if (keys.length > 0) await redis.del(...keys);
}

describe('Redis loses everything, again and again, while a dozen invoices are served', () => {
	it('each is paid once, nothing is lost, and the funds in flight are looked at again within ten seconds', async () => {
		world.across.relayer.fillDelayMs = 4_000;
		const made = Array.from({ length: INVOICES }, (_, number) =>
			invoice({
				label: `load ${number}`,
				owner: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
				amount: `${AMOUNT}`,
				origin: '1',
				destinations: ['10'],
			}),
		);
		for (const each of made) await world.everclear.addInvoice(each);
		const inFlight = async () => (await product.sql`select 1 from rebalance_operations where status = 'in_flight'`).length;
		const behind = async () =>
			(await product.sql`select 1 from earmarks where generation = 1 and status in ('planned', 'moving') and created_at < ${flushedAt}`)
				.length;
		let flushedAt = new Date();
		await until('funds are in flight', async () => ((await inFlight()) > 2 ? true : null), 40_000);
		flushedAt = new Date();
		await flush();
		await until('every flow that was there was added again, or has ended', async () => ((await behind()) === 0 ? true : null), 10_000);
		const tookMs = Date.now() - flushedAt.getTime();
		const settled = async () => (await product.sql`select 1 from demands where status = 'settled'`).length;
		for (const share of [INVOICES / 3, (2 * INVOICES) / 3]) {
			await until(`${share} are settled`, async () => ((await settled()) >= share ? true : null), 60_000);
			await flush();
		}
		const ended = async () => (await product.sql`select 1 from demands where status in ('settled', 'gone')`).length;
		await until('every demand has ended', async () => ((await ended()) === INVOICES ? true : null), 60_000);
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet, { book: world.everclear.book() })).toMatchObject({
			problems: [],
			// The hub serves the oldest invoice first, so a purchase for one may have filled another, which is gone then.
			purchases: await settled(),
			duplicateEffects: 0,
		});
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
		expect(told.filter((message) => message.startsWith('queue server has lost jobs')).length).toBeGreaterThan(0);
		process.stdout.write(`${INVOICES} invoices: flows queued again ${tookMs} ms after the flush\n`);
	}, 180_000);
});
