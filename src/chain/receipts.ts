/** Step 7: what the chain says about a nonce of ours, over all hashes that were ever signed for it. */
import type { Address, Hex, PublicClient, TransactionReceipt } from 'viem';
import { errorText, TransientError } from '../errors.ts';
import { finalHead, receiptOrNull } from './look.ts';

type NonceSight =
	/** Mined in a canonical block, with so many blocks on top. */
	| { readonly state: 'mined'; readonly receipt: TransactionReceipt; readonly confirmations: bigint }
	/** Not mined by any of our hashes, and the nonce is free at the depth that counts as final. */
	| { readonly state: 'waiting' }
	/** The nonce is spent, finally, and by none of our hashes. */
	| { readonly state: 'foreign'; readonly nonce: bigint };

interface NonceQuery {
	readonly client: PublicClient;
	readonly signer: Address;
	readonly nonce: bigint;
	readonly hashes: readonly Hex[];
	readonly finalityBlocks: number;
}

/** Throws `TransientError` when any look-up fails: a failed look-up means unknown, never absent. */
export async function lookAtNonce(query: NonceQuery): Promise<NonceSight> {
	try {
		const mined = await findMined(query);
		if (mined !== null) return mined;
		if (!(await isSpentFinally(query))) return { state: 'waiting' };
		// Our transaction may have been mined between the two looks.
		return (await findMined(query)) ?? { state: 'foreign', nonce: query.nonce };
	} catch (error) {
		throw new TransientError(`nonce ${query.nonce} of ${query.signer} could not be looked up: ${errorText(error)}`, {}, { cause: error });
	}
}

async function findMined({ client, hashes }: NonceQuery): Promise<NonceSight | null> {
	const receipts = await Promise.all(hashes.map((hash) => receiptOrNull(client, hash)));
	const receipt = receipts.find((each) => each !== null);
	if (receipt === undefined) return null;
	const [head, block] = await Promise.all([client.getBlockNumber({ cacheTime: 0 }), client.getBlock({ blockNumber: receipt.blockNumber })]);
	// A node that does not agree with itself has said nothing, least of all that somebody else has spent the nonce.
	if (block.hash !== receipt.blockHash) return { state: 'waiting' };
	return { state: 'mined', receipt, confirmations: head - receipt.blockNumber };
}

async function isSpentFinally({ client, signer, nonce, finalityBlocks }: NonceQuery): Promise<boolean> {
	const blockNumber = await finalHead({ client, finalityBlocks });
	return BigInt(await client.getTransactionCount({ address: signer, blockNumber })) > nonce;
}

/**
 * What a mined transaction has cost in all, in wei: its gas and, on a rollup that says so in the receipt, its share of the chain below. Nothing
 * when the node does not say what gas it used at what price.
 */
export function feeOf(receipt: TransactionReceipt): { feePaid?: bigint } {
	const { gasUsed, effectiveGasPrice }: { gasUsed?: bigint | null; effectiveGasPrice?: bigint | null } = receipt;
	if (typeof gasUsed !== 'bigint' || typeof effectiveGasPrice !== 'bigint') return {};
	return { feePaid: gasUsed * effectiveGasPrice + l1FeeOf(receipt) };
}

/** A field of some chains only: viem hands on what it does not know as it came, in hex. */
function l1FeeOf(receipt: TransactionReceipt): bigint {
	if (!('l1Fee' in receipt)) return 0n;
	const { l1Fee } = receipt;
	if (typeof l1Fee === 'bigint') return l1Fee;
	return typeof l1Fee === 'string' && /^0x[0-9a-f]+$/i.test(l1Fee) ? BigInt(l1Fee) : 0n;
}
