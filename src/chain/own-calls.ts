/** What our wallet has sent before, read back from a chain: by this process, by others, and in a time of which nothing else is left. */
import {
	type Address,
	erc20Abi,
	getAbiItem,
	type Hash,
	type Hex,
	keccak256,
	type PublicClient,
	serializeTransaction,
	type Transaction,
} from 'viem';
import { InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { OwnCall } from '../leg/call.ts';
import { type BlockRange, CHUNK_BLOCKS, finalHead, lookAt, nonceCount } from './look.ts';
import { untagged } from './payload.ts';

const TRANSFER = getAbiItem({ abi: erc20Abi, name: 'Transfer' });

interface OwnCalls {
	readonly client: PublicClient;
	readonly venue: VenueId;
	readonly chainId: number;
	readonly wallet: Address;
	readonly tokens: readonly Address[];
}

/** What is searched of a chain, and how far our transactions are final there. */
export interface LookBack extends BlockRange {
	/** Nonces of ours that are spent, finally. */
	readonly spent: bigint;
	/** Transactions of ours that are sent and not final: what is found without them is not all. */
	readonly unfinished: bigint;
}

/** The final blocks since a time. */
export async function lookBack(
	{ client, venue, chainId, wallet }: OwnCalls,
	{ sinceMs, finalityBlocks }: { sinceMs: number; finalityBlocks: number },
): Promise<LookBack> {
	return lookAt({ name: 'the blocks to search', chainId }, async () => {
		const toBlock = await finalHead({ client, finalityBlocks });
		const spent = BigInt(await client.getTransactionCount({ address: wallet, blockNumber: toBlock }));
		const sent = await nonceCount(client, { venue, signer: wallet }, 'pending');
		return {
			fromBlock: await firstBlockSince(client, Math.floor(sinceMs / 1_000), toBlock),
			toBlock,
			spent,
			unfinished: sent > spent ? sent - spent : 0n,
		};
	});
}

/** `since` in Unix seconds, as blocks have it. */
async function firstBlockSince(client: PublicClient, since: number, head: bigint): Promise<bigint> {
	let [low, high] = [0n, head];
	while (low < high) {
		const middle = (low + high) / 2n;
		const { timestamp } = await client.getBlock({ blockNumber: middle });
		if (timestamp < BigInt(since)) low = middle + 1n;
		else high = middle;
	}
	return low;
}

/**
 * Every transaction of the wallet's in the range that has moved one of the tokens out of it, in the order of their nonces. `onBlock` is told
 * how far it is. Throws `TransientError` when the chain cannot be asked: half an answer is none.
 */
export async function findOwnCalls(place: OwnCalls, range: BlockRange, onBlock: (block: bigint) => void): Promise<OwnCall[]> {
	const { client, chainId, wallet, tokens } = place;
	return lookAt({ name: `what ${wallet} has sent`, chainId }, async () => {
		const moved = new Map<Hash, Address>();
		for (let fromBlock = range.fromBlock; fromBlock <= range.toBlock; fromBlock += CHUNK_BLOCKS) {
			const end = fromBlock + CHUNK_BLOCKS - 1n;
			const toBlock = end < range.toBlock ? end : range.toBlock;
			const logs = await client.getLogs({
				address: [...tokens],
				event: TRANSFER,
				args: { from: wallet },
				fromBlock,
				toBlock,
				strict: true,
			});
			for (const { transactionHash, address } of logs) if (!moved.has(transactionHash)) moved.set(transactionHash, address);
			onBlock(toBlock);
		}
		const calls: OwnCall[] = [];
		for (const [hash, token] of moved) {
			const call = await readCall(place, hash, token);
			if (call !== null) calls.push(call);
		}
		return calls.sort((one, other) => (one.nonce < other.nonce ? -1 : 1));
	});
}

/** Null for what somebody else has sent, as whoever moves our tokens by an allowance. */
async function readCall({ client, venue, wallet }: OwnCalls, hash: Hash, token: Address): Promise<OwnCall | null> {
	const [transaction, receipt] = await Promise.all([client.getTransaction({ hash }), client.getTransactionReceipt({ hash })]);
	if (transaction.from.toLowerCase() !== wallet.toLowerCase() || transaction.to === null) return null;
	const { timestamp } = await client.getBlock({ blockNumber: receipt.blockNumber });
	const { to: target, input: calldata, value, gas, nonce, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = transaction;
	return {
		...{ venue, sender: wallet, transactionHash: hash, blockNumber: receipt.blockNumber, logs: receipt.logs },
		...{ data: untagged(calldata), payload: { target, calldata, value, gas }, nonce: BigInt(nonce), token, minedAt: Number(timestamp) },
		raw: rawOf(transaction),
		fees: { maxFeePerGas, maxPriorityFeePerGas },
	};
}

/** A transaction's hash is that of its bytes, so bytes put together from its fields are proven to be the ones. */
function rawOf(transaction: Transaction): Hex | null {
	if (transaction.type !== 'eip1559') return null;
	const { chainId, nonce, to, input: data, value, gas, maxFeePerGas, maxPriorityFeePerGas, accessList, r, s, yParity, hash } = transaction;
	const raw = serializeTransaction(
		{ type: 'eip1559', chainId, nonce, to, data, value, gas, maxFeePerGas, maxPriorityFeePerGas, accessList },
		{ r, s, yParity: yParity ?? 0 },
	);
	if (keccak256(raw) !== hash) throw new InvariantError(`the node's fields of transaction ${hash} are not those of its hash`);
	return raw;
}
