import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFunctionSelector } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { notFound, when } from '../../sandbox/http/misbehave.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import { ballast } from '../cli/shell.ts';
import { demandOf, type Product, type ProductOptions, startProduct, until, untilSettled } from '../product.ts';
import { testServers } from '../stack.ts';

let world: World;
let product: Product | null = null;
let before: OracleChain[];
const folder = mkdtempSync(join(tmpdir(), 'ballast-rebuild-'));

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '500', 56: '500' } });
	before = await openings(world);
	writeFileSync(join(folder, 'ballast.yaml'), JSON.stringify(change(world.config())));
});
afterEach(() => product?.stop());
afterAll(async () => {
	rmSync(folder, { recursive: true });
	await world.stop();
});

/** From chain 1 only CCTP moves, from chain 56 only Across. */
const change: NonNullable<ProductOptions['change']> = ({ everclear }) => {
	const config = world.config({ bridges: ['across', 'cctp-v2'] });
	return { ...config, everclear, routes: config.routes.filter(({ origin, bridge }) => (origin === '1') === (bridge === 'cctp-v2')) };
};

async function shown(label: string, amount: string, destination: string): Promise<string> {
	const owner = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
	const made = invoice({ label, owner, amount, origin: destination === '1' ? '56' : '1', destinations: [destination] });
	await world.everclear.addInvoice(made);
	return made.intent_id;
}

/** Waits until the product has looked whether its deposit is filled on chain 10. */
async function untilLookedFor(): Promise<void> {
	const { proxy } = world.chain('10');
	const selector = toFunctionSelector('fillStatuses(bytes32)').slice(2);
	let hasLooked = false;
	proxy.fault = (method, params) => {
		hasLooked ||= method === 'eth_call' && JSON.stringify(params).includes(selector);
		return 'pass';
	};
	await until('the product looks for the fill', async () => (hasLooked ? true : null));
	proxy.fault = () => 'pass';
}

/** Two legs that nobody delivers and a purchase that the hub does not pay, and then the database is gone. */
async function lost(): Promise<{ paid: string; moving: string }> {
	world.cctp.fault = when('GET', /^\/v2\/messages/, notFound());
	world.across.relayer.ignore = () => true;
	await world.everclear.poller.pause();
	const first = await startProduct(world, testServers, { change });
	try {
		const paid = await shown('paid before', '50', '1');
		await untilSettled(first, paid);
		const moving = await shown('moving before', '600', '10');
		await until('two legs in flight', async () => {
			const [row] = await first.sql<{ count: number }[]>`select count(*)::int from rebalance_operations where status = 'in_flight'`;
			return row?.count === 2 ? true : null;
		});
		return { paid, moving };
	} finally {
		await first.stop();
	}
}

describe('the database is lost while funds are under way', () => {
	it('is rebuilt from the chains: every leg arrives, and nothing is paid twice', async () => {
		const { paid, moving } = await lost();
		const lostAtMs = Date.now();
		const databaseUrl = await testServers.database();
		const run = (...args: string[]) => ballast({ DATABASE_URL: databaseUrl, BALLAST_CONFIG: join(folder, 'ballast.yaml') }, ...args);
		const rebuild = (...args: string[]) => run('rebuild', '--from-chain', ...args);

		const dry = await until('what was sent is final', async () => {
			const found = JSON.parse((await rebuild('--json')).stdout);
			return found.venues.every(({ unfinished }: { unfinished: number }) => unfinished === 0) ? found : null;
		});
		expect(dry.legs.map(({ bridge, origin, destination }: Record<string, string>) => [bridge, origin, destination])).toEqual([
			['cctp-v2', '1', '10'],
			['across', '56', '10'],
		]);
		expect(dry.purchases).toEqual([expect.objectContaining({ invoice: paid, venue: '1', asset: 'USDC' })]);
		expect(dry).toMatchObject({ unclear: [], restored: null });
		const shownText = (await rebuild()).stdout;
		expect(shownText).toContain('2 legs under way');
		expect(shownText).toContain('nothing was written');

		expect(await rebuild('--apply', '--reason', 'lost')).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('the stop switch is off'),
		});
		await run('pause', '--reason', 'the database was lost');
		const applied = await rebuild('--apply', '--reason', 'lost', '--json');
		expect(JSON.parse(applied.stdout).restored).toEqual({ legs: 2, purchases: 1, known: 0, refused: [] });
		const again = await rebuild('--apply', '--reason', 'lost', '--json');
		expect(JSON.parse(again.stdout).restored).toEqual({ legs: 0, purchases: 0, known: 3, refused: [] });
		expect((await rebuild()).stdout.match(/\(known\)/g)).toHaveLength(3);

		product = await startProduct(world, { ...testServers, database: async () => databaseUrl }, { change });
		const { sql } = product;
		const sentAt = await sql`select coalesce(evidence->>'seenAtMs', evidence->>'sentAtMs')::float8 as ms from hops`;
		expect(sentAt.map(({ ms }) => ms < lostAtMs)).toEqual([true, true]);
		await run('resume', '--reason', 'rebuilt');
		world.cctp.fault = () => undefined;
		await untilLookedFor();
		world.across.relayer.ignore = () => false;
		await until('both legs delivered', async () => {
			const rows = await sql`select 1 from rebalance_operations where reason = 'REBUILT' and status = 'delivered'`;
			return rows.length === 2 ? true : null;
		});
		// The hub has paid nothing yet, so its list still has the invoice that was paid before.
		expect(await demandOf(sql, paid)).toMatchObject({ status: 'settled', reason: 'REBUILT' });
		await untilSettled(product, moving, 60_000);
		world.everclear.poller.resume();
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], purchases: 2, duplicateEffects: 0 });
		// Approvals move nothing, so they are not looked for: their nonces have no owner any more.
		const problems = (await checkSettledBooks(sql, { world, before })).filter((each) => !each.endsWith('has no owner'));
		expect(problems).toEqual([]);
		expect(await sql`select status, count(*)::int from demands where kind = 'rebuild' group by 1`).toEqual([{ status: 'gone', count: 2 }]);
	}, 180_000);
});
