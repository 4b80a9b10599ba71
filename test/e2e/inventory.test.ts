import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Market } from '../../sandbox/conditional-tokens/market.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { ShownProof } from '../../src/cli/inventory-prove.ts';
import { ballast } from '../cli/shell.ts';
import { type Product, type ProductOptions, until, untilSettled, untilWaiting } from '../product.ts';
import { startProduct } from './product.ts';

const SHARE = 1_000_000n;
const FUNDER = '0x00000000000000000000000000000000000f00d1';
const SOMEBODY = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const AN_HOUR_MS = 3_600_000;

let world: World;
let product: Product;
let market: Market;
const folder = mkdtempSync(join(tmpdir(), 'ballast-inventory-'));

beforeAll(async () => {
	world = await startWorld({ balances: {}, outcomes: true });
});
afterAll(async () => {
	rmSync(folder, { recursive: true });
	await world.stop();
});
beforeEach(async () => {
	await world.reset();
	market = await outcomes().prepareMarket({ questionId: `0x${'11'.repeat(32)}` });
});
afterEach(() => product.stop());

function outcomes() {
	const found = world.outcomes?.tokens.get('10');
	if (found === undefined) throw new Error('there are no outcome tokens');
	return found;
}

/** The invoices are read once an hour, so that nothing but the chains wakes anybody. */
const change: NonNullable<ProductOptions['change']> = (config) => {
	const shares = { token: 'erc1155', address: market.address, chain: '10', decimals: 6, holders: ['funder', 'wallet'] };
	const inventory = {
		...{ pollMs: 200, syncMs: 1_000, holders: { funder: FUNDER }, positionsApiUrl: world.outcomes?.positions.url },
		watch: [
			{ asset: 'YES', id: `${market.positionIds[0]}`, ...shares },
			{ asset: 'NO', id: `0x${market.positionIds[1].toString(16)}`, ...shares },
			{ asset: 'ETH', token: 'native', chain: '10', decimals: 18, holders: ['wallet'] },
			{ asset: 'USDC', token: 'erc20', address: world.chain('10').usdc, chain: '10', decimals: 6, holders: ['funder'] },
		],
	};
	return { ...config, inventory, everclear: { ...config.everclear, pollMs: AN_HOUR_MS } };
};

async function started(): Promise<void> {
	product = await startProduct(world, { change });
	await until('the books are open', async () => {
		const rows = await product.sql`select 1 from balance_snapshots where opened_block is not null`;
		return rows.length === 9 ? true : null;
	});
}

async function run(...args: string[]) {
	const path = join(folder, 'ballast.yaml');
	writeFileSync(path, JSON.stringify(change(world.config())));
	return ballast({ DATABASE_URL: product.databaseUrl, BALLAST_CONFIG: path }, ...args);
}

async function proof(): Promise<ShownProof & { code: number }> {
	const { code, stdout } = await run('inventory', 'prove', '--json');
	return { ...JSON.parse(stdout), code };
}

const untilSeen = (venue: string, asset: string, units: bigint) =>
	until(`${units} ${asset} at ${venue}`, async () => {
		const [row] = await product.sql<
			{ amount: string }[]
		>`select amount::text from balance_snapshots where venue = ${venue} and asset = ${asset}`;
		return row?.amount === units.toString() ? true : null;
	});

describe('an inventory that is what the chain says', () => {
	it('knows tokens with an id that a batch has brought to an account that does not sign, and the books say why', async () => {
		await started();
		await world.fund('10', '100', SOMEBODY);
		await outcomes().split(market, { holder: SOMEBODY, amount: 40n * SHARE });
		const [yes, no] = market.positionIds;
		await outcomes().transferBatch({
			from: SOMEBODY,
			to: FUNDER,
			tokens: [
				{ id: yes, value: 30n * SHARE },
				{ id: no, value: 10n * SHARE },
			],
		});
		await outcomes().transfer({ from: SOMEBODY, to: world.wallet, id: yes, value: 5n * SHARE });
		await Promise.all([
			untilSeen('10/funder', 'YES', 30n * SHARE),
			untilSeen('10/funder', 'NO', 10n * SHARE),
			untilSeen('10', 'YES', 5n * SHARE),
		]);
		const shown = await until('all of it is proven', async () => {
			const found = await proof();
			return found.code === 0 && found.open.length === 0 ? found : null;
		});
		expect(shown.positions).toContainEqual(
			expect.objectContaining({ venue: '10/funder', asset: 'YES', chain: '30', ledger: '30', unexplained: '0' }),
		);
		const external =
			await product.sql`select amount::text from ledger_entries where event = 'external' and venue = '10/funder' and account = 'wallet' order by 1`;
		expect(external.map(({ amount }) => amount)).toEqual([`${10n * SHARE}`, `${30n * SHARE}`]);
	}, 60_000);

	it('wakes what waits for funds as soon as they come', async () => {
		await started();
		const wanted = invoice({ label: 'waits', owner: SOMEBODY, amount: '50', origin: '1', destinations: ['10'] });
		await world.everclear.addInvoice(wanted);
		await product.app.everclear.invoice(wanted.intent_id);
		await product.sql`insert into outbox (topic, payload) values ('invoice', ${product.sql.json({ invoiceId: wanted.intent_id })})`;
		await untilWaiting(product, wanted.intent_id, 'INSUFFICIENT_FUNDS');
		await world.fund('10', '60');
		await untilSettled(product, wanted.intent_id, 15_000);
		const shown = await until('gas is in the books', async () => {
			const found = await proof();
			const [gas] =
				await product.sql`select 1 from ledger_entries where account = 'fees' and asset = 'ETH' and venue = '10' and amount > 0`;
			return found.code === 0 && gas !== undefined ? found : null;
		});
		expect(shown.accounts).toContainEqual(expect.objectContaining({ account: 'receivable', venue: '10', unexplained: '0' }));
	}, 60_000);

	it('takes back what a reorganisation takes back, in the balance and in the books', async () => {
		await started();
		const { client } = world.chain('56');
		await world.fund('56', '7');
		await untilSeen('56', 'USDC', 7n * 10n ** 18n);
		await client.transport.request({ method: 'anvil_reorg', params: [3, []] });
		await untilSeen('56', 'USDC', 0n);
		await until('nothing is open', async () => ((await proof()).open.length === 0 ? true : null));
		expect(await proof()).toMatchObject({ code: 0, proven: true });
	}, 60_000);

	it('names what nothing explains', async () => {
		await world.fund('1', '20');
		await started();
		expect(await proof()).toMatchObject({ code: 0, proven: true });
		const posting = '00000000-0000-4000-8000-00000000beef';
		await product.sql`insert into ledger_entries (posting, event, account, venue, asset, amount, tx) values
			(${posting}, 'external', 'wallet', '1', 'USDC', 5000000, '0xnowhere'), (${posting}, 'external', 'external', '1', 'USDC', -5000000, '0xnowhere')`;
		const shown = await proof();
		expect(shown).toMatchObject({ code: 1, proven: false });
		expect(shown.positions.filter(({ unexplained }) => unexplained !== '0')).toEqual([
			expect.objectContaining({ venue: '1', asset: 'USDC', chain: '20', ledger: '25', unexplained: '-5' }),
		]);
		const { stdout, stderr } = await run('inventory', 'prove');
		expect(stdout).toMatch(/USDC at 1 +20 +25 +0 +-5 /);
		expect(stderr).toContain('not every unit is explained');
	}, 60_000);

	it('is compared with a second opinion, which never counts', async () => {
		await started();
		const [yes, no] = market.positionIds;
		const row = { asset: yes, oppositeAsset: no, conditionId: market.conditionId, outcomeIndex: 0, shares: '12.5' } as const;
		world.outcomes?.positions.set(FUNDER, [row]);
		const { stdout } = await run('inventory', 'compare', '--json');
		const { positions } = JSON.parse(stdout);
		expect(positions).toContainEqual(
			expect.objectContaining({ venue: '10/funder', asset: 'YES', latest: '0', secondary: '12.5', difference: '12.5' }),
		);
		expect(positions).toContainEqual(
			expect.objectContaining({ venue: '10/funder', asset: 'NO', latest: '0', secondary: '0', difference: '0' }),
		);
		expect(positions).toContainEqual(
			expect.objectContaining({ venue: '1', asset: 'USDC', latest: '0', secondary: null, difference: null }),
		);
	}, 60_000);
});
