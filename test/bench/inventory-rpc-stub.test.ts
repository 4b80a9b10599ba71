import {
	type Address,
	BaseError,
	createPublicClient,
	encodeEventTopics,
	erc20Abi,
	type Hex,
	http,
	multicall3Abi,
	pad,
	parseAbi,
	parseAbiItem,
	RpcRequestError,
	slice,
	toHex,
} from 'viem';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RpcStubs, type ServedChain, startRpcStubs } from '../../bench/inventory/rpc-stub.ts';
import { MULTICALL3 } from '../../bench/inventory/stub-calls.ts';

const erc1155Abi = parseAbi([
	'function balanceOf(address holder, uint256 id) view returns (uint256)',
	'function balanceOfBatch(address[] holders, uint256[] ids) view returns (uint256[])',
]);
const blocksAbi = parseAbi([
	'function getBlockNumber() view returns (uint256)',
	'function getBlockHash(uint256 number) view returns (bytes32)',
	'function getLastBlockHash() view returns (bytes32)',
]);
const TRANSFER = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)');
const SINGLE = parseAbiItem(
	'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
);
const ZERO = '0x0000000000000000000000000000000000000000';
const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const NOBODY_HASH: Hex = `0x${'ab'.repeat(32)}`;

let open: RpcStubs | null = null;

afterEach(async () => {
	await open?.stop();
	open = null;
});

async function start({ chains = [10], latencyMs = 0, seed = 7 } = {}) {
	await open?.stop();
	open = await startRpcStubs({ chains, latencyMs, seed });
	const chain = first(open.chains);
	return { stubs: open, chain, client: clientOf(chain) };
}

function clientOf({ url }: ServedChain, batch = false) {
	return createPublicClient({ cacheTime: 0, transport: http(url, { retryCount: 0, batch }) });
}

function first<T>(list: readonly T[]): T {
	const [found] = list;
	if (found === undefined) throw new Error('there is none');
	return found;
}

/** What every holder has of every token and id, asked for in one request. */
function heldBy(chain: ServedChain, at: { blockHash: Hex; requireCanonical: boolean } | { blockNumber: bigint }) {
	const { tokens, collection, holders } = chain;
	const contracts = holders.flatMap((holder) => [
		...tokens.map(({ address }) => ({ address, abi: erc20Abi, functionName: 'balanceOf' as const, args: [holder] as const })),
		...collection.ids.map((id) => ({
			...{ address: collection.address, abi: erc1155Abi, functionName: 'balanceOf' as const },
			args: [holder, id] as const,
		})),
		{ address: MULTICALL3, abi: multicall3Abi, functionName: 'getEthBalance' as const, args: [holder] as const },
	]);
	return clientOf(chain).multicall({ allowFailure: false, multicallAddress: MULTICALL3, batchSize: 0, contracts, ...at });
}

function expected({ tokens, collection, holders, balance }: ServedChain) {
	return holders.flatMap((holder) => [
		...tokens.map(({ address }) => balance({ token: address, holder })),
		...collection.ids.map((id) => balance({ token: collection.address, holder, id })),
		balance({ token: 'native', holder }),
	]);
}

async function refusal(asked: Promise<unknown>): Promise<{ code: number; message: string }> {
	const error = await asked.then(
		() => null,
		(reason: unknown) => reason,
	);
	const refused = error instanceof BaseError ? error.walk((each) => each instanceof RpcRequestError) : null;
	if (!(refused instanceof RpcRequestError)) throw new Error(`no refusal: ${error}`);
	return { code: refused.code, message: refused.details };
}

describe('the endpoints that the measurement of the inventory asks', () => {
	it('say blocks, the chain and code as nodes do', async () => {
		const { client, chain } = await start({ chains: [8453] });
		const [latest, safe, finalized, earliest] = await Promise.all(
			(['latest', 'safe', 'finalized', 'earliest'] as const).map((blockTag) => client.getBlock({ blockTag })),
		);
		const head = BigInt(chain.head().number);
		expect([latest, safe, finalized, earliest].map((block) => block?.number)).toEqual([head, head - 4n, head - 8n, 0n]);
		const parent = await client.getBlock({ blockNumber: head - 1n });
		expect(latest).toMatchObject({ hash: chain.head().hash, parentHash: parent.hash, transactions: [], timestamp: parent.timestamp + 2n });
		expect(await client.getBlock({ blockHash: parent.hash })).toEqual(parent);
		expect(await client.getChainId()).toBe(8453);
		expect(await client.request({ method: 'net_version' })).toBe('8453');
		expect(await client.getBlockNumber()).toBe(head);
		await expect(client.getBlock({ blockNumber: head + 1n })).rejects.toThrow('could not be found');
		const codes = [first(chain.tokens).address, chain.collection.address, MULTICALL3, STRANGER] as const;
		const found = await Promise.all(codes.map((address) => client.getCode({ address })));
		expect(found.map((code) => code !== undefined)).toEqual([true, true, true, false]);
	});

	it('answer one multicall at a block hash with every balance as of that block', async () => {
		const { chain } = await start();
		const before = { block: chain.head(), held: expected(chain) };
		const [holder, other] = chain.holders as readonly [Address, Address];
		const [token] = chain.tokens;
		const id = first(chain.collection.ids);
		chain.transfer(
			{ token: token?.address ?? 'native', from: holder, to: other, amount: 5n },
			{ token: chain.collection.address, id, from: holder, to: STRANGER, amount: 3n },
			{ token: 'native', from: ZERO, to: other, amount: 2n },
		);
		const after = { block: chain.head(), held: expected(chain) };
		expect(before.held).toHaveLength(2 * (8 + 3 + 1));
		expect(before.held.every((held) => held > 0n)).toBe(true);
		const changes = after.held.map((held, index) => held - (before.held[index] ?? 0n));
		expect(changes).toEqual([-5n, ...Array(7).fill(0n), -3n, 0n, 0n, 0n, 5n, ...Array(7).fill(0n), 0n, 0n, 0n, 2n]);
		for (const { block, held } of [before, after]) {
			expect(await heldBy(chain, { blockHash: block.hash, requireCanonical: true })).toEqual(held);
			expect(await heldBy(chain, { blockNumber: BigInt(block.number) })).toEqual(held);
		}
		expect(chain.requests()).toMatchObject({ total: 4, httpRequests: 4, byMethod: new Map([['eth_call', 4]]) });
	});

	it('answer the same calls when they are made directly', async () => {
		const { client, chain } = await start();
		const { collection, holders } = chain;
		const [holder, other] = holders as readonly [Address, Address];
		const token = chain.tokens[2] ?? first(chain.tokens);
		const read = { address: token.address, abi: erc20Abi };
		expect(await client.readContract({ ...read, functionName: 'balanceOf', args: [holder] })).toBe(
			chain.balance({ token: token.address, holder }),
		);
		expect(await client.readContract({ ...read, functionName: 'decimals' })).toBe(18);
		expect(await client.getBalance({ address: other })).toBe(chain.balance({ token: 'native', holder: other }));
		const pairs = holders.flatMap((each) => [...collection.ids, 1n].map((id) => ({ holder: each, id })));
		const batch = { address: collection.address, abi: erc1155Abi, functionName: 'balanceOfBatch' as const };
		expect(await client.readContract({ ...batch, args: [pairs.map((pair) => pair.holder), pairs.map(({ id }) => id)] })).toEqual(
			pairs.map((pair) => chain.balance({ token: collection.address, ...pair })),
		);
		expect(Math.max(...collection.ids.map((id) => id.toString(2).length))).toBeGreaterThan(250);
		await expect(client.readContract({ ...batch, args: [[holder], []] })).rejects.toThrow('length mismatch');
	});

	it('tell a block its own number and the hashes of those before it', async () => {
		const { client, chain } = await start();
		for (let more = 0; more < 300; more += 1) chain.mine();
		const head = chain.head();
		const at = { address: MULTICALL3, abi: blocksAbi } as const;
		const hashOf = (number: number) => client.readContract({ ...at, functionName: 'getBlockHash', args: [BigInt(number)] });
		expect(await client.readContract({ ...at, functionName: 'getBlockNumber' })).toBe(BigInt(head.number));
		expect(await client.readContract({ ...at, functionName: 'getLastBlockHash' })).toBe(chain.blockAt(head.number - 1)?.hash);
		expect(await hashOf(head.number - 256)).toBe(chain.blockAt(head.number - 256)?.hash);
		const unknown = [head.number - 257, head.number, head.number + 1];
		expect(await Promise.all(unknown.map(hashOf))).toEqual(unknown.map(() => `0x${'00'.repeat(32)}`));
	});

	it('fail one call of a multicall where it is allowed to fail, and all of them where it is not', async () => {
		const { client, chain } = await start();
		const [token, holder] = [first(chain.tokens), first(chain.holders)];
		const good = { address: token.address, abi: erc20Abi, functionName: 'balanceOf' as const, args: [holder] as const };
		const bad = { ...good, functionName: 'allowance' as const, args: [holder, STRANGER] as const };
		const results = await client.multicall({ multicallAddress: MULTICALL3, contracts: [good, bad, { ...good, address: STRANGER }] });
		expect(results.map(({ status }) => status)).toEqual(['success', 'failure', 'failure']);
		const calls = [false, true].map((allowFailure) => [{ target: token.address, allowFailure, callData: '0x12345678' as const }]);
		const aggregate = (index: number) =>
			client.readContract({ address: MULTICALL3, abi: multicall3Abi, functionName: 'aggregate3', args: [calls[index] ?? []] });
		expect(await refusal(aggregate(0))).toEqual({ code: 3, message: 'execution reverted: Multicall3: call failed' });
		expect(await aggregate(1)).toEqual([{ success: false, returnData: '0x' }]);
	});

	it('leave logs of every transfer, and find them by block, contract and topics', async () => {
		const { client, chain } = await start();
		const [holder, other] = chain.holders as readonly [Address, Address];
		const [one, two] = chain.tokens.map(({ address }) => address) as [Address, Address];
		const { address: collection, ids } = chain.collection;
		const id = first(ids);
		const mined = chain.transfer(
			{ token: one, from: holder, to: other, amount: 1n },
			{ token: two, from: other, to: STRANGER, amount: 2n },
		);
		const later = chain.transfer({ token: collection, id, from: holder, to: other, amount: 4n });
		const range = { fromBlock: BigInt(mined.number), toBlock: BigInt(later.number) };
		// Asked without a library that sifts once more.
		const hexRange = { fromBlock: toHex(mined.number), toBlock: toHex(later.number) };
		const amounts = async (address: Address[] | undefined, ...topics: (Hex | Hex[] | null)[]) =>
			(await client.request({ method: 'eth_getLogs', params: [{ ...hexRange, address, topics }] })).map(({ data }) =>
				BigInt(slice(data, -32)),
			);
		const [transfer] = encodeEventTopics({ abi: [TRANSFER] });
		const [ours, theirs] = [pad(holder), pad(other)];
		expect(await amounts(undefined)).toEqual([1n, 2n, 4n]);
		expect(await amounts(undefined, transfer)).toEqual([1n, 2n]);
		expect(await amounts([two, collection])).toEqual([2n, 4n]);
		expect(await amounts(undefined, transfer, null, [theirs, ours])).toEqual([1n]);
		expect(await amounts(undefined, [transfer, NOBODY_HASH], [theirs, ours])).toEqual([1n, 2n]);
		expect(await amounts(undefined, null, null, null, theirs)).toEqual([4n]);
		expect(await amounts(undefined, null, null, null, null)).toEqual([4n]);
		expect(await amounts([one], transfer, theirs)).toEqual([]);
		const both = await client.getLogs({ blockHash: mined.hash });
		expect(both.map(({ blockHash, logIndex, removed }) => [blockHash, logIndex, removed])).toEqual([
			[mined.hash, 0, false],
			[mined.hash, 1, false],
		]);
		expect(new Set(both.map(({ transactionHash }) => transactionHash)).size).toBe(2);
		const [single] = await client.getLogs({ event: SINGLE, args: { to: other }, strict: true, ...range });
		expect(single).toMatchObject({ blockNumber: BigInt(later.number), args: { operator: holder, from: holder, to: other, id, value: 4n } });
		expect(await client.getLogs({ ...range, fromBlock: range.toBlock + 1n, toBlock: range.toBlock + 9n })).toEqual([]);
		const sums = await client.getLogs({ event: TRANSFER, args: { to: holder }, strict: true, fromBlock: 0n, toBlock: 8n });
		expect(sums.map(({ args }) => args.value)).toEqual(
			chain.tokens.map(({ address }) => chain.balance({ token: address, holder }, chain.blockAt(8))),
		);
	});

	it('take back what a reorganisation replaces, and refuse its blocks as geth does', async () => {
		const { client, chain } = await start();
		const [holder, other] = chain.holders as readonly [Address, Address];
		const token = first(chain.tokens).address;
		const held = expected(chain);
		const kept = chain.head();
		const gone = chain.transfer({ token, from: holder, to: other, amount: 9n });
		chain.mine();
		const without = chain.balance({ token, holder }, gone);
		const head = chain.reorganise(2);
		expect(head.number).toBe(gone.number + 2);
		expect(expected(chain)).toEqual(held);
		expect(await client.getLogs({ fromBlock: BigInt(gone.number), toBlock: 'latest' })).toEqual([]);
		const replaced = await client.getBlock({ blockNumber: BigInt(gone.number) });
		expect(replaced).toMatchObject({ parentHash: kept.hash });
		expect(replaced.hash).not.toBe(gone.hash);
		const canonical = (blockHash: Hex) => refusal(heldBy(chain, { blockHash, requireCanonical: true }));
		expect(await canonical(gone.hash)).toEqual({ code: -32_000, message: 'hash is not currently canonical' });
		expect(await canonical(NOBODY_HASH)).toEqual({ code: -32_000, message: 'header for hash not found' });
		expect(await refusal(heldBy(chain, { blockNumber: 9_999n }))).toEqual({ code: -32_000, message: 'header not found' });
		expect(await refusal(client.getLogs({ blockHash: NOBODY_HASH }))).toEqual({ code: -32_000, message: 'unknown block' });
		const [seen] = await heldBy(chain, { blockHash: gone.hash, requireCanonical: false });
		expect([seen, without]).toEqual([without, (held[0] ?? 0n) - 9n]);
		chain.transfer({ token, from: holder, to: other, amount: 1n });
		expect(chain.balance({ token, holder })).toBe((held[0] ?? 0n) - 1n);
	});

	it('count calls and HTTP requests, a batch as one of these, per chain and together', async () => {
		const { stubs, chain } = await start({ chains: [1, 10] });
		const client = clientOf(chain, true);
		await Promise.all([client.getBlock({ blockNumber: 1n }), client.getBlock({ blockNumber: 2n }), client.getChainId()]);
		const other = clientOf(stubs.chains[1] ?? chain);
		await other.getBlockNumber();
		const counted = (methods: Record<string, number>) => new Map(Object.entries(methods));
		expect(chain.requests()).toEqual({ total: 3, httpRequests: 1, byMethod: counted({ eth_getBlockByNumber: 2, eth_chainId: 1 }) });
		const all = counted({ eth_getBlockByNumber: 2, eth_chainId: 1, eth_blockNumber: 1 });
		expect(stubs.requests()).toEqual({ total: 4, httpRequests: 2, byMethod: all });
		stubs.reset();
		expect(stubs.requests()).toEqual({ total: 0, httpRequests: 0, byMethod: new Map() });
	});

	it('refuse what is no request, no method and no parameter, each with its own code', async () => {
		const { chain, client } = await start();
		const post = async (body: string) => (await (await fetch(chain.url, { method: 'POST', body })).json()) as { error: { code: number } };
		expect((await post('nonsense')).error.code).toBe(-32_700);
		expect((await post('[]')).error.code).toBe(-32_600);
		expect((await refusal(client.request({ method: 'eth_gasPrice' }))).code).toBe(-32_601);
		expect((await refusal(client.request({ method: 'eth_getBlockByNumber', params: ['newest' as never, false] }))).code).toBe(-32_602);
	});

	it('answer many requests at once, each no sooner than after its delay, with what was so when it came', async () => {
		const { stubs, chain, client } = await start({ chains: [1, 10, 137], latencyMs: 300 });
		const timed = async (each: ServedChain) => {
			const startedMs = performance.now();
			await clientOf(each).getChainId();
			return performance.now() - startedMs;
		};
		const startedMs = performance.now();
		const took = await Promise.all(Array.from({ length: 10 }, () => stubs.chains.map(timed)).flat());
		expect(Math.min(...took)).toBeGreaterThanOrEqual(299);
		// One after the other they would take nine seconds.
		expect(performance.now() - startedMs).toBeLessThan(4_500);
		expect(stubs.requests().httpRequests).toBe(30);
		const asked = client.getBlockNumber();
		await vi.waitFor(() => expect(chain.requests().httpRequests).toBe(11), { interval: 5 });
		chain.mine();
		expect(await asked).toBe(BigInt(chain.head().number) - 1n);
	});
});
