/**
 * A relayer: watches the deposits of all chains, and pays them out on their destination when they earn at least the fee. Real
 * relayers race each other; here there is one, which can be told to be slow, to ignore a deposit, or to stand still.
 */
import { encodeFunctionData, getAbiItem, type Hash, type Hex, pad } from 'viem';
import { spokePoolAbi } from '../chains/abi.ts';
import { RELAYER } from '../chains/accounts.ts';
import { fillStatus, type LocalChain } from '../chains/chain.ts';
import { createLogScan } from '../chains/log-scan.ts';
import { type Poller, startPoller } from '../poller.ts';
import { scaleDown } from '../scale.ts';
import { type FeeTable, priceOf } from './fees.ts';

const LOOK_EVERY_MS = 150;
const FILLED = 2n;
const COMMON_DECIMALS = 18;
const FUNDS_DEPOSITED = getAbiItem({ abi: spokePoolAbi, name: 'FundsDeposited' });

export interface RelayData {
	readonly depositor: Hex;
	readonly recipient: Hex;
	readonly exclusiveRelayer: Hex;
	readonly inputToken: Hex;
	readonly outputToken: Hex;
	readonly inputAmount: bigint;
	readonly outputAmount: bigint;
	readonly originChainId: bigint;
	readonly depositId: bigint;
	readonly fillDeadline: number;
	readonly exclusivityDeadline: number;
	readonly message: Hex;
}

export interface Deposit {
	readonly origin: LocalChain;
	readonly destination: LocalChain;
	readonly relay: RelayData;
	readonly depositTx: Hash;
	readonly seenAtMs: number;
	fillTx: Hash | null;
	isBeingFilled: boolean;
	/** Why it is not filled, when somebody else stands in the way. */
	problem: string | null;
}

export interface Relayer {
	/** By "<origin chain id>-<deposit id>". */
	readonly deposits: Map<string, Deposit>;
	/** From seeing a deposit to filling it. */
	fillDelayMs: number;
	/** Deposits that stay unfilled for as long as this says so. */
	ignore: (depositId: bigint, originChainId: number) => boolean;
	readonly poller: Poller;
	/** The chains were taken back: forgets every deposit, and is quick and attentive again. */
	forget(): Promise<void>;
}

export function startRelayer(chains: ReadonlyMap<string, LocalChain>, fees: FeeTable): Relayer {
	const scans = [...chains.values()].map((origin) => ({ origin, scan: createLogScan(origin, origin.spokePool, FUNDS_DEPOSITED) }));
	const deposits: Relayer['deposits'] = new Map();
	const settings = { fillDelayMs: 0, ignore: (() => false) as Relayer['ignore'] };
	const relayer: Relayer = Object.assign(settings, {
		deposits,
		async forget() {
			deposits.clear();
			relayer.fillDelayMs = 0;
			relayer.ignore = () => false;
			await Promise.all(scans.map(({ scan }) => scan.rewind()));
		},
		poller: startPoller(LOOK_EVERY_MS, async () => {
			for (const { origin, scan } of scans) {
				for (const log of await scan.next()) note(deposits, { origin, destination: chains.get(`${log.args.destinationChainId}`), log });
			}
			await Promise.all([...deposits.values()].filter((each) => isDue(each, settings)).map((each) => fillIfWorthIt(each, fees)));
		}),
	});
	return relayer;
}

type DepositLog = Awaited<ReturnType<ReturnType<typeof createLogScan<typeof FUNDS_DEPOSITED>>['next']>>[number];

interface Sighting {
	readonly origin: LocalChain;
	readonly destination: LocalChain | undefined;
	readonly log: DepositLog;
}

/** A deposit seen before is left alone, unless a reorganisation has put another one under its number. */
function note(deposits: Relayer['deposits'], { origin, destination, log }: Sighting): void {
	const key = `${origin.chainId}-${log.args.depositId}`;
	if (destination === undefined || deposits.get(key)?.depositTx === log.transactionHash) return;
	const { destinationChainId: _, quoteTimestamp: __, ...relayed } = log.args;
	const relay = { ...relayed, originChainId: BigInt(origin.chainId) };
	const fresh = { fillTx: null, isBeingFilled: false, problem: null, seenAtMs: Date.now() };
	deposits.set(key, { origin, destination, relay, depositTx: log.transactionHash, ...fresh });
}

function isDue(
	{ fillTx, isBeingFilled, seenAtMs, relay }: Deposit,
	{ fillDelayMs, ignore }: Pick<Relayer, 'fillDelayMs' | 'ignore'>,
): boolean {
	if (fillTx !== null || isBeingFilled || Date.now() < seenAtMs + fillDelayMs) return false;
	return !ignore(relay.depositId, Number(relay.originChainId));
}

/** Starts the fill; whether it is mined shows at a later look. */
async function fillIfWorthIt(deposit: Deposit, fees: FeeTable): Promise<void> {
	const { origin, destination, relay } = deposit;
	const { total } = priceOf(deposit, fees.of(deposit), relay.inputAmount);
	const earned =
		scaleDown(relay.inputAmount, origin.decimals, COMMON_DECIMALS) - scaleDown(relay.outputAmount, destination.decimals, COMMON_DECIMALS);
	if (earned < scaleDown(total, origin.decimals, COMMON_DECIMALS)) {
		deposit.problem = 'it does not earn the fee';
		return;
	}
	const { timestamp } = await destination.client.getBlock();
	if (timestamp > BigInt(relay.fillDeadline)) {
		deposit.problem = 'it has expired';
		return;
	}
	const args = [relay, BigInt(destination.chainId), pad(RELAYER.address)] as const;
	const data = encodeFunctionData({ abi: spokePoolAbi, functionName: 'fillRelay', args });
	deposit.isBeingFilled = true;
	void fill(deposit, data);
}

/** A fill that could not be sent or was not mined is tried again at the next look; the contract takes only one. */
async function fill(deposit: Deposit, data: Hex): Promise<void> {
	const { client, spokePool } = deposit.destination;
	try {
		const hash = await client.send({ from: RELAYER.address, to: spokePool, data });
		await client.mined(hash);
		deposit.fillTx = hash;
		deposit.problem = null;
	} catch (error) {
		deposit.problem = error instanceof Error ? error.message : String(error);
	}
	deposit.isBeingFilled = false;
}

/** What the destination's contract says, which no API can overrule. */
export async function isFilledOnChain({ destination, relay }: Deposit): Promise<boolean> {
	const { client, spokePool } = destination;
	const hash = await client.readContract({ address: spokePool, abi: spokePoolAbi, functionName: 'getV3RelayHash', args: [relay] });
	return (await fillStatus(destination, hash)) === FILLED;
}
