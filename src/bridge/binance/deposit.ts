/** The deposit on the origin: a transfer of the token to our account's address, which says where it is meant to go. */
import {
	type Address,
	concat,
	decodeFunctionData,
	encodeFunctionData,
	erc20Abi,
	type Hex,
	hexToBigInt,
	isAddressEqual,
	keccak256,
	numberToHex,
	parseEventLogs,
	size,
	slice,
	toFunctionSelector,
	toHex,
} from 'viem';
import { InvariantError, PermanentError } from '../../errors.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { MinedCall, SentCall, UnsignedCall } from '../../leg/call.ts';
import type { Evidence, HopOrder } from '../../leg/order.ts';
import { type Amount, amount } from '../../money/amount.ts';
import type { Places, Quote } from '../bridge.ts';
import { type BinanceSettings, depositsAt, networkAt } from './settings.ts';

/** Marks where a deposit is to be withdrawn to, and what was promised there, behind the transfer's arguments; tokens ignore what follows them. */
const MARK = slice(keccak256(toHex('ballast withdrawal to')), 0, 4);
const CHAIN_BYTES = 8;
const AMOUNT_BYTES = 32;
const TRANSFER = toFunctionSelector('transfer(address,uint256)');
/** Selector, receiver and amount. */
const TRANSFER_BYTES = 4 + 32 + 32;

/** Throws `PermanentError` when less than what was ordered would arrive now: nothing has left. */
export function depositCall(order: HopOrder, address: Address, { receive, send }: Quote): UnsignedCall {
	const { origin, destination } = order;
	if (send !== order.send || receive < order.receive) {
		throw new PermanentError(
			`the exchange delivers ${receive} of ${send} from ${origin.venue} on ${destination.venue} now, and ${order.receive} of ${order.send} is ordered`,
			{ origin: origin.venue, destination: destination.venue },
		);
	}
	const transfer = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [address, order.send] });
	const promise = numberToHex(order.receive, { size: AMOUNT_BYTES });
	const data = concat([transfer, MARK, numberToHex(destination.chainId, { size: CHAIN_BYTES }), promise]);
	return { chainId: origin.chainId, to: origin.token, data, value: 0n };
}

/** Throws `InvariantError` unless the mined call has brought exactly what was ordered to our address at the exchange. */
export function readDeposit(
	{ origin, sender, send }: HopOrder,
	address: Address,
	{ transactionHash, blockNumber, logs }: MinedCall,
): Evidence {
	const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: [...logs] }).filter(
		(log) => isAddressEqual(log.address, origin.token) && isAddressEqual(log.args.from, sender) && isAddressEqual(log.args.to, address),
	);
	const [transfer, ...others] = transfers;
	if (transfer === undefined || others.length > 0 || transfer.args.value !== send) {
		throw new InvariantError(
			`the deposit in ${transactionHash} on ${origin.venue}: ordered was one transfer of ${send} to ${address}, and there are ${transfers.length}: ${transfers.map(({ args }) => args.value).join(', ')}`,
			{ tx: transactionHash },
		);
	}
	return { depositTx: transactionHash, depositBlock: String(blockNumber) };
}

/** The order of the deposit that a call of ours has made; null when it has made none. */
export function recoverDeposit({ venue, sender, data, logs }: SentCall, configured: BinanceSettings, places: Places): HopOrder | null {
	const [address] = depositsAt(configured, venue);
	const aim = aimOf(data);
	if (address === undefined || aim === null || slice(data, 0, 4) !== TRANSFER) return null;
	const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: slice(data, 0, TRANSFER_BYTES) });
	if (functionName !== 'transfer' || !isAddressEqual(args[0], address)) return null;
	const [log] = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: [...logs] }).filter((each) =>
		isAddressEqual(each.args.to, address),
	);
	if (log === undefined) return null;
	const origin = places.byToken(venue, log.address);
	const destination = places.byAsset(aim.venue, origin.asset);
	const seconds = networkAt(configured, venue).depositSeconds + networkAt(configured, aim.venue).withdrawSeconds;
	return { origin, destination, send: amount(args[1]), receive: aim.receive, seconds, sender, recipient: sender };
}

/** What stands behind the transfer's arguments; null when nothing does. */
function aimOf(data: Hex): { readonly venue: VenueId; readonly receive: Amount } | null {
	const markEnd = TRANSFER_BYTES + size(MARK);
	if (size(data) !== markEnd + CHAIN_BYTES + AMOUNT_BYTES || slice(data, TRANSFER_BYTES, markEnd) !== MARK) return null;
	const venue = String(hexToBigInt(slice(data, markEnd, markEnd + CHAIN_BYTES)));
	return { venue, receive: amount(hexToBigInt(slice(data, markEnd + CHAIN_BYTES))) };
}
