/** Reads back from a mined purchase which intent it has created. */
import { type Address, type Hex, isAddressEqual, type Log, parseEventLogs } from 'viem';
import { InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import { type HubAmount, hubAmount } from '../money/amount.ts';
import { feeAdapterEventsAbi, intentAddedV1Abi, intentAddedV2Abi } from './abi.ts';

interface Purchase {
	readonly intentId: Hex;
	readonly amount: HubAmount;
	readonly destinations: readonly VenueId[];
}

/**
 * `spoke` is the contract that was called. When it is the fee adapter, the spoke behind it emits IntentAdded, and the adapter
 * names the intent in an event of its own. Throws `InvariantError` unless there is exactly one intent of ours.
 */
export function readPurchase(logs: readonly Log[], spoke: Address): Purchase {
	const all = [...logs];
	const isOurs = ({ address }: { address: Address }) => isAddressEqual(address, spoke);
	const named = new Set(
		parseEventLogs({ abi: feeAdapterEventsAbi, logs: all })
			.filter(isOurs)
			.map((log) => log.args.intentId),
	);
	const added = [...parseEventLogs({ abi: intentAddedV2Abi, logs: all }), ...parseEventLogs({ abi: intentAddedV1Abi, logs: all })];
	const ours = added.filter((log) => isOurs(log) || named.has(log.args.intentId));
	const [only, ...others] = ours;
	if (only === undefined || others.length > 0) {
		const hash = all[0]?.transactionHash ?? 'a transaction without logs';
		throw new InvariantError(`the purchase in ${hash} has added ${ours.length} intents through ${spoke}, not one`, { spoke });
	}
	const { intentId, intent } = only.args;
	return { intentId, amount: hubAmount(intent.amount), destinations: intent.destinations.map(String) };
}
