import { getAbiItem, toEventSelector, toFunctionSelector, zeroAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokeAbi, spokePoolAbi, usdcAbi } from '../../sandbox/chains/abi.ts';
import { INVOICE_OWNERS, SOLVER } from '../../sandbox/chains/accounts.ts';
import { MULTICALL3 } from '../../sandbox/chains/client.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { get } from './requests.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const OWNER = INVOICE_OWNERS[0]?.address ?? zeroAddress;
const ALL = ['1', '10', '56'];

describe('the contracts', () => {
	it('answer on every chain, USDC with 6, 6 and 18 decimals, at addresses that differ from chain to chain', async () => {
		const decimals = await Promise.all(
			ALL.map((id) => world.chain(id).client.readContract({ address: world.chain(id).usdc, abi: usdcAbi, functionName: 'decimals' })),
		);
		expect(decimals).toEqual([6, 6, 18]);
		for (const { client, usdc, spokePool } of world.chains.values()) {
			const [version, quote, fill] = await client.multicall({
				allowFailure: false,
				multicallAddress: MULTICALL3,
				contracts: [
					{ address: usdc, abi: usdcAbi, functionName: 'version' },
					{ address: spokePool, abi: spokePoolAbi, functionName: 'depositQuoteTimeBuffer' },
					{ address: spokePool, abi: spokePoolAbi, functionName: 'fillDeadlineBuffer' },
				],
			});
			expect([version, quote, fill]).toEqual(['2', 3_600, 21_600]);
		}
		expect(new Set([...world.chains.values()].flatMap(({ usdc, spokePool, spoke }) => [usdc, spokePool, spoke])).size).toBe(9);
	});

	it('speak Everclear: the selector and the topic are those of the deployed spokes', () => {
		expect(toFunctionSelector(getAbiItem({ abi: spokeAbi, name: 'newIntent' }))).toBe('0x4a943d21');
		expect(toEventSelector(getAbiItem({ abi: spokeAbi, name: 'IntentAdded' }))).toBe(
			'0x80eb6c87e9da127233fe2ecab8adf29403109adc6bec90147df35eeee0745991',
		);
	});

	it('refuse an intent that the real spoke would refuse', async () => {
		const { client, spoke, usdc } = world.chain('1');
		const refusal = async (args: {
			destinations?: number[];
			outputAsset?: `0x${string}`;
			amount?: bigint;
			ttl?: number;
			maxFee?: number;
		}) => {
			const { destinations = [10, 56], outputAsset = zeroAddress, amount = 1n, ttl = 0, maxFee = 0 } = args;
			const call = client.simulateContract({
				account: SOLVER.address,
				address: spoke,
				abi: [...spokeAbi, ...errors],
				functionName: 'newIntent',
				args: [destinations, SOLVER.address, usdc, outputAsset, amount, maxFee, ttl, '0x'],
			});
			return call.then(
				() => 'accepted',
				(error: Error) => /NewIntent_(\w+)\(/.exec(error.message)?.[1],
			);
		};
		const errors = ['InvalidIntent', 'OutputAssetNotNull', 'OutputAssetNull', 'ZeroAmount'].map((name) => ({
			type: 'error' as const,
			name: `EverclearSpoke_NewIntent_${name}`,
			inputs: [],
		}));
		expect(await refusal({ destinations: [] })).toBe('InvalidIntent');
		expect(await refusal({ destinations: Array.from({ length: 11 }, (_, index) => 100 + index) })).toBe('InvalidIntent');
		expect(await refusal({ outputAsset: usdc })).toBe('OutputAssetNotNull');
		expect(await refusal({ ttl: 60 })).toBe('OutputAssetNotNull');
		expect(await refusal({ destinations: [10], ttl: 60 })).toBe('OutputAssetNull');
		expect(await refusal({ amount: 0n })).toBe('ZeroAmount');
	});
});

describe('the configuration', () => {
	it('is what the product accepts, with all six routes', () => {
		const config = resolveConfig(fileSchema.parse(world.config({ reserves: { 56: '2.5' } })));
		expect(config.routes).toHaveLength(6);
		expect(config.assets.get('USDC')?.venues.get('56')).toMatchObject({ decimals: 18, reserve: 25n * 10n ** 17n });
		expect(config.wallet).toBe(world.wallet);
	});
});

describe('time', () => {
	it('passes on all chains at once', async () => {
		const clocks = () => Promise.all([...world.chains.values()].map(async ({ client }) => Number((await client.getBlock()).timestamp)));
		const before = await clocks();
		await world.passTime(3_600);
		for (const [index, after] of (await clocks()).entries()) expect(after - (before[index] ?? 0)).toBeGreaterThanOrEqual(3_600);
	});
});

describe('misbehaviour', () => {
	it('of an API replaces, delays or withholds an answer, and ends with a reset', async () => {
		world.everclear.fault = ({ path }) =>
			path === '/invoices' ? { status: 429, headers: { 'retry-after': '1' }, body: 'slow down' } : undefined;
		const refused = await fetch(`${world.everclear.url}/invoices`);
		expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([429, '1', 'slow down']);
		world.across.fault = () => ({ hang: true });
		await expect(fetch(`${world.across.url}/available-routes`, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout|aborted/);
		await world.reset();
		expect((await get(`${world.everclear.url}/invoices`)).status).toBe(200);
	});

	it('of an RPC endpoint is decided per method, in batches too, and every request is counted', async () => {
		const { url, proxy } = world.chain('1');
		const ask = (body: unknown) => fetch(url, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(300) });
		const call = (id: number, method: string, params: unknown[] = []) => ({ jsonrpc: '2.0', id, method, params });
		proxy.fault = (method) => (method === 'eth_gasPrice' ? 'error' : method === 'eth_blockNumber' ? { result: '0x7' } : 'pass');
		const answers = (await (await ask([call(1, 'eth_chainId'), call(2, 'eth_gasPrice'), call(3, 'eth_blockNumber')])).json()) as unknown[];
		expect(answers).toMatchObject([
			{ id: 1, result: '0x1' },
			{ id: 2, error: { code: -32_000 } },
			{ id: 3, result: '0x7' },
		]);
		proxy.fault = () => 'error500';
		expect((await ask(call(4, 'eth_chainId'))).status).toBe(500);
		proxy.fault = (method) => (method === 'evm_mine' ? 'timeout-after-accept' : 'hang');
		const before = await world.chain('1').client.getBlockNumber();
		await expect(ask(call(5, 'evm_mine'))).rejects.toThrow();
		await expect(ask(call(6, 'evm_increaseTime', [1]))).rejects.toThrow();
		expect(await world.chain('1').client.getBlockNumber()).toBe(before + 1n);
		expect([proxy.counts.get('eth_chainId'), proxy.counts.get('evm_mine')]).toEqual([2, 1]);
	});

	it('of an RPC endpoint may be lateness, or 429 with Retry-After; either takes its whole batch along', async () => {
		const { url, proxy } = world.chain('1');
		const call = (id: number, method: string) => ({ jsonrpc: '2.0', id, method, params: [] });
		const ask = (...methods: string[]) =>
			fetch(url, {
				method: 'POST',
				body: JSON.stringify(methods.map((method, id) => call(id, method))),
				signal: AbortSignal.timeout(2_000),
			});
		proxy.fault = (method) => (method === 'eth_gasPrice' ? { delayMs: 150 } : method === 'evm_mine' ? { retryAfterSeconds: 3 } : 'pass');
		const startedMs = Date.now();
		expect(await (await ask('eth_chainId', 'eth_gasPrice')).json()).toMatchObject([{ result: '0x1' }, { id: 1 }]);
		expect(Date.now() - startedMs).toBeGreaterThanOrEqual(145);
		const before = await world.chain('1').client.getBlockNumber();
		const refused = await ask('eth_chainId', 'evm_mine');
		expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
		expect(await world.chain('1').client.getBlockNumber()).toBe(before);
	});

	it('leaves nothing behind: a reset empties wallet, invoices and history', async () => {
		await world.fund('10', '5');
		await world.everclear.addInvoice(invoice({ label: 'gone', owner: OWNER, amount: '1', origin: '1', destinations: ['10'] }));
		await world.reset();
		expect(await world.balanceOf('10', world.wallet)).toBe(0n);
		expect((await get(`${world.everclear.url}/invoices`)).body.invoices).toEqual([]);
		expect(await world.allowances(world.wallet)).toHaveLength(8);
	});
});

it('keeps its contracts through a reorganisation down to its start, however often that has been', async () => {
	const { client, usdc } = world.chain('1');
	// As long as a node lives that keeps the states of as few blocks as it ever does in its memory.
	await client.mine({ blocks: 1_100 });
	for (let round = 0; round < 12; round++) {
		await world.reset();
		await client.mine({ blocks: 5 });
		await client.transport.request({ method: 'anvil_reorg', params: [5, []] });
		expect(await client.getCode({ address: usdc }), `round ${round}`).toBeDefined();
	}
});
