/** What a mined swap has moved, by the tokens' own Transfers: no pool's or router's word is needed. */
import { type Address, erc20Abi, type Hash, isAddressEqual, isHash, parseEventLogs, TransactionReceiptNotFoundError } from 'viem';
import { errorText, InvariantError, TransientError } from '../../errors.ts';
import type { MinedCall } from '../../leg/call.ts';
import type { Delivery, Evidence, HopOrder } from '../../leg/order.ts';
import { type Amount, amount } from '../../money/amount.ts';
import type { Exchange } from './exchange.ts';

/**
 * Base units of the destination's token that the call has brought to the recipient. Throws `InvariantError` when it has not taken exactly
 * `order.send` from the sender, or has brought less than `order.receive`. The router reverts then; only a pool that runs dry on the way
 * leaves a part of what is sent behind, after more gas than an estimate for the whole swap allows.
 */
export function readSwap({ origin, destination, ...order }: HopOrder, { transactionHash, logs }: MinedCall): Amount {
	const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: [...logs] });
	const moved = (token: Address, isOurs: (transfer: { from: Address; to: Address }) => boolean): Amount =>
		amount(
			transfers
				.filter(({ address, args }) => isAddressEqual(address, token) && isOurs(args))
				.reduce((sum, { args }) => sum + args.value, 0n),
		);
	const taken = moved(origin.token, ({ from }) => isAddressEqual(from, order.sender));
	const brought = moved(destination.token, ({ to }) => isAddressEqual(to, order.recipient));
	if (taken === order.send && brought >= order.receive) return brought;
	throw new InvariantError(
		`the swap in ${transactionHash} on ${origin.venue} has taken ${taken} of ${origin.asset} and brought ${brought} of ${destination.asset}: ordered were exactly ${order.send}, and at least ${order.receive}`,
		{ tx: transactionHash, venue: origin.venue },
	);
}

/** Looks at the chain again. Throws `TransientError` when it cannot be asked, or does not know the transaction any more. */
export async function readDelivery(order: HopOrder, { client, venue }: Exchange, proof: Evidence): Promise<Delivery> {
	const hash = hashOf(proof);
	try {
		const { transactionHash, blockNumber, logs } = await client.getTransactionReceipt({ hash });
		if (transactionHash !== hash || typeof blockNumber !== 'bigint') throw new TransientError(`the node answers with ${transactionHash}`);
		return { venue, amount: readSwap(order, { transactionHash, blockNumber, logs }), transactionHash, blockNumber };
	} catch (error) {
		if (error instanceof InvariantError) throw error;
		const problem =
			error instanceof TransactionReceiptNotFoundError ? 'is not mined, or not any more' : `could not be read: ${errorText(error)}`;
		throw new TransientError(`the swap in ${hash} on ${venue} ${problem}`, { tx: hash, venue }, { cause: error });
	}
}

function hashOf({ swapTx = '' }: Evidence): Hash {
	if (isHash(swapTx)) return swapTx;
	throw new InvariantError(`the proof of a swap names "${swapTx}", which is no transaction`);
}
