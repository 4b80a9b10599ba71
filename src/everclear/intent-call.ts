/** Reads a call that the API has made before it is signed: never sign what somebody else wrote without reading it. */
import { type Address, decodeFunctionData, isAddressEqual, zeroAddress } from 'viem';
import { errorText, InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { UnsignedCall } from '../leg/call.ts';
import type { Amount } from '../money/amount.ts';
import { newIntentAbi } from './abi.ts';

interface ExpectedIntent {
	/** The contract that purchases call: the fee adapter or the spoke. */
	readonly spoke: Address;
	readonly inputAsset: Address;
	/** Who must be settled. */
	readonly wallet: Address;
	/** Base units. */
	readonly amount: Amount;
	readonly destinations: readonly VenueId[];
}

/** Throws `InvariantError` naming the first thing that differs from what was asked for. */
export function checkIntentCall(call: UnsignedCall, expected: ExpectedIntent): void {
	const refuse = (problem: string): never => {
		throw new InvariantError(`the Everclear API's call on chain ${call.chainId} is not signed: ${problem}`, {
			chainId: String(call.chainId),
		});
	};
	if (!isAddressEqual(call.to, expected.spoke)) refuse(`it calls ${call.to}, not ${expected.spoke}`);
	if (call.value !== 0n) refuse(`it sends ${call.value} of the native asset`);
	const [destinations, receiver, inputAsset, outputAsset, units, maxFee, ttl, data, feeParams] = argumentsOf(call, refuse);
	if (!isAddressEqual(receiver, expected.wallet)) refuse(`its receiver is ${receiver}, not ${expected.wallet}`);
	if (!isAddressEqual(inputAsset, expected.inputAsset)) refuse(`its input asset is ${inputAsset}, not ${expected.inputAsset}`);
	if (units !== expected.amount) refuse(`its amount is ${units}, not ${expected.amount}`);
	if (maxFee !== 0) refuse(`its maximum fee is ${maxFee}, not 0`);
	if (ttl !== 0) refuse(`its time to live is ${ttl}, not 0`);
	if (data !== '0x') refuse('it carries calldata for the destination');
	if (sortedText(destinations.map(String)) !== sortedText(expected.destinations)) {
		refuse(`its destinations are ${destinations.join(', ')}, not ${expected.destinations.join(', ')}`);
	}
	// Several destinations share no output asset; a foreign one would settle us in something else.
	if (destinations.length > 1 && outputAsset !== zeroAddress) refuse(`its output asset is ${outputAsset}, not zero`);
	// The exact allowance has no room for a fee in tokens.
	if (feeParams !== undefined && feeParams.fee !== 0n) refuse(`it pays a fee of ${feeParams.fee} in tokens`);
}

function argumentsOf(call: UnsignedCall, refuse: (problem: string) => never) {
	try {
		return decodeFunctionData({ abi: newIntentAbi, data: call.data }).args;
	} catch (error) {
		return refuse(`it is no newIntent that we know: ${errorText(error)}`);
	}
}

function sortedText(domains: readonly string[]): string {
	return [...domains].sort().join();
}
