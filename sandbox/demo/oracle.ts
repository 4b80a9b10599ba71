/**
 * Judges a run from the chains alone: it reads no table of ours and imports no product code. Every movement of our wallet must be
 * explained by an event of a bridge or of the hub, what leaves one chain must arrive on another, and nothing may happen twice.
 */
import { type Address, decodeEventLog, getAddress, type Hex, type Log, type PublicClient, pad, parseAbi } from 'viem';

export interface OracleChain {
	readonly id: string;
	readonly client: PublicClient;
	readonly usdc: Address;
	readonly decimals: number;
	/** The block after which movements are judged: funding ends here. */
	readonly fromBlock: bigint;
	/** The wallet's balance at that block. */
	readonly opening: bigint;
}

export interface OracleVerdict {
	readonly conserved: boolean;
	readonly duplicateEffects: number;
	readonly deposits: number;
	readonly purchases: number;
	readonly problems: readonly string[];
}

type Kind = 'deposit' | 'fill' | 'purchase' | 'settlement' | 'unexplained';

interface Movement {
	readonly chain: string;
	readonly tx: Hex;
	readonly kind: Kind;
	/** Base units at that chain: what the token's own Transfer says. */
	readonly units: bigint;
	readonly incoming: boolean;
	/** What the bridge or the hub calls the transfer; equal on both sides. */
	readonly identity: string;
	/** What the event promises for the other side, in base units there; 0 when it promises nothing. */
	readonly promised: bigint;
	readonly decimals: number;
}

const EVENTS = parseAbi([
	'event Transfer(address indexed from, address indexed to, uint256 value)',
	'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)',
	'event FilledRelay(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId, uint256 indexed originChainId, uint256 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 exclusiveRelayer, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 messageHash, (bytes32 updatedRecipient, bytes32 updatedMessageHash, uint256 updatedOutputAmount, uint8 fillType) relayExecutionInfo)',
	'event IntentAdded(bytes32 indexed intentId, uint256 queueIdx, (bytes32 initiator, bytes32 receiver, bytes32 inputAsset, bytes32 outputAsset, uint32 origin, uint64 nonce, uint48 timestamp, uint48 ttl, uint256 amount, uint256 amountOutMin, uint32[] destinations, bytes data) intent)',
	'event Settled(bytes32 indexed intentId, address account, address asset, uint256 amount)',
]);
const TRANSFER = EVENTS[0];
const HUB_SCALE = 18;

export async function judge(chains: readonly OracleChain[], wallet: Address): Promise<OracleVerdict> {
	const problems: string[] = [];
	const movements = (await Promise.all(chains.map((chain) => movementsOn(chain, wallet)))).flat();
	for (const chain of chains) problems.push(...(await checkBalance(chain, { wallet, movements })));
	for (const each of movements)
		if (each.kind === 'unexplained')
			problems.push(`${each.chain}: ${each.units} base units moved in ${each.tx} without an event that explains it`);
	problems.push(
		...checkPairs(movements, { sent: 'deposit', arrived: 'fill' }),
		...checkPairs(movements, { sent: 'purchase', arrived: 'settlement' }),
	);
	const duplicates = await countDuplicates(chains, movements);
	return {
		conserved: problems.length === 0,
		duplicateEffects: duplicates,
		deposits: movements.filter((each) => each.kind === 'deposit').length,
		purchases: movements.filter((each) => each.kind === 'purchase').length,
		problems,
	};
}

async function movementsOn(chain: OracleChain, wallet: Address): Promise<Movement[]> {
	const range = { address: chain.usdc, event: TRANSFER, fromBlock: chain.fromBlock + 1n, toBlock: 'latest' } as const;
	const [outgoing, incoming] = await Promise.all([
		chain.client.getLogs({ ...range, args: { from: wallet } }),
		chain.client.getLogs({ ...range, args: { to: wallet } }),
	]);
	const described = [...outgoing.map((log) => ({ log, incoming: false })), ...incoming.map((log) => ({ log, incoming: true }))];
	return Promise.all(
		described.map(async ({ log, incoming: isIncoming }) => {
			const receipt = await chain.client.getTransactionReceipt({ hash: log.transactionHash });
			const event = explain(receipt.logs, { wallet, incoming: isIncoming, chain, units: log.args.value ?? 0n });
			return {
				chain: chain.id,
				tx: log.transactionHash,
				units: log.args.value ?? 0n,
				incoming: isIncoming,
				decimals: chain.decimals,
				...event,
			};
		}),
	);
}

/** The event of a bridge or of the hub, in the same transaction, that says what this transfer was. */
function explain(
	logs: readonly Log[],
	{ wallet, incoming, chain, units }: { wallet: Address; incoming: boolean; chain: OracleChain; units: bigint },
): Pick<Movement, 'kind' | 'identity' | 'promised'> {
	const us = pad(wallet).toLowerCase();
	for (const log of logs) {
		const event = decode(log);
		if (event === null) continue;
		if (
			!incoming &&
			event.eventName === 'FundsDeposited' &&
			event.args.depositor.toLowerCase() === us &&
			event.args.inputAmount === units
		) {
			return { kind: 'deposit', identity: `across ${chain.id} ${event.args.depositId}`, promised: event.args.outputAmount };
		}
		if (incoming && event.eventName === 'FilledRelay' && event.args.recipient.toLowerCase() === us) {
			return { kind: 'fill', identity: `across ${event.args.originChainId} ${event.args.depositId}`, promised: event.args.outputAmount };
		}
		if (!incoming && event.eventName === 'IntentAdded' && event.args.intent.initiator.toLowerCase() === us) {
			return { kind: 'purchase', identity: `intent ${event.args.intentId}`, promised: event.args.intent.amount };
		}
		if (incoming && event.eventName === 'Settled' && getAddress(event.args.account) === getAddress(wallet)) {
			return { kind: 'settlement', identity: `intent ${event.args.intentId}`, promised: event.args.amount };
		}
	}
	return { kind: 'unexplained', identity: '', promised: 0n };
}

function decode(log: Log) {
	try {
		return decodeEventLog({ abi: EVENTS, data: log.data, topics: log.topics });
	} catch {
		return null;
	}
}

/** Opening balance plus what came in less what went out is what is there. */
async function checkBalance(
	chain: OracleChain,
	{ wallet, movements }: { wallet: Address; movements: readonly Movement[] },
): Promise<string[]> {
	const closing = await chain.client.readContract({
		address: chain.usdc,
		abi: parseAbi(['function balanceOf(address) view returns (uint256)']),
		functionName: 'balanceOf',
		args: [wallet],
	});
	const here = movements.filter((each) => each.chain === chain.id);
	const expected = here.reduce((sum, each) => sum + (each.incoming ? each.units : -each.units), chain.opening);
	return closing === expected ? [] : [`${chain.id}: the wallet holds ${closing}, its movements say ${expected}`];
}

/** Whatever arrived was sent once before, and arrived as promised; what was sent and has not arrived yet is in flight. */
function checkPairs(movements: readonly Movement[], { sent, arrived }: { sent: Kind; arrived: Kind }): string[] {
	const problems: string[] = [];
	const arrivals = movements.filter((each) => each.kind === arrived);
	for (const arrival of arrivals) {
		const origins = movements.filter((each) => each.kind === sent && each.identity === arrival.identity);
		const [origin] = origins;
		if (origin === undefined || origins.length > 1) problems.push(`${arrival.identity}: arrived once, was sent ${origins.length} times`);
		else if (sent === 'deposit' && arrival.units !== origin.promised)
			problems.push(`${arrival.identity}: ${origin.promised} promised, ${arrival.units} arrived`);
		else if (sent === 'purchase' && scaled(origin.units, origin.decimals) > scaled(arrival.units, arrival.decimals))
			problems.push(`${arrival.identity}: less came back than was paid`);
	}
	if (new Set(arrivals.map((each) => each.identity)).size !== arrivals.length) problems.push(`a ${arrived} arrived twice`);
	return problems;
}

function scaled(units: bigint, decimals: number): bigint {
	return units * 10n ** BigInt(HUB_SCALE - decimals);
}

/** Two successful sends that carry the same owner in their trailing bytes are one effect too many. */
async function countDuplicates(chains: readonly OracleChain[], movements: readonly Movement[]): Promise<number> {
	const OWNER_BYTES_HEX = 32;
	const sends = movements.filter((each) => !each.incoming);
	const owners = await Promise.all(
		sends.map(async (each) => {
			const client = chains.find((chain) => chain.id === each.chain)?.client;
			const transaction = await client?.getTransaction({ hash: each.tx });
			return `${each.kind} ${transaction?.input.slice(-OWNER_BYTES_HEX)}`;
		}),
	);
	return owners.length - new Set(owners).size;
}
