/** Every movement of a wallet's tokens on a chain, and the event of a bridge or of the hub that says what it was. */
import { type Address, decodeEventLog, getAddress, type Hex, isAddressEqual, type Log, type PublicClient, pad, parseAbi } from 'viem';

export interface WatchedChain {
	readonly id: string;
	readonly client: PublicClient;
	readonly usdc: Address;
	readonly decimals: number;
	/** The block after which movements are judged: funding ends here. */
	readonly fromBlock: bigint;
}

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
	| { readonly kind: 'purchase'; readonly identity: string }
	| { readonly kind: 'settlement'; readonly identity: string }
	| { readonly kind: 'unexplained' };

export interface Movement {
	readonly chain: string;
	readonly decimals: number;
	readonly tx: Hex;
	/** Base units at that chain: what the token's own Transfer says. */
	readonly units: bigint;
	readonly incoming: boolean;
	readonly is: Explanation;
}

const EVENTS = parseAbi([
	'event Transfer(address indexed from, address indexed to, uint256 value)',
	'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)',
	'event FilledRelay(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId, uint256 indexed originChainId, uint256 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 exclusiveRelayer, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 messageHash, (bytes32 updatedRecipient, bytes32 updatedMessageHash, uint256 updatedOutputAmount, uint8 fillType) relayExecutionInfo)',
	'event ExecutedRelayerRefundRoot(uint256 amountToReturn, uint256 indexed chainId, uint256[] refundAmounts, uint32 indexed rootBundleId, uint32 indexed leafId, address l2TokenAddress, address[] refundAddresses, bool deferredRefunds, address caller)',
	'event IntentAdded(bytes32 indexed intentId, uint256 queueIdx, (bytes32 initiator, bytes32 receiver, bytes32 inputAsset, bytes32 outputAsset, uint32 origin, uint64 nonce, uint48 timestamp, uint48 ttl, uint256 amount, uint256 amountOutMin, uint32[] destinations, bytes data) intent)',
	'event Settled(bytes32 indexed intentId, address account, address asset, uint256 amount)',
]);
const TRANSFER = EVENTS[0];
const SLOW_FILL = 2;

/** From the chain alone, after its `fromBlock` and up to `head`. */
export async function movementsOn(chain: WatchedChain, { wallet, head }: { wallet: Address; head: bigint }): Promise<Movement[]> {
	if (head <= chain.fromBlock) return [];
	const range = { address: chain.usdc, event: TRANSFER, strict: true, fromBlock: chain.fromBlock + 1n, toBlock: head } as const;
	const [outgoing, incoming] = await Promise.all([
		chain.client.getLogs({ ...range, args: { from: wallet } }),
		chain.client.getLogs({ ...range, args: { to: wallet } }),
	]);
	const described = [...outgoing.map((log) => ({ log, incoming: false })), ...incoming.map((log) => ({ log, incoming: true }))];
	return Promise.all(
		described.map(async ({ log, incoming: isIncoming }) => {
			const { logs } = await chain.client.getTransactionReceipt({ hash: log.transactionHash });
			const transfer = { wallet, incoming: isIncoming, chain, from: log.args.from, units: log.args.value };
			const is = logs.reduce<Explanation>((found, each) => better(found, explain(each, transfer), transfer.units), { kind: 'unexplained' });
			return { chain: chain.id, decimals: chain.decimals, tx: log.transactionHash, units: transfer.units, incoming: isIncoming, is };
		}),
	);
}

interface Transfer {
	readonly wallet: Address;
	readonly incoming: boolean;
	readonly chain: WatchedChain;
	readonly from: Address;
	readonly units: bigint;
}

/** What a log of the same transaction says about the transfer; null when it says nothing. */
function explain(log: Log, transfer: Transfer): Explanation | null {
	const event = decode(log);
	if (event === null) return null;
	return transfer.incoming ? explainIncoming(event, log, transfer) : explainOutgoing(event, transfer);
}

type Event = NonNullable<ReturnType<typeof decode>>;

function explainOutgoing(event: Event, { wallet, chain, units }: Transfer): Explanation | null {
	const us = pad(wallet).toLowerCase();
	if (event.eventName === 'FundsDeposited' && event.args.depositor.toLowerCase() === us && event.args.inputAmount === units) {
		const { depositId, outputAmount, destinationChainId, fillDeadline } = event.args;
		const where = { destination: `${destinationChainId}`, deadline: BigInt(fillDeadline) };
		return { kind: 'deposit', identity: `across ${chain.id} ${depositId}`, ordered: outputAmount, ...where };
	}
	if (event.eventName === 'IntentAdded' && event.args.intent.initiator.toLowerCase() === us)
		return { kind: 'purchase', identity: `intent ${event.args.intentId}` };
	return null;
}

function explainIncoming(event: Event, log: Log, { wallet, chain, from, units }: Transfer): Explanation | null {
	if (event.eventName === 'FilledRelay' && event.args.recipient.toLowerCase() === pad(wallet).toLowerCase()) {
		const { originChainId, depositId, relayExecutionInfo } = event.args;
		const { updatedOutputAmount, fillType } = relayExecutionInfo;
		const identity = `across ${originChainId} ${depositId}`;
		return { kind: 'fill', identity, brings: updatedOutputAmount, isSlow: fillType === SLOW_FILL };
	}
	if (event.eventName === 'ExecutedRelayerRefundRoot' && isAddressEqual(log.address, from)) {
		const { l2TokenAddress, refundAddresses, refundAmounts } = event.args;
		const isOurs = refundAddresses.some((each, index) => isAddressEqual(each, wallet) && refundAmounts[index] === units);
		return isOurs && isAddressEqual(l2TokenAddress, chain.usdc) ? { kind: 'refund' } : null;
	}
	if (event.eventName === 'Settled' && getAddress(event.args.account) === getAddress(wallet))
		return { kind: 'settlement', identity: `intent ${event.args.intentId}` };
	return null;
}

/** One transaction may hold several fills: the one of the same amount is this transfer's, else the first. */
function better(found: Explanation, next: Explanation | null, units: bigint): Explanation {
	if (next === null) return found;
	if (found.kind === 'unexplained') return next;
	return found.kind === 'fill' && found.brings !== units && next.kind === 'fill' && next.brings === units ? next : found;
}

function decode(log: Log) {
	try {
		return decodeEventLog({ abi: EVENTS, data: log.data, topics: log.topics });
	} catch {
		return null;
	}
}
