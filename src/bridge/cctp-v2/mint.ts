/** What a delivered message has minted for us, told by the events of one transaction, whoever has sent it. */
import { type Address, erc20Abi, getAbiItem, isAddressEqual, type Log, parseEventLogs, zeroAddress } from 'viem';
import { chunksBelow, lookAt } from '../../chain/look.ts';
import { InvariantError, TransientError } from '../../errors.ts';
import type { MinedCall } from '../../leg/call.ts';
import type { Delivery, HopOrder } from '../../leg/order.ts';
import { type Amount, amount } from '../../money/amount.ts';
import { messengerAbi, transmitterAbi } from './abi.ts';
import { decodeMessage, sameTransfer, withBody } from './codec.ts';
import type { AttestedBurn } from './evidence.ts';
import type { MintPlace } from './reception.ts';

const MESSAGE_RECEIVED = getAbiItem({ abi: transmitterAbi, name: 'MessageReceived' });

/** Throws `InvariantError` when the transaction has not minted this burn for us. */
export function deliveryOf(order: HopOrder, place: MintPlace, { burn, mined }: { burn: AttestedBurn; mined: MinedCall }): Delivery {
	const { transactionHash, blockNumber } = mined;
	return { venue: order.destination.venue, amount: mintedIn(order, place, { burn, mined }), transactionHash, blockNumber };
}

/**
 * The transaction in which the message was received, looked for from the head backwards by its nonce, which no two messages share.
 * Throws `TransientError` when the chain cannot be asked or does not show it.
 */
export async function findReceived(place: MintPlace, { nonce }: AttestedBurn): Promise<MinedCall> {
	const { client, transmitter, chainId } = place;
	return lookAt({ name: `the transmitter ${transmitter}`, chainId }, async () => {
		const head = await client.getBlockNumber();
		for (const chunk of chunksBelow(head)) {
			const [found] = await client.getLogs({ address: transmitter, event: MESSAGE_RECEIVED, args: { nonce }, ...chunk });
			if (found === undefined) continue;
			const { transactionHash, blockNumber, logs } = await client.getTransactionReceipt({ hash: found.transactionHash });
			return { transactionHash, blockNumber, logs };
		}
		throw new TransientError(`message ${nonce} was received on ${chainId}, but its event was not found below block ${head}`);
	});
}

/** Base units. Receipts keep the order of their logs: a message's mint stands between the message before it and its own event. */
function mintedIn(
	order: HopOrder,
	{ transmitter, messenger }: MintPlace,
	{ burn, mined }: { burn: AttestedBurn; mined: MinedCall },
): Amount {
	const { transactionHash, logs } = mined;
	const fail = (problem: string): never => {
		throw new InvariantError(`transaction ${transactionHash} on ${order.destination.venue}: ${problem}`, {
			tx: transactionHash,
			nonce: burn.nonce,
		});
	};
	const places = logs.flatMap((log, index) => (receivedIn(log, transmitter) === null ? [] : [index]));
	const end = places.find((index) => isReceptionOf(burn, logs[index], transmitter));
	if (end === undefined) return fail(`it has not received message ${burn.nonce}`);
	const begin = places.filter((index) => index < end).at(-1) ?? -1;
	const ownLogs = logs.slice(begin + 1, end);
	const mint = parseEventLogs({ abi: messengerAbi, eventName: 'MintAndWithdraw', logs: at(ownLogs, messenger) }).at(-1);
	if (mint === undefined) return fail(`message ${burn.nonce} has minted nothing`);
	const { mintRecipient, mintToken, amount: minted, feeCollected } = mint.args;
	const { token } = order.destination;
	if (!isAddressEqual(mintRecipient, order.recipient)) return fail(`its mint went to ${mintRecipient}`);
	if (!isAddressEqual(mintToken, token)) return fail(`it has minted ${mintToken}`);
	const burned = decodeMessage(burn.emitted).amount;
	if (minted + feeCollected !== burned) return fail(`it has minted ${minted} and a fee of ${feeCollected}, where ${burned} was burned`);
	const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: at(ownLogs, token) });
	const isPaid = transfers.some(
		({ args }) => args.from === zeroAddress && isAddressEqual(args.to, order.recipient) && args.value === minted,
	);
	return isPaid ? amount(minted) : fail(`${token} has not transferred the ${minted} that were minted`);
}

/** The nonce alone is not enough: what was received has to be our transfer. */
function isReceptionOf(burn: AttestedBurn, log: Log | undefined, transmitter: Address): boolean {
	const args = log === undefined ? null : receivedIn(log, transmitter);
	if (args === null || args.nonce.toLowerCase() !== burn.nonce.toLowerCase()) return false;
	const { sourceDomain, sender } = decodeMessage(burn.emitted);
	if (args.sourceDomain !== sourceDomain || args.sender.toLowerCase() !== sender) return false;
	return sameTransfer(burn.emitted, withBody(burn.emitted, args.messageBody));
}

function receivedIn(log: Log, transmitter: Address) {
	const [found] = parseEventLogs({ abi: transmitterAbi, eventName: 'MessageReceived', logs: at([log], transmitter) });
	return found?.args ?? null;
}

const at = (logs: readonly Log[], contract: Address): Log[] => logs.filter((log) => isAddressEqual(log.address, contract));
