import { afterAll, beforeAll, expect, it } from 'vitest';
import { newGate } from '../../src/health/gate.ts';
import { amount } from '../../src/money/amount.ts';
import { type Db, openStore, type Store } from '../../src/store/db.ts';
import { addCounts, NOTHING_COUNTED } from '../../src/store/fill-reports.ts';
import { writePositions } from '../../src/store/fills.ts';
import { openRecoveries, takeRecovery, writeGate } from '../../src/store/health.ts';
import { until } from '../product.ts';
import { testDatabase } from '../stack.ts';
import { configFile, ballast as run } from './shell.ts';

const WATCHED = 'token: erc1155, address: "0x5555555555555555555555555555555555555555", chain: "10", decimals: 6, holders: [wallet]';
const fills = (phase: string) => `inventory:
  watch: [{ asset: "YES", id: "1", ${WATCHED} }, { asset: "NO", id: "2", ${WATCHED} }]
fills: { phase: "${phase}", markets: { btc: { assets: ["YES", "NO"] } } }
`;
const POSITION = { venue: '10', asset: 'YES' };

const files = { on: configFile(fills('degrade')), off: configFile(fills('off')), shadow: configFile(fills('shadow')) };
let [place, store]: [string, Store | null] = ['', null];
beforeAll(async () => {
	place = await testDatabase();
	store = openStore({ databaseUrl: place, pool: 4 });
});
afterAll(async () => {
	for (const each of Object.values(files)) each.remove();
	await store?.close();
});

const ballast = (...args: string[]) => run({ DATABASE_URL: place, BALLAST_CONFIG: files.on.path }, ...args);

function db(): Db {
	if (store === null) throw new Error('there is no database yet');
	return store.db;
}

it('shows what nobody has looked at as unknown, and halted', async () => {
	const { stdout } = await ballast('markets');
	expect(stdout).toContain('all markets: HALTED: the chain was never looked at');
	expect(stdout).toMatch(/YES@10 +\? +\? +\? +\? +\? +chain +\? +nothing +NEVER/);
	const { markets } = JSON.parse((await ballast('markets', '--json')).stdout);
	expect(markets[0].tokens[0]).toMatchObject({ confirmed: null, effective: null, size: null, ageSeconds: null });
});

it('shows states, sizes and how to quote, and says why in the log', async () => {
	const degraded = { ...newGate(1_000), state: 'degraded', reason: 'far off' } as const;
	await db().transaction(async (tx) => {
		await writeGate(tx, { market: '*', gate: newGate(1_000), actor: 'feed' });
		await writeGate(tx, { market: 'btc', gate: degraded, actor: 'feed' });
		await writePositions(tx, [
			{
				...{
					...POSITION,
					confirmed: amount(100_000_000n),
					block: { number: 7n, hash: '0x7' },
					pendingBuy: 12_500_000n,
					pendingSell: 30_000_000n,
				},
				...{ bought: 112_500_000n, sellable: 70_000_000n, strangers: [], lateCount: 0, api: null, apiAtMs: null, source: 'chain' },
			},
		]);
	});
	const { stdout } = await ballast('markets');
	expect(stdout).toContain('btc: DEGRADED since 1970-01-01T00:00:01.000Z: far off');
	expect(stdout).toMatch(/YES@10 +100 +12\.5 +30 +82\.5 +70 +chain +82\.5 +sell only, 50 %, \+1 tick +\d s ago/);
	const { stdout: log } = await ballast('markets', 'log');
	expect(log).toMatch(/btc: new -> degraded, by feed: far off\n.+\*: new -> normal, by feed/);
});

it('shows a market no better than all together, and gives no advice before the last phase', async () => {
	const halted = { ...newGate(1_000), state: 'halted', reason: 'no look' } as const;
	await db().transaction((tx) => writeGate(tx, { market: '*', gate: halted, actor: 'feed' }));
	const token = async (path: string) => {
		const { stdout } = await run({ DATABASE_URL: place, BALLAST_CONFIG: path }, 'markets', '--json');
		const [{ state, tokens }] = JSON.parse(stdout).markets;
		return [state, tokens[0].advice.sides, tokens[0].advice.sizeBps];
	};
	expect(await token(files.on.path)).toEqual(['halted', 'none', 0]);
	expect(await token(files.shadow.path)).toEqual(['halted', 'both', 10_000]);
});

it('reports what a phase has shown', async () => {
	expect((await ballast('markets', 'report', '--phase', 'shadow')).stdout).toBe('nothing was counted in phase shadow since then\n');
	const counts = {
		...NOTHING_COUNTED,
		looks: 9,
		compared: 4,
		differed: 1,
		worst: 1_500_000n,
		heard: 3,
		absorbed: 2,
		settleMs: 5_000,
		settleMsMost: 4_000,
	};
	await db().transaction((tx) => addCounts(tx, [{ phase: 'degrade', ...POSITION, ...counts }]));
	const { stdout } = await ballast('markets', 'report');
	expect(stdout).toMatch(/YES@10 +9 +0 +0 +0 +4 +1 +1\.5\n/);
	expect(stdout).toMatch(/YES@10 +3 +2 +0 +0 +0 +2\.5 +4\n/);
	expect(stdout).toMatch(/btc +1 +0/);
	const report = JSON.parse((await ballast('markets', 'report', '--json')).stdout);
	expect(report).toMatchObject({ phase: 'degrade', tokens: [{ asset: 'YES', worst: '1.5', settledMs: { mean: 2_500, most: 4_000 } }] });
});

it("takes an operator's word, and no market that nobody knows", async () => {
	const unknown = await ballast('markets', 'recover', 'doge', '--reason', 'why not');
	expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('there is no market "doge"; there are *, btc')]);
	const asked = ballast('markets', 'recover', 'btc', '--reason', 'it is back', '--actor', 'ann', '--json');
	const [word] = await until('the word is there', async () => {
		const open = await openRecoveries(db());
		return open.length === 1 ? open : null;
	});
	await db().transaction((tx) => takeRecovery(tx, word?.id ?? 0n));
	expect(JSON.parse((await asked).stdout)).toEqual({ market: 'btc', actor: 'ann', reason: 'it is back', taken: true, state: 'degraded' });
});

it('has nothing to show while fills are not looked at', async () => {
	const other = (...args: string[]) => run({ DATABASE_URL: place, BALLAST_CONFIG: files.off.path }, ...args);
	expect((await other('markets')).stdout).toContain('fills.phase is "off"');
	expect(await other('markets', 'report')).toMatchObject({ code: 2, stderr: expect.stringContaining('name a phase with --phase') });
});
