/** Reads every position of one chain in one multicall that is pinned to a block. A read that fails is an error, never zero. */
import { type Address, erc20Abi, getAbiItem, type PublicClient } from 'viem';
import { errorText, TransientError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';

const TRANSFER = getAbiItem({ abi: erc20Abi, name: 'Transfer' });

/** A block that was the latest when balances were read before. */
interface SeenBlock {
	readonly blockNumber: bigint;
	readonly blockHash: string;
}

interface TokenAtVenue {
	readonly asset: string;
	readonly address: Address;
	/** Also read the transfers to us after this block; null when nothing of ours is on its way here. */
	readonly incomingSince: SeenBlock | null;
}

interface BalanceRead {
	readonly venue: VenueId;
	readonly asset: string;
	/** Base units. */
	readonly amount: Amount;
	readonly blockNumber: bigint;
	readonly blockHash: string;
	/** Null when it was not asked for; 'lost' when the block seen before is no longer on the chain, so that nobody can say what came in since. */
	readonly incoming: readonly { readonly transactionHash: string; readonly blockNumber: bigint; readonly amount: Amount }[] | 'lost' | null;
}

interface Place {
	readonly venue: VenueId;
	readonly holder: Address;
	readonly tokens: readonly TokenAtVenue[];
}

/** Throws `TransientError` when any part of the reading fails: half a reading is none. */
export async function readBalances(client: PublicClient, { venue, holder, tokens }: Place): Promise<BalanceRead[]> {
	try {
		const block = await client.getBlock({ blockTag: 'latest' });
		const balances = await client.multicall({
			allowFailure: false,
			blockNumber: block.number,
			contracts: tokens.map(({ address }) => ({ address, abi: erc20Abi, functionName: 'balanceOf' as const, args: [holder] as const })),
		});
		return await Promise.all(
			tokens.map(async (token, index) => {
				const units = balances[index];
				if (units === undefined)
					throw new TransientError(`the multicall on ${venue} answered for ${balances.length} of ${tokens.length} tokens`);
				const incoming = await readIncoming(client, { holder, token, toBlock: block.number });
				return { venue, asset: token.asset, amount: amount(units), blockNumber: block.number, blockHash: block.hash, incoming };
			}),
		);
	} catch (error) {
		throw new TransientError(`balances on ${venue} could not be read: ${errorText(error)}`, { venue }, { cause: error });
	}
}

async function readIncoming(
	client: PublicClient,
	{ holder, token, toBlock }: { holder: Address; token: TokenAtVenue; toBlock: bigint },
): Promise<BalanceRead['incoming']> {
	const { incomingSince: seen } = token;
	if (seen === null) return null;
	if (seen.blockNumber > toBlock) return [];
	const incoming = seen.blockNumber === toBlock ? [] : await readTransfers(client, { holder, token, seen, toBlock });
	// Asked last, so that a reorganisation between the questions is seen, too.
	const { hash } = await client.getBlock({ blockNumber: seen.blockNumber });
	return hash === seen.blockHash ? incoming : 'lost';
}

async function readTransfers(
	client: PublicClient,
	{ holder, token, seen, toBlock }: { holder: Address; token: TokenAtVenue; seen: SeenBlock; toBlock: bigint },
): Promise<Exclude<BalanceRead['incoming'], 'lost' | null>> {
	const range = { fromBlock: seen.blockNumber + 1n, toBlock };
	const logs = await client.getLogs({ address: token.address, event: TRANSFER, args: { to: holder }, ...range, strict: true });
	return logs.map(({ transactionHash, blockNumber, args }) => ({ transactionHash, blockNumber, amount: amount(args.value) }));
}
