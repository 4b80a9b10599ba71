/** What a withdrawal has brought, by the token's own Transfer on the destination: no history is believed about amounts. */
import { erc20Abi, isAddressEqual, type PublicClient, parseEventLogs } from 'viem';
import { receiptOrNull } from '../../chain/look.ts';
import { errorText, InvariantError, TransientError } from '../../errors.ts';
import type { Delivery, HopOrder } from '../../leg/order.ts';
import { amount } from '../../money/amount.ts';
import { rescale } from '../../money/units.ts';
import { COIN_DECIMALS } from './coins.ts';
import type { WithdrawnDeposit } from './evidence.ts';
import { netOf } from './withdrawal.ts';

/**
 * Throws `TransientError` when the destination cannot be asked or does not know the transaction (any more), `InvariantError` when it has
 * brought us nothing, or several amounts of which none is the one that was to arrive.
 */
export async function readArrival({ destination, recipient }: HopOrder, client: PublicClient, proof: WithdrawnDeposit): Promise<Delivery> {
	const { withdrawTx: hash } = proof;
	const details = { tx: hash, venue: destination.venue };
	const receipt = await receiptOrNull(client, hash).catch((error: unknown) => {
		throw new TransientError(`the withdrawal in ${hash} on ${destination.venue} could not be read: ${errorText(error)}`, details, {
			cause: error,
		});
	});
	if (receipt === null) throw new TransientError(`the withdrawal in ${hash} is not on ${destination.venue}, or not any more`, details);
	const values = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: receipt.logs })
		.filter(({ address, args }) => isAddressEqual(address, destination.token) && isAddressEqual(args.to, recipient))
		.map(({ args }) => args.value);
	const expected = rescale(netOf(proof), COIN_DECIMALS, destination.decimals, 'down');
	const arrived = values.length === 1 ? values[0] : values.find((each) => each === expected);
	if (arrived === undefined) {
		const told = values.length === 0 ? 'nothing' : `${values.join(', ')}, none of them ${expected}`;
		throw new InvariantError(`the withdrawal in ${hash} on ${destination.venue} has brought ${told} to ${recipient}`, details);
	}
	return { venue: destination.venue, amount: amount(arrived), transactionHash: hash, blockNumber: receipt.blockNumber };
}
