import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { inTransaction, openStore, type Store } from '../../src/store/db.ts';
import { saveBalances } from '../../src/store/inventory.ts';
import { markOverdue, readLegsOf, setHopStatus, setLegStatus } from '../../src/store/legs.ts';
import { overrideReserve } from '../../src/store/reserves.ts';
import { writeStop } from '../../src/store/stops.ts';
import { testDatabase } from '../stack.ts';
import { CAUSE, earmarked, randomHash } from '../store/fixture.ts';
import { configFile, ballast as run } from './shell.ts';

const file = configFile();
let databaseUrl: string;
let store: Store;
beforeAll(async () => {
	databaseUrl = await testDatabase();
	store = openStore({ databaseUrl, pool: 4 });
});
afterAll(async () => {
	await store.close();
	file.remove();
});

const ballast = (...args: string[]) => run({ DATABASE_URL: databaseUrl, BALLAST_CONFIG: file.path }, ...args);

async function read(venue: string, units: bigint): Promise<void> {
	await saveBalances(store.db, [{ venue, asset: 'USDC', amount: amount(units), blockNumber: 5n, blockHash: '0x5', settled: null }]);
}

async function owed(origin: string, tokens: bigint, changes: { status?: string; hubStatus?: string } = {}) {
	const { earmarkId } = await earmarked(store.db, 1);
	const { status = 'pending', hubStatus = 'NONE' } = changes;
	const intent = randomHash();
	await store.db.execute(sql`
		insert into receivables (earmark_id, intent_id, asset, origin, amount, amount_hub, status, hub_status)
		values (${earmarkId}, ${intent}, 'USDC', ${origin}, 1, ${(tokens * 10n ** 18n).toString()}, ${status}, ${hubStatus})`);
	return { earmarkId, intent };
}

describe('ballast inventory', () => {
	it('shows what every spender sees, in token units, while all is stopped and no chain or queue answers', async () => {
		await read('1', 1_000_000_000n);
		await read('10', 40_000_000n);
		// Two legs of 41 units from 1, 20 units held and 80 inbound at 10.
		await earmarked(store.db, 2);
		await overrideReserve(store.db, {
			...{ venue: '10', asset: 'USDC', amount: amount(1_000_000n), expiresAt: null },
			...{ reasonCode: 'INCIDENT', reason: 'bridge incident', actor: 'kim' },
		});
		await writeStop(store.db, { stopped: true, actor: 'kim', reason: 'drill' });
		const { code, stdout } = await ballast('inventory', '--json');
		const [usdc, weth] = JSON.parse(stdout);
		expect(code).toBe(0);
		expect(usdc.positions).toMatchObject([
			{
				...{ venue: '1', chain: 'Ethereum', reserve: '10', override: null },
				reading: { confirmed: '1000', held: '0.000082', inbound: '0', available: '989.999918', stale: false },
			},
			{
				...{ venue: '10', chain: 'Optimism', reserve: '1' },
				override: { configured: '2500.5', reasonCode: 'INCIDENT', reason: 'bridge incident', actor: 'kim', expiresAt: null },
				reading: { confirmed: '40', held: '0.00002', inbound: '0.00008', available: '38.99998', stale: false },
			},
			{ venue: '56', chain: 'BSC', reserve: '0', override: null, reading: null },
		]);
		expect([usdc.owed, weth.asset, weth.positions]).toEqual([[], 'WETH', [expect.objectContaining({ reading: null })]]);
	});

	it('marks what is too old, never read, and overridden, and never adds what the hub owes to what is available', async () => {
		await owed('1', 90n);
		await owed('1', 10n, { status: 'invoiced' });
		await owed('10', 7n);
		await store.db.execute(sql`update balance_snapshots set taken_at = now() - interval '95 seconds' where venue = '1'`);
		const { stdout } = await ballast('inventory');
		expect(stdout).toMatch(/^USDC +confirmed +reserve +held +inbound +AVAILABLE +read\n/);
		expect(stdout).toMatch(/\n1 Ethereum +1000 +10 +0\.\d+ +\S+ +989\.\d+ +\d+ s ago STALE\n/);
		expect(stdout).toMatch(/\n10 Optimism +40 +\*1 +.* +38\.\d+ +\d+ s ago\n/);
		expect(stdout).toMatch(/\n56 BSC +\? +0 +\? +\? +\? +NEVER\n/);
		expect(stdout).toContain('\n* reserve at 10: 1 instead of 2500.5 until it is ended, by kim, INCIDENT: bridge incident\n');
		expect(stdout).toMatch(
			/\nthe hub owes 100 for 2 purchases paid at 1, since \S+Z\nthe hub owes 7 for a purchase paid at 10, since \S+Z\n/,
		);
		expect(stdout).toMatch(/\n\nWETH +confirmed/);
	});
});

describe('ballast inventory of what is only watched', () => {
	const watching = configFile(`
inventory:
  holders: { funder: "0x5555555555555555555555555555555555555555" }
  watch:
    - { asset: USDC, token: erc20, address: "0x2222222222222222222222222222222222222222", chain: "56", decimals: 18, holders: [funder] }
    - { asset: YES, token: erc1155, address: "0x6666666666666666666666666666666666666666", id: "0xff", chain: "10", decimals: 6, holders: [wallet, funder] }
    - { asset: ETH, token: native, chain: "10", decimals: 18, holders: [wallet] }
`);
	afterAll(() => watching.remove());

	it('shows it beside what is moved, at its account and in its own decimals, and what was never read as unknown', async () => {
		const none = { blockNumber: 5n, blockHash: '0x5', settled: null };
		await saveBalances(store.db, [
			{ venue: '56/funder', asset: 'USDC', amount: amount(1_500_000_000_000_000_001n), ...none },
			{ venue: '10/funder', asset: 'YES', amount: amount(12_500_000n), ...none },
		]);
		const show = (...args: string[]) => run({ DATABASE_URL: databaseUrl, BALLAST_CONFIG: watching.path }, 'inventory', ...args);
		const shown: { asset: string; positions: { venue: string }[] }[] = JSON.parse((await show('--json')).stdout);
		expect(shown.map(({ asset, positions }) => `${asset} ${positions.map(({ venue }) => venue).join(' ')}`)).toEqual([
			...['USDC 1 10 56 56/funder', 'WETH 1', 'YES 10 10/funder', 'ETH 10'],
		]);
		const [usdc, , yes, eth] = shown;
		expect(usdc?.positions[3]).toMatchObject({ chain: 'BSC', reserve: '0', reading: { confirmed: '1.500000000000000001', held: '0' } });
		expect(yes?.positions).toMatchObject([{ reading: null }, { chain: 'Optimism', reading: { confirmed: '12.5' } }]);
		expect(eth?.positions).toMatchObject([{ chain: 'Optimism', reading: null }]);
		const { stdout } = await show();
		expect(stdout).toMatch(/\n56\/funder BSC +1\.500000000000000001 +0 /);
		expect(stdout).toMatch(/\n\nYES +confirmed .*\n10 Optimism +\? .*NEVER\n10\/funder Optimism +12\.5 /);
	});
});

describe('ballast status', () => {
	it('shows legs that are overdue as long as they are in flight, and purchases of which no payment was seen', async () => {
		const { earmarkId } = await earmarked(store.db, 1);
		const [leg] = await readLegsOf(store.db, earmarkId);
		if (leg === undefined) throw new Error('a leg expected');
		await inTransaction(store.db, CAUSE, async (tx) => {
			for (const to of ['sending', 'in_flight'] as const) {
				await setLegStatus(tx, { id: leg.id, to });
				for (const { id } of leg.hops) await setHopStatus(tx, { id, to });
			}
			await markOverdue(tx, leg);
		});
		const second = await owed('1', 90n, { status: 'invoiced', hubStatus: 'INVOICED' });
		const unseen = await owed('1', 8n, { hubStatus: 'SETTLED_AND_COMPLETED' });
		await owed('1', 9n, { status: 'settled', hubStatus: 'SETTLED' });
		const { stdout } = await ballast('status');
		expect(stdout).toContain(`OVERDUE leg ${leg.id} over across-1-10-USDC: 41 base units under way, noticed `);
		expect(stdout).toContain(
			`purchase ${second.intent} of 90 USDC at 1 arrived second and is an invoice now; earmark ${second.earmarkId}\n`,
		);
		expect(stdout).toContain(`purchase ${unseen.intent} of 8 USDC at 1 is SETTLED_AND_COMPLETED for the hub, and no payment was seen; `);
		expect(stdout).not.toContain('of 9 USDC');
		const status = JSON.parse((await ballast('status', '--json')).stdout);
		expect(status.overdue).toEqual([expect.objectContaining({ leg: leg.id, earmark: earmarkId, asset: 'USDC', send: '41' })]);
		expect(status.receivables).toContainEqual(
			expect.objectContaining({ intent: second.intent, venue: '1', amount: '90', status: 'invoiced' }),
		);
		expect(status.reserves).toEqual([expect.objectContaining({ venue: '10', asset: 'USDC', amount: '1000000', actor: 'kim' })]);
		await inTransaction(store.db, CAUSE, (tx) => setLegStatus(tx, { id: leg.id, to: 'delivered', delivered: amount(40n) }));
		expect((await ballast('status')).stdout).not.toContain('OVERDUE');
	});
});
