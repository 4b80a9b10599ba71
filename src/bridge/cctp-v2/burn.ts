/** The burn on the origin: the call that makes it, and what it has emitted once it is mined. */
import { encodeFunctionData, getAddress, type Hex, isAddressEqual, pad, parseEventLogs, slice, zeroHash } from 'viem';
import { InvariantError, PermanentError } from '../../errors.ts';
import type { MinedCall, SentCall, UnsignedCall } from '../../leg/call.ts';
import type { Evidence, HopOrder } from '../../leg/order.ts';
import { amount } from '../../money/amount.ts';
import type { Places } from '../bridge.ts';
import { messengerAbi, transmitterAbi } from './abi.ts';
import { type BurnMessage, decodeMessage } from './codec.ts';
import { type BurnTerms, maxFeeOf, secondsOf, THRESHOLDS } from './price.ts';
import type { CctpPair, CctpV2Settings } from './settings.ts';

/** Burns `order.send`; anybody may deliver the message, and only the order's recipient gets what it mints. */
export function burnCall({ send, recipient }: HopOrder, { from, to, origin }: CctpPair, { maxFee, mode }: BurnTerms): UnsignedCall {
	const data = encodeFunctionData({
		abi: messengerAbi,
		functionName: 'depositForBurn',
		args: [send, to.domain, pad(recipient), origin.token, zeroHash, maxFee, THRESHOLDS[mode]],
	});
	return { chainId: origin.chainId, to: from.tokenMessenger, data, value: 0n };
}

/** Throws `InvariantError` unless the mined call has made exactly the burn that was ordered. */
export function readBurn(order: HopOrder, { from, to }: CctpPair, mined: MinedCall): Evidence {
	const fail = (problem: string): never => {
		throw new InvariantError(`the burn in ${mined.transactionHash} on ${order.origin.venue}: ${problem}`, { tx: mined.transactionHash });
	};
	const logsOf = (contract: Hex) => mined.logs.filter((log) => isAddressEqual(log.address, contract));
	const [sent, ...more] = parseEventLogs({ abi: transmitterAbi, eventName: 'MessageSent', logs: logsOf(from.messageTransmitter) });
	const [burned, ...others] = parseEventLogs({ abi: messengerAbi, eventName: 'DepositForBurn', logs: logsOf(from.tokenMessenger) });
	if (sent === undefined || more.length > 0) return fail(`${more.length + (sent === undefined ? 0 : 1)} messages, not one`);
	if (burned === undefined || others.length > 0) return fail(`${others.length + (burned === undefined ? 0 : 1)} burns, not one`);
	const message = decodedOr(sent.args.message, fail);
	const threshold = message.minFinalityThreshold;
	if (threshold !== THRESHOLDS.fast && threshold !== THRESHOLDS.standard) fail(`its minFinalityThreshold is ${threshold}`);
	const ordered: BurnMessage = {
		sourceDomain: from.domain,
		destinationDomain: to.domain,
		nonce: zeroHash,
		sender: wide(from.tokenMessenger),
		recipient: wide(to.tokenMessenger),
		destinationCaller: zeroHash,
		minFinalityThreshold: threshold,
		finalityThresholdExecuted: 0,
		burnToken: wide(order.origin.token),
		mintRecipient: wide(order.recipient),
		amount: order.send,
		messageSender: wide(order.sender),
		maxFee: maxFeeOf(order),
		feeExecuted: 0n,
		expirationBlock: 0n,
		hookData: '0x',
	};
	const { args } = burned;
	const announced = {
		destinationDomain: args.destinationDomain,
		recipient: args.destinationTokenMessenger.toLowerCase(),
		destinationCaller: args.destinationCaller.toLowerCase(),
		minFinalityThreshold: args.minFinalityThreshold,
		burnToken: wide(args.burnToken),
		mintRecipient: args.mintRecipient.toLowerCase(),
		amount: args.amount,
		messageSender: wide(args.depositor),
		maxFee: args.maxFee,
		hookData: args.hookData,
	};
	for (const [field, actual] of [...Object.entries(message), ...Object.entries(announced)]) {
		const expected = ordered[field as keyof BurnMessage];
		if (actual !== expected) fail(`its ${field} is ${actual}, not ${expected}`);
	}
	return {
		sourceDomain: String(from.domain),
		destinationDomain: String(to.domain),
		transactionHash: mined.transactionHash,
		burnBlock: String(mined.blockNumber),
		threshold: String(threshold),
		emitted: sent.args.message,
	};
}

/** The order of the burn that a call of ours has made; null when it has made none. Throws `PermanentError` when its other end is not configured. */
export function recoverBurn(sent: SentCall, { chains }: CctpV2Settings, places: Places): HopOrder | null {
	const from = chains[sent.venue];
	const logs = sent.logs.filter((log) => from !== undefined && isAddressEqual(log.address, from.messageTransmitter));
	const [emitted] = parseEventLogs({ abi: transmitterAbi, eventName: 'MessageSent', logs });
	if (from === undefined || emitted === undefined) return null;
	const message = decodedOr(emitted.args.message, (problem) => {
		throw new InvariantError(`the message in ${sent.transactionHash} on ${sent.venue}: ${problem}`, { tx: sent.transactionHash });
	});
	if (message.messageSender !== wide(sent.sender) || message.sender !== wide(from.tokenMessenger)) return null;
	const to = Object.keys(chains).find((venue) => chains[venue]?.domain === message.destinationDomain);
	if (to === undefined) throw new PermanentError(`CCTP domain ${message.destinationDomain} is not configured under bridges.cctp-v2.chains`);
	const origin = places.byToken(sent.venue, getAddress(slice(message.burnToken, 12)));
	return {
		origin,
		destination: places.byAsset(to, origin.asset),
		send: amount(message.amount),
		receive: amount(message.amount - message.maxFee),
		seconds: secondsOf(from, message.minFinalityThreshold === THRESHOLDS.fast ? 'fast' : 'standard'),
		sender: sent.sender,
		recipient: getAddress(slice(message.mintRecipient, 12)),
	};
}

/** An account as 32 bytes in lower case. */
function wide(account: Hex): Hex {
	return pad(account).toLowerCase() as Hex;
}

function decodedOr(message: Hex, fail: (problem: string) => never): BurnMessage {
	try {
		return decodeMessage(message);
	} catch (error) {
		if (error instanceof RangeError) return fail(error.message);
		throw error;
	}
}
