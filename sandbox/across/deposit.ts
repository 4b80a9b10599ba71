/** A deposit as the relayer knows it: what identifies it on its destination, and what has become of it. */
import { getAbiItem, type Hash, type Hex, pad } from 'viem';
import { spokePoolAbi } from '../chains/abi.ts';
import { fillStatus, type LocalChain } from '../chains/chain.ts';
import type { createLogScan } from '../chains/log-scan.ts';

export const UNFILLED = 0n;
export const FILLED = 2n;
export const FUNDS_DEPOSITED = getAbiItem({ abi: spokePoolAbi, name: 'FundsDeposited' });

interface RelayData {
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
	/** A fill that was sent too late, and that the contract has refused. */
	lateFillTx: Hash | null;
	refundTx: Hash | null;
	/** When it was first seen that nobody can fill it any more. */
	expiredAtMs: number | null;
	/** Something is being done for it. */
	isBusy: boolean;
	/** Why it is not filled, when somebody else stands in the way. */
	problem: string | null;
}

/** By "<origin chain id>-<deposit id>". */
export type Deposits = Map<string, Deposit>;

type DepositLog = Awaited<ReturnType<ReturnType<typeof createLogScan<typeof FUNDS_DEPOSITED>>['next']>>[number];

interface Sighting {
	readonly origin: LocalChain;
	readonly destination: LocalChain | undefined;
	readonly log: DepositLog;
}

/** A deposit seen before is left alone, unless a reorganisation has put another one under its number. */
export function note(deposits: Deposits, { origin, destination, log }: Sighting): void {
	const key = `${origin.chainId}-${log.args.depositId}`;
	if (destination === undefined || deposits.get(key)?.depositTx === log.transactionHash) return;
	const { destinationChainId: _, quoteTimestamp: __, ...relayed } = log.args;
	const relay = { ...relayed, originChainId: BigInt(origin.chainId) };
	const fresh = { fillTx: null, lateFillTx: null, refundTx: null, expiredAtMs: null, isBusy: false, problem: null, seenAtMs: Date.now() };
	deposits.set(key, { origin, destination, relay, depositTx: log.transactionHash, ...fresh });
}

/** What the destination's contract says, which no API can overrule: 0 unfilled, 1 slow fill requested, 2 filled. */
export async function statusOnChain({ destination, relay }: Deposit): Promise<bigint> {
	const { client, spokePool } = destination;
	const hash = await client.readContract({ address: spokePool, abi: spokePoolAbi, functionName: 'getV3RelayHash', args: [relay] });
	return fillStatus(destination, hash);
}

/** Whether only another relayer may fill it yet, by the destination's clock. */
export function isReserved({ relay }: Deposit, { relayer, timestamp }: { relayer: Hex; timestamp: bigint }): boolean {
	return relay.exclusivityDeadline >= Number(timestamp) && pad(relayer).toLowerCase() !== relay.exclusiveRelayer.toLowerCase();
}

/** Whether the destination's clock has passed the deadline: from this block on the contract refuses every fill. */
export function isPastDeadline({ relay }: Deposit, timestamp: bigint): boolean {
	return timestamp > BigInt(relay.fillDeadline);
}
