/** A real contract of outcome tokens on a local chain with two endpoints, an account for each test, and looks at what it holds. */
import { type Address, getAddress, pad, toHex } from 'viem';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type LocalChain, mintUsdc, startChain } from '../../sandbox/chains/chain.ts';
import { MULTICALL3 } from '../../sandbox/chains/client.ts';
import type { RpcProxy } from '../../sandbox/chains/rpc-proxy.ts';
import { type ConditionalTokens, deployConditionalTokens } from '../../sandbox/conditional-tokens/deploy.ts';
import { type Market, prepareMarket, split } from '../../sandbox/conditional-tokens/market.ts';
import { transfer } from '../../sandbox/conditional-tokens/tokens.ts';
import { createClients } from '../../src/chain/clients.ts';
import { lookAtTokens, type TokenLook } from '../../src/chain/token-look.ts';
import type { ChainPosition, Token } from '../../src/inventory/venue.ts';

type Place = Parameters<typeof lookAtTokens>[1];
type Outcome = 'YES' | 'NO';

const SHARE = 10n ** 6n;
const MAKER = getAddress(pad('0xa11ce', { size: 20 }));
export const NOBODY = getAddress(pad('0xb0b', { size: 20 }));

type TokenStand = ReturnType<typeof standOf>;

/** One chain for all tests of a file; what it is asked is counted anew for each. */
export function tokenStandPerFile(): () => TokenStand {
	let local: LocalChain | null = null;
	let stand: TokenStand | null = null;
	let account = 0xacc0;
	beforeAll(async () => {
		local = await startChain({ chainId: 10, name: 'optimism', decimals: 6, blockSeconds: 0, endpoints: 2 });
		const tokens = await deployConditionalTokens(local);
		const market = await prepareMarket(local, tokens, { questionId: `0x${'11'.repeat(32)}` });
		await mintUsdc(local, MAKER, 1_000n * SHARE);
		await split(local, market, { holder: MAKER, amount: 1_000n * SHARE });
		stand = standOf({ local, tokens, market });
	});
	afterAll(() => local?.stop());
	beforeEach(() => {
		account += 1;
		for (const proxy of local?.proxies ?? []) proxy.fault = () => 'pass';
		stand?.begin(getAddress(pad(toHex(account), { size: 20 })));
	});
	return () => {
		if (stand === null) throw new Error('no test is running');
		return stand;
	};
}

/** A client of the product. */
export function openClient(url: string, timeoutMs?: number) {
	const chain = { chainId: 10, name: 'ten', rpcUrls: [url], pollMs: 50, multicall3: MULTICALL3 };
	return createClients(new Map([['10', chain]]), timeoutMs).client('10');
}

function standOf({ local, tokens, market }: { local: LocalChain; tokens: ConditionalTokens; market: Market }) {
	let account: Address = NOBODY;
	let ranges: string[] = [];
	const idOf = (of: Outcome) => market.positionIds[of === 'YES' ? 0 : 1];
	const position = (asset: string, token: Token): ChainPosition => ({ venue: '10/maker', asset, holder: account, decimals: 6, token });
	const shares = (of: Outcome, address = tokens.address) => position(of, { kind: 'erc1155', address, id: idOf(of) });
	const both = () => [shares('YES'), shares('NO')];
	/** Forgets what was asked so far. */
	const watch = (fault: RpcProxy['fault'] = () => 'pass'): void => {
		local.proxy.counts.clear();
		const asked: string[] = [];
		ranges = asked;
		local.proxy.fault = (method, params) => {
			const [filter] = params as [{ fromBlock: string; toBlock: string }];
			if (method === 'eth_getLogs') asked.push(`${BigInt(filter.fromBlock)}-${BigInt(filter.toBlock)}`);
			return fault(method, params);
		};
	};
	return {
		...{ local, position, shares, both, watch },
		begin(to: Address): void {
			account = to;
			watch();
		},
		account: () => account,
		/** What the first endpoint was asked since it is watched. */
		counts: () => Object.fromEntries([...local.proxy.counts].filter(([method]) => method !== 'eth_chainId')),
		/** Blocks that it was asked for transfers in. */
		ranges: () => ranges,
		second: (timeoutMs?: number) => openClient(local.proxies[1]?.url ?? '', timeoutMs),
		/** What the second one makes of all it is asked. */
		faultSecond(fault: RpcProxy['fault']): void {
			for (const proxy of local.proxies.slice(1)) proxy.fault = fault;
		},
		mine: (blocks: number) => local.client.mine({ blocks }),
		reorganise: (depth: number) => local.client.transport.request({ method: 'anvil_reorg', params: [depth, []] }),
		look: (last: TokenLook['block'] | null = null, more: Partial<Place> = {}): Promise<TokenLook> =>
			lookAtTokens(openClient(local.url), {
				...{ venue: '10', positions: both(), last, deepest: 8, usesMulticall: true, second: null },
				...more,
			}),
		/** Positive units come to the account, negative ones go. Returns where it was mined. */
		async move(of: Outcome, units: bigint) {
			const ends = units > 0n ? { from: MAKER, to: account } : { from: account, to: NOBODY };
			const moved = { ...ends, id: idOf(of), value: units > 0n ? units : -units };
			const { transactionHash, blockNumber, blockHash } = await transfer(local, tokens, moved);
			return { transactionHash, blockNumber, blockHash };
		},
	};
}

export const held = ({ balances }: TokenLook) => balances.map(({ asset, amount }) => [asset, amount]);
export const flow = (asset: Outcome, incoming: bigint, outgoing: bigint) => ({ venue: '10/maker', asset, incoming, outgoing });
