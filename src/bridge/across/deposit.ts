/** The deposit on the origin: the call that makes it, and its identity once it is mined. */
import { type Address, encodeFunctionData, getAddress, type Hex, isAddressEqual, pad, parseEventLogs, slice } from 'viem';
import { InvariantError, PermanentError, TransientError } from '../../errors.ts';
import type { MinedCall, SentCall, UnsignedCall } from '../../leg/call.ts';
import type { Evidence, HopOrder } from '../../leg/order.ts';
import { amount } from '../../money/amount.ts';
import type { Places } from '../bridge.ts';
import { depositEventsAbi, spokePoolAbi } from './abi.ts';
import type { SuggestedFees } from './api.ts';

/** A relayer needs time to see the deposit and to fill it. */
const MINIMUM_FILL_SECONDS = 60;

/**
 * Deposits `order.send` for exactly `order.receive`; the difference is all that a relayer earns.
 * Throws `PermanentError` when the fee has risen above it: nobody would fill, and the funds would be away until the refund.
 * That is a refusal of this order: after a few of them the leg is given up and the demand planned again.
 */
export function depositCall(order: HopOrder, pool: Address, fees: SuggestedFees): UnsignedCall {
	const { origin, destination, send, receive, sender, recipient } = order;
	if (receive > fees.outputAmount) {
		throw new PermanentError(
			`the fee of Across has risen: of ${send} sent from ${origin.venue} it now delivers ${fees.outputAmount} on ${destination.venue}, and ${receive} is ordered`,
			{ origin: origin.venue, destination: destination.venue },
		);
	}
	if (fees.fillDeadline < fees.timestamp + MINIMUM_FILL_SECONDS) {
		throw new TransientError(
			`Across suggests a fill deadline of ${fees.fillDeadline} for a quote of ${fees.timestamp}: too soon to be filled`,
		);
	}
	const data = encodeFunctionData({
		abi: spokePoolAbi,
		functionName: 'depositV3',
		args: [
			sender,
			recipient,
			origin.token,
			destination.token,
			send,
			receive,
			BigInt(destination.chainId),
			fees.exclusiveRelayer,
			fees.timestamp,
			fees.fillDeadline,
			fees.exclusivityDeadline,
			'0x',
		],
	});
	return { chainId: origin.chainId, to: pool, data, value: 0n };
}

/** Throws `InvariantError` unless the mined call has made exactly the deposit that was ordered. */
export function readDeposit(order: HopOrder, pool: Address, mined: MinedCall): Evidence {
	const fail = (problem: string): never => {
		throw new InvariantError(`the deposit in ${mined.transactionHash} on ${order.origin.venue}: ${problem}`, { tx: mined.transactionHash });
	};
	const logs = mined.logs.filter((log) => isAddressEqual(log.address, pool));
	const [log, ...others] = parseEventLogs({ abi: depositEventsAbi, logs });
	if (log === undefined || others.length > 0) return fail(`${others.length + (log === undefined ? 0 : 1)} deposits into ${pool}, not one`);
	const { args } = log;
	const expected: Readonly<Record<string, readonly [string, string]>> = {
		depositor: [wide(args.depositor), wide(order.sender)],
		recipient: [wide(args.recipient), wide(order.recipient)],
		inputToken: [wide(args.inputToken), wide(order.origin.token)],
		outputToken: [wide(args.outputToken), wide(order.destination.token)],
		inputAmount: [String(args.inputAmount), String(order.send)],
		outputAmount: [String(args.outputAmount), String(order.receive)],
		destinationChainId: [String(args.destinationChainId), String(order.destination.chainId)],
		message: [args.message, '0x'],
	};
	for (const [field, [actual, ordered]] of Object.entries(expected)) {
		if (actual !== ordered) fail(`its ${field} is ${actual}, not ${ordered}`);
	}
	return {
		originChainId: String(order.origin.chainId),
		depositId: String(args.depositId),
		depositor: wide(args.depositor),
		recipient: wide(args.recipient),
		exclusiveRelayer: wide(args.exclusiveRelayer),
		inputToken: wide(args.inputToken),
		outputToken: wide(args.outputToken),
		inputAmount: String(args.inputAmount),
		outputAmount: String(args.outputAmount),
		quoteTimestamp: String(args.quoteTimestamp),
		fillDeadline: String(args.fillDeadline),
		exclusivityDeadline: String(args.exclusivityDeadline),
		message: args.message,
		depositTx: mined.transactionHash,
		depositBlock: String(mined.blockNumber),
	};
}

/** Most fills take seconds. What was promised is not on the chain: a look too soon costs nothing, one too late leaves funds lying there. */
const USUAL_SECONDS = 5;

/** The order of the deposit that a call of ours has made; null when it has made none. */
export function recoverDeposit(sent: SentCall, pool: Address, places: Places): HopOrder | null {
	const logs = sent.logs.filter((log) => isAddressEqual(log.address, pool));
	const [log] = parseEventLogs({ abi: depositEventsAbi, logs });
	if (log === undefined || wide(log.args.depositor) !== wide(sent.sender)) return null;
	const { inputToken, outputToken, inputAmount, outputAmount, destinationChainId, recipient } = log.args;
	return {
		origin: places.byToken(sent.venue, narrow(inputToken)),
		destination: places.byToken(String(destinationChainId), narrow(outputToken)),
		send: amount(inputAmount),
		receive: amount(outputAmount),
		seconds: USUAL_SECONDS,
		sender: sent.sender,
		recipient: narrow(recipient),
	};
}

function narrow(account: Hex): Address {
	return getAddress(slice(wide(account), 12));
}

/** An account as 32 bytes in lower case, whichever generation of event it comes from. */
export function wide(account: Hex): Hex {
	return pad(account, { size: 32 }).toLowerCase() as Hex;
}
