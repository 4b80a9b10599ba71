/** How the sandbox itself speaks to a chain: directly, not through the proxy that can be told to misbehave. */
import { setTimeout as pause } from 'node:timers/promises';
import {
	type Address,
	createPublicClient,
	defineChain,
	type Hash,
	type Hex,
	http,
	type PublicClient,
	type TestClient,
	type TransactionReceipt,
	TransactionReceiptNotFoundError,
	testActions,
	type Chain as ViemChain,
} from 'viem';
import { sendTransaction } from 'viem/actions';

export const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11';
const LOOK_AGAIN_MS = 25;
const TRANSACTION_GAS = 6_000_000n;
const MINED_WITHIN_MS = 30_000;
const MISSED_AFTER_LOOKS = 80;

export interface Call {
	/** An account of the development mnemonic: the node signs, and gives out nonces, so that any number of calls may run at once. */
	readonly from: Address;
	readonly to?: Address;
	readonly data?: Hex;
	readonly value?: bigint;
}

export type ChainClient = ReturnType<typeof connect>;

export function viemChain(chainId: number, name: string, url: string): ViemChain {
	return defineChain({
		id: chainId,
		name,
		nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
		rpcUrls: { default: { http: [url] } },
		contracts: { multicall3: { address: MULTICALL3 } },
	});
}

/** Reads, test commands and the calls of the development accounts, in one client. */
export function connect(chain: ViemChain) {
	return createPublicClient({ chain, transport: http(undefined, { retryCount: 0 }), pollingInterval: LOOK_AGAIN_MS, cacheTime: 0 })
		.extend(testActions({ mode: 'anvil' }))
		.extend((client) => ({
			/** Sends a call and returns its hash; it is not mined yet. */
			send: ({ from, to, data, value }: Call): Promise<Hash> =>
				sendTransaction(client, { account: from, to: to ?? null, data, value, gas: TRANSACTION_GAS, chain }),
			/** Forgets what waits to be mined; viem has no name for it. */
			dropPool: () => client.transport.request({ method: 'anvil_dropAllTransactions' }),
			/**
			 * Throws when the transaction has reverted. A node that mines every transaction at once may miss one of several that come together
			 * (foundry-rs/foundry#10122): it lies ready until something else is mined.
			 */
			async mined(hash: Hash): Promise<TransactionReceipt> {
				const receipt = await untilMined(client, hash);
				if (receipt.status !== 'success') throw new Error(`transaction ${hash} on chain ${chain.id} has reverted`);
				return receipt;
			},
		}))
		.extend((client) => ({
			/** Sends a call and waits until it is mined. Throws when it has reverted. */
			execute: async (call: Call): Promise<TransactionReceipt> => client.mined(await client.send(call)),
		}));
}

type Looker = Pick<PublicClient, 'getTransactionReceipt'> & Pick<TestClient, 'getAutomine' | 'mine'>;

/** viem's own way of waiting leaves a timer behind when a look fails, and the process ends by it. */
async function untilMined(client: Looker, hash: Hash): Promise<TransactionReceipt> {
	const deadline = Date.now() + MINED_WITHIN_MS;
	for (let looks = 1; Date.now() < deadline; looks += 1) {
		const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
			if (error instanceof TransactionReceiptNotFoundError) return null;
			throw error;
		});
		if (receipt !== null) return receipt;
		if (looks === MISSED_AFTER_LOOKS && (await client.getAutomine())) await client.mine({ blocks: 1 });
		await pause(LOOK_AGAIN_MS);
	}
	throw new Error(`transaction ${hash} was not mined within ${MINED_WITHIN_MS} ms`);
}
