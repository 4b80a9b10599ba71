import { sql } from 'drizzle-orm';
import { encodeFunctionData, type Hash, type Hex, numberToHex } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokeAbi } from '../../sandbox/chains/abi.ts';
import { HUB_OPERATOR } from '../../sandbox/chains/accounts.ts';
import { mintUsdc } from '../../sandbox/chains/chain.ts';
import type { RpcFault } from '../../sandbox/chains/rpc-proxy.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { App } from '../../src/app.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createApp } from '../../src/create-app.ts';
import { TransientError } from '../../src/errors.ts';
import { createLog } from '../../src/observe/log.ts';
import { followReceivables } from '../../src/steps/invoice/receivables.ts';
import { inTransaction, openStore, type Store } from '../../src/store/db.ts';
import { testDatabase } from '../stack.ts';
import { CAUSE, openDemand, randomHash } from '../store/fixture.ts';

const TOKENS = 10n ** 18n;
const USDC = 10n ** 6n;
/** Blocks on top of a payment before it counts. */
const FINALITY = 2;

let world: World;
let store: Store;
let app: App;
let said: { msg: string; level: string; [key: string]: unknown }[] = [];
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
	await Promise.all([...world.chains.values()].map((chain) => mintUsdc(chain, chain.spoke, 10n ** BigInt(chain.decimals) * 10_000n)));
});
afterAll(() => world.stop());
beforeEach(async () => {
	await store?.close();
	store = openStore({ databaseUrl: await testDatabase(), pool: 6 });
	said = [];
	const log = createLog('info', 'test', { write: (line) => void said.push(JSON.parse(line)) });
	const config = resolveConfig(fileSchema.parse(world.config({ finalityBlocks: FINALITY })));
	app = createApp({ config, db: store.db, log, signerKey: undefined });
	world.everclear.fault = () => undefined;
	for (const { proxy } of world.chains.values()) proxy.fault = () => 'pass';
});
afterAll(() => store?.close());

/** Purchases of 100 USDC, paid on Ethereum; none was ever looked for unless `lookedFor` says so. Returns their intents. */
async function purchases(
	lookedUpTo: Record<string, string> = {},
	{ count = 1, lookedFor = false }: { count?: number; lookedFor?: boolean } = {},
): Promise<Hex[]> {
	const { demandId } = await openDemand(store.db);
	const intents = Array.from({ length: count }, randomHash);
	await inTransaction(store.db, CAUSE, async (tx) => {
		for (const intent of intents) {
			await tx.execute(sql`
				with earmark as (
					insert into earmarks (demand_id, asset, venue, amount, status, plan) values (${demandId}, 'USDC', '1', 1, 'cancelled', '{}') returning id)
				insert into receivables (earmark_id, intent_id, asset, origin, amount, amount_hub, hub_status, looked_up_to, created_at)
				select id, ${intent}, 'USDC', '1', ${(100n * USDC).toString()}, ${(100n * TOKENS).toString()}, 'NONE',
					${JSON.stringify(lookedUpTo)}::jsonb, now() - ${lookedFor ? 1 : 0} * interval '1 minute' from earmark`);
		}
	});
	return intents;
}

interface Row {
	readonly [column: string]: unknown;
	readonly status: string;
	readonly word: string;
	readonly upto: Record<string, string>;
}

async function rowOf(intent: Hex): Promise<Row> {
	const [row] = await store.db.execute<Row>(sql`
		select status, hub_status as word, looked_up_to as upto, settled_venue as venue, settled_amount::text as amount, settled_tx as tx
		from receivables where intent_id = ${intent}`);
	if (row === undefined) throw new Error(`no receivable ${intent}`);
	return row;
}

const ledger = () =>
	store.db.execute<{ entry: string }>(sql`select account || ' ' || venue || ' ' || amount as entry from ledger_entries order by id`);

/** The spoke pays the wallet, as the hub tells it to; `amount` has 18 decimals. */
async function hubPays(venue: string, intent: Hex, amount: bigint, blocksOnTop = FINALITY): Promise<Hash> {
	const { client, spoke, usdc } = world.chain(venue);
	const data = encodeFunctionData({ abi: spokeAbi, functionName: 'settle', args: [intent, world.wallet, usdc, amount] });
	const { transactionHash } = await client.execute({ from: HUB_OPERATOR.address, to: spoke, data });
	if (blocksOnTop > 0) await client.mine({ blocks: blocksOnTop });
	return transactionHash;
}

const headOf = (venue: string) => world.chain(venue).client.getBlockNumber();
const messages = (level: string) => said.filter((each) => each.level === level).map((each) => each.msg);

/** The chain's node claims this head and has no logs; returns the ranges that it was asked for. */
function longChain(venue: string, head: number, answer: (query: number) => RpcFault = () => ({ result: [] })): [number, number][] {
	const ranges: [number, number][] = [];
	world.chain(venue).proxy.fault = (method, params) => {
		if (method === 'eth_blockNumber') return { result: numberToHex(head) };
		if (method !== 'eth_getLogs') return 'pass';
		const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
		ranges.push([Number(fromBlock), Number(toBlock)]);
		return answer(ranges.length);
	};
	return ranges;
}

function hubSays(word: string): void {
	world.everclear.fault = ({ path, body }) =>
		path === '/intents/status'
			? { body: { intents: (body as { intentIds: string[] }).intentIds.map((intentId) => ({ intentId, status: word })) } }
			: undefined;
}

describe('a purchase that is owed', () => {
	it("is settled by the hub's payment on a chain, with where, how much and by what, and the books have it there", async () => {
		const [intent = '0x'] = await purchases();
		await followReceivables(app);
		expect(await rowOf(intent)).toMatchObject({ status: 'pending', venue: null });
		const tx = await hubPays('56', intent, (1_003n * TOKENS) / 10n);
		await followReceivables(app);
		const paid = (1_003n * TOKENS) / 10n;
		expect(await rowOf(intent)).toMatchObject({ status: 'settled', venue: '56', amount: paid.toString(), tx });
		expect((await ledger()).map((row) => row.entry)).toEqual([
			`receivable 1 -${100n * USDC}`,
			`hub 1 ${100n * USDC}`,
			`hub 56 -${100n * TOKENS}`,
			`wallet 56 ${100n * TOKENS}`,
			// The hub's reward comes from outside.
			`external 56 -${paid - 100n * TOKENS}`,
			`wallet 56 ${paid - 100n * TOKENS}`,
		]);
		expect(said).toContainEqual(expect.objectContaining({ msg: 'receivable settled', intent, venue: '56', amount: '100.3', tx }));
	});

	it("is not settled by the hub's word", async () => {
		const [intent = '0x'] = await purchases();
		hubSays('SETTLED_AND_COMPLETED');
		await followReceivables(app);
		expect(await rowOf(intent)).toMatchObject({ status: 'pending', word: 'SETTLED_AND_COMPLETED' });
		expect(await ledger()).toHaveLength(0);
	});

	it('is not settled before the payment is final', async () => {
		const [intent = '0x'] = await purchases();
		await hubPays('10', intent, 100n * TOKENS, FINALITY - 1);
		await followReceivables(app);
		expect((await rowOf(intent)).status).toBe('pending');
		await world.chain('10').client.mine({ blocks: 1 });
		await followReceivables(app);
		expect((await rowOf(intent)).status).toBe('settled');
	});

	it('is not settled by a settlement that pays dust, which a person is told of', async () => {
		const [intent = '0x'] = await purchases();
		await hubPays('10', intent, TOKENS / 1_000n);
		await followReceivables(app);
		expect((await rowOf(intent)).status).toBe('pending');
		expect(messages('warn')).toEqual(['a settlement of our purchase has not paid us']);
	});

	it('is posted once by many who look at the same time', async () => {
		const [intent = '0x'] = await purchases();
		await hubPays('10', intent, 100n * TOKENS);
		await Promise.all([1, 2, 3, 4].map(() => followReceivables(app)));
		expect(await ledger()).toHaveLength(4);
		expect(messages('info').filter((each) => each === 'receivable settled')).toHaveLength(1);
	});

	it('that arrives second is told of once, and settled by what is left after the discount', async () => {
		const [intent = '0x'] = await purchases();
		hubSays('INVOICED');
		await Promise.all([followReceivables(app), followReceivables(app)]);
		expect(await rowOf(intent)).toMatchObject({ status: 'invoiced', word: 'INVOICED' });
		expect(said.filter((each) => each.level === 'warn')).toEqual([
			expect.objectContaining({ msg: 'our purchase arrived second and is an invoice now', intent, venue: '1', amount: '100' }),
		]);
		hubSays('SETTLED');
		await followReceivables(app);
		expect(await rowOf(intent)).toMatchObject({ status: 'invoiced', word: 'SETTLED' });
		await hubPays('10', intent, 98n * TOKENS);
		await followReceivables(app);
		expect(await rowOf(intent)).toMatchObject({ status: 'settled', amount: (98n * USDC).toString() });
	});

	it('is paid even when the invoice API is silent, which is said all the same', async () => {
		const [paid = '0x'] = await purchases();
		const [open = '0x'] = await purchases();
		await hubPays('10', paid, 100n * TOKENS);
		world.everclear.fault = () => ({ status: 503 });
		await expect(followReceivables(app)).rejects.toBeInstanceOf(TransientError);
		expect([(await rowOf(paid)).status, (await rowOf(open)).status]).toEqual(['settled', 'pending']);
		expect(Object.keys((await rowOf(open)).upto)).toEqual(['1', '10', '56']);
	});
});

describe('the search', () => {
	it('resumes exactly where it ended', async () => {
		const [intent = '0x'] = await purchases({ 10: '70000' }, { lookedFor: true });
		const first = longChain('10', 70_500 + FINALITY);
		await followReceivables(app);
		expect(first).toEqual([[70_001, 70_500]]);
		expect((await rowOf(intent)).upto['10']).toBe('70500');
		const second = longChain('10', 70_501 + FINALITY);
		await followReceivables(app);
		expect(second).toEqual([[70_501, 70_501]]);
	});

	it('asks nothing when there is no new final block, nor below one that was taken back', async () => {
		const [intent = '0x'] = await purchases({ 10: '70000' }, { lookedFor: true });
		for (const head of [70_000 + FINALITY, 60_000]) {
			const ranges = longChain('10', head);
			await followReceivables(app);
			expect(ranges).toEqual([]);
		}
		expect((await rowOf(intent)).upto['10']).toBe('70000');
	});

	it('begins 2000 blocks back where the purchase has noted nothing', async () => {
		await purchases({}, { lookedFor: true });
		const ranges = longChain('10', 70_000 + FINALITY);
		await followReceivables(app);
		expect(ranges).toEqual([[68_001, 70_000]]);
	});

	it('begins well before what the purchase has noted, and keeps to that when it is interrupted', async () => {
		const [intent = '0x'] = await purchases({ 10: '30000' });
		const ranges = longChain('10', 30_000 + FINALITY, (query) => (query === 1 ? { result: [] } : 'error'));
		await followReceivables(app);
		expect(ranges.slice(0, 2)).toEqual([
			[20_001, 22_000],
			[22_001, 24_000],
		]);
		expect((await rowOf(intent)).upto['10']).toBe('22000');
	});

	it('finds what the hub has paid before our purchase was final', async () => {
		const [intent = '0x'] = await purchases();
		await hubPays('10', intent, 100n * TOKENS);
		const noted = JSON.stringify({ 10: `${await headOf('10')}` });
		await store.db.execute(sql`update receivables set looked_up_to = ${noted}::jsonb where intent_id = ${intent}`);
		await followReceivables(app);
		expect((await rowOf(intent)).status).toBe('settled');
	});

	it('takes a chain that was away for long in bounded steps', async () => {
		const [intent = '0x'] = await purchases({ 10: '0' }, { lookedFor: true });
		const ranges = longChain('10', 50_000 + FINALITY);
		await followReceivables(app);
		expect(ranges).toHaveLength(10);
		expect((await rowOf(intent)).upto['10']).toBe('20000');
		await followReceivables(app);
		await followReceivables(app);
		expect(ranges.at(-1)).toEqual([48_001, 50_000]);
		expect((await rowOf(intent)).upto['10']).toBe('50000');
	});

	it('asks about many purchases at once, each from where its own search has ended', async () => {
		const [behind = '0x'] = await purchases({ 10: '1000' }, { lookedFor: true });
		const [ahead = '0x'] = await purchases({ 10: '4500' }, { lookedFor: true });
		const ranges = longChain('10', 5_000 + FINALITY);
		await followReceivables(app);
		expect(ranges).toEqual([
			[1_001, 3_000],
			[3_001, 5_000],
		]);
		expect([(await rowOf(behind)).upto['10'], (await rowOf(ahead)).upto['10']]).toEqual(['5000', '5000']);
	});

	it('leaves its place at a chain that does not answer, and goes on at the others', async () => {
		const [paid = '0x'] = await purchases({ 56: '3' }, { lookedFor: true });
		const [open = '0x'] = await purchases({ 10: '5', 56: '3' }, { lookedFor: true });
		await hubPays('10', paid, 100n * TOKENS);
		world.chain('56').proxy.fault = () => 'error500';
		await followReceivables(app);
		expect((await rowOf(paid)).status).toBe('settled');
		const { upto } = await rowOf(open);
		expect(upto).toMatchObject({ 10: `${(await headOf('10')) - BigInt(FINALITY)}`, 56: '3' });
		expect(said).toContainEqual(expect.objectContaining({ level: 'warn', venue: '56', msg: 'payments of the hub not looked for' }));
	});

	it('looks at everybody in turn when there are more than it takes at once', async () => {
		await purchases({}, { count: 250 });
		const looked = async () => {
			const [row] = await store.db.execute<{ n: number }>(sql`select count(*)::int as n from receivables where updated_at > created_at`);
			return row?.n;
		};
		await followReceivables(app);
		expect(await looked()).toBe(200);
		await followReceivables(app);
		expect(await looked()).toBe(250);
	});
});
