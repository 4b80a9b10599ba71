/** What one log of a transaction says about a movement in it. From the events' own words: bridges, exchanges and the hub name what they did. */
import { type Address, decodeEventLog, getAddress, type Hex, isAddressEqual, type Log, pad, parseAbi, parseEventLogs, slice } from 'viem';

/** `identity` is what the bridge or the hub calls the transfer; equal on both sides. Amounts are base units where they are paid. */
export type Explanation =
	| {
			readonly kind: 'deposit';
			readonly identity: string;
			readonly ordered: bigint;
			readonly destination: string;
			/** Unix seconds, by the destination's clock. */
			readonly deadline: bigint;
	  }
	| { readonly kind: 'fill'; readonly identity: string; readonly brings: bigint; readonly isSlow: boolean }
	/** Names no deposit, and may sum several. */
	| { readonly kind: 'refund' }
	/** Two burns of the same content have one identity: nothing on the origin tells them apart. */
	| { readonly kind: 'burn'; readonly identity: string; readonly maxFee: bigint }
	| { readonly kind: 'mint'; readonly identity: string; readonly fee: bigint; readonly burned: bigint }
	/** Out and in are of one transaction. */
	| { readonly kind: 'swap'; readonly identity: string }
	| { readonly kind: 'purchase'; readonly identity: string }
	| { readonly kind: 'settlement'; readonly identity: string }
	/** Out to our account at an exchange, and in from its wallet; no event links the two. */
	| { readonly kind: 'parked' }
	| { readonly kind: 'withdrawn' }
	| { readonly kind: 'unexplained' };

const EVENTS = parseAbi([
	'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)',
	'event FilledRelay(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId, uint256 indexed originChainId, uint256 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 exclusiveRelayer, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 messageHash, (bytes32 updatedRecipient, bytes32 updatedMessageHash, uint256 updatedOutputAmount, uint8 fillType) relayExecutionInfo)',
	'event ExecutedRelayerRefundRoot(uint256 amountToReturn, uint256 indexed chainId, uint256[] refundAmounts, uint32 indexed rootBundleId, uint32 indexed leafId, address l2TokenAddress, address[] refundAddresses, bool deferredRefunds, address caller)',
	'event MessageSent(bytes message)',
	'event MessageReceived(address indexed caller, uint32 sourceDomain, bytes32 indexed nonce, bytes32 sender, uint32 indexed finalityThresholdExecuted, bytes messageBody)',
	'event MintAndWithdraw(address indexed mintRecipient, uint256 amount, address indexed mintToken, uint256 feeCollected)',
	'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
	'event IntentAdded(bytes32 indexed intentId, uint256 queueIdx, (bytes32 initiator, bytes32 receiver, bytes32 inputAsset, bytes32 outputAsset, uint32 origin, uint64 nonce, uint48 timestamp, uint48 ttl, uint256 amount, uint256 amountOutMin, uint32[] destinations, bytes data) intent)',
	'event Settled(bytes32 indexed intentId, address account, address asset, uint256 amount)',
]);
const SLOW_FILL = 2;
/** In a CCTP V2 message: header, then a body with amount, fee and expiry at these offsets. */
const BODY_AT = 148;
const SOURCE_DOMAIN_AT = 4;
const AMOUNT_AT = 68;
const MAX_FEE_AT = 132;
const FEE_AT = 164;

interface Transfer {
	readonly wallet: Address;
	readonly incoming: boolean;
	readonly chain: string;
	readonly token: Address;
	readonly log: { readonly transactionHash: Hex; readonly args: { readonly from: Address; readonly value: bigint } };
	/** Of the whole transaction. */
	readonly logs: readonly Log[];
}

/** Null when the log says nothing about the transfer. */
export function explain(log: Log, transfer: Transfer): Explanation | null {
	const event = decode(log);
	if (event === null) return null;
	if (event.eventName === 'Swap') return { kind: 'swap', identity: `swap ${transfer.log.transactionHash}` };
	return transfer.incoming ? explainIncoming(event, log, transfer) : explainOutgoing(event, transfer);
}

type Event = NonNullable<ReturnType<typeof decode>>;

function explainOutgoing(event: Event, { wallet, chain, log }: Transfer): Explanation | null {
	const us = pad(wallet).toLowerCase();
	const units = log.args.value;
	if (event.eventName === 'FundsDeposited' && event.args.depositor.toLowerCase() === us && event.args.inputAmount === units) {
		const { depositId, outputAmount, destinationChainId, fillDeadline } = event.args;
		const where = { destination: `${destinationChainId}`, deadline: BigInt(fillDeadline) };
		return { kind: 'deposit', identity: `across ${chain} ${depositId}`, ordered: outputAmount, ...where };
	}
	if (event.eventName === 'MessageSent') {
		const { message } = event.args;
		const body = slice(message, BODY_AT);
		if (uint256At(body, AMOUNT_AT) !== units) return null;
		const domain = Number(slice(message, SOURCE_DOMAIN_AT, SOURCE_DOMAIN_AT + 4));
		return { kind: 'burn', identity: transferOf(domain, body), maxFee: uint256At(body, MAX_FEE_AT) };
	}
	if (event.eventName === 'IntentAdded' && event.args.intent.initiator.toLowerCase() === us)
		return { kind: 'purchase', identity: `intent ${event.args.intentId}` };
	return null;
}

function explainIncoming(event: Event, log: Log, transfer: Transfer): Explanation | null {
	const { wallet, token } = transfer;
	const { from, value: units } = transfer.log.args;
	if (event.eventName === 'FilledRelay' && event.args.recipient.toLowerCase() === pad(wallet).toLowerCase()) {
		const { originChainId, depositId, relayExecutionInfo } = event.args;
		const { updatedOutputAmount, fillType } = relayExecutionInfo;
		const identity = `across ${originChainId} ${depositId}`;
		return { kind: 'fill', identity, brings: updatedOutputAmount, isSlow: fillType === SLOW_FILL };
	}
	if (event.eventName === 'ExecutedRelayerRefundRoot' && isAddressEqual(log.address, from)) {
		const { l2TokenAddress, refundAddresses, refundAmounts } = event.args;
		const isOurs = refundAddresses.some((each, index) => isAddressEqual(each, wallet) && refundAmounts[index] === units);
		return isOurs && isAddressEqual(l2TokenAddress, token) ? { kind: 'refund' } : null;
	}
	if (event.eventName === 'MessageReceived') {
		const { messageBody, sourceDomain } = event.args;
		const [burned, fee] = [uint256At(messageBody, AMOUNT_AT), uint256At(messageBody, FEE_AT)];
		const minted = parseEventLogs({ abi: EVENTS, eventName: 'MintAndWithdraw', logs: [...transfer.logs] });
		const isOurs = minted.some(
			({ args }) => isAddressEqual(args.mintRecipient, wallet) && args.amount === units && args.feeCollected === fee,
		);
		return isOurs && burned === units + fee ? { kind: 'mint', identity: transferOf(sourceDomain, messageBody), fee, burned } : null;
	}
	if (event.eventName === 'Settled' && getAddress(event.args.account) === getAddress(wallet))
		return { kind: 'settlement', identity: `intent ${event.args.intentId}` };
	return null;
}

/** A burn by all that its sender said: fee and expiry are filled in later. */
const transferOf = (domain: number, body: Hex): string => `cctp ${domain} ${slice(body, 0, FEE_AT)}`;

const uint256At = (bytes: Hex, at: number): bigint => BigInt(slice(bytes, at, at + 32));

function decode(log: Log) {
	try {
		return decodeEventLog({ abi: EVENTS, data: log.data, topics: log.topics });
	} catch {
		return null;
	}
}
