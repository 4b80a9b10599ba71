/** The fill on the destination. The pool's own status is the authority; events and the API only lead to the transaction. */
import { erc20Abi, getAbiItem, type Hash, isAddressEqual, type Log, parseEventLogs, type TransactionReceipt } from 'viem';
import { type BlockRange, chunksBelow, receiptOrNull } from '../../chain/look.ts';
import { InvariantError, TransientError } from '../../errors.ts';
import type { Delivery, HopOrder } from '../../leg/order.ts';
import { amount } from '../../money/amount.ts';
import { fillEventsAbi, spokePoolAbi } from './abi.ts';
import { wide } from './deposit.ts';
import { asked, type PoolPlace } from './pool.ts';
import { type Deposit, type FilledDeposit, type RelayData, relayHash } from './relay.ts';

interface FillStatus {
	readonly status: 'unfilled' | 'slow-requested' | 'filled';
	/** The destination's height and time, in Unix seconds, that the status was read at. */
	readonly blockNumber: bigint;
	readonly timestamp: number;
}

const STATUSES = ['unfilled', 'slow-requested', 'filled'] as const;
const FILLED_RELAY = getAbiItem({ abi: fillEventsAbi, name: 'FilledRelay' });
const FILLED_V3_RELAY = getAbiItem({ abi: fillEventsAbi, name: 'FilledV3Relay' });
const MAX_LEGACY_ID = 0xffff_ffffn;

/** Throws `TransientError` when the destination cannot be asked. */
export async function readFillStatus(place: PoolPlace, deposit: RelayData): Promise<FillStatus> {
	const { client, pool, chainId } = place;
	return asked(place, async () => {
		const block = await client.getBlock();
		const args = [relayHash(deposit, chainId)] as const;
		const code = await client.readContract({
			address: pool,
			abi: spokePoolAbi,
			functionName: 'fillStatuses',
			args,
			blockNumber: block.number,
		});
		const status = STATUSES[Number(code)];
		if (status === undefined) throw new InvariantError(`pool ${pool} on ${chainId} says fill status ${code}, which has no meaning`);
		return { status, blockNumber: block.number, timestamp: Number(block.timestamp) };
	});
}

/**
 * Whether what was seen unfilled can never be filled any more: the contract refuses fills in blocks after the deadline, and one of
 * those is final. Throws `TransientError` when the destination cannot be asked.
 */
export async function isPastFilling(place: PoolPlace, { fillDeadline }: RelayData, seen: FillStatus): Promise<boolean> {
	if (seen.timestamp <= fillDeadline) return false;
	const blockNumber = seen.blockNumber - BigInt(place.finalityBlocks);
	if (blockNumber < 0n) return false;
	const { timestamp } = await asked(place, () => place.client.getBlock({ blockNumber }));
	return Number(timestamp) > fillDeadline;
}

/** The transaction that filled, looked for from `head` backwards: the newest blocks, then the hinted transaction, then the older ones. */
export async function findFill(
	place: PoolPlace,
	deposit: Deposit,
	{ head, hint }: { head: bigint; hint: () => Promise<Hash | null> },
): Promise<Hash> {
	return asked(place, async () => {
		for (const [age, chunk] of chunksBelow(head).entries()) {
			const found = await scan(place, deposit, chunk);
			if (found !== null) return found;
			const hinted = age === 0 ? await hint() : null;
			if (hinted !== null && (await holdsFill(place, deposit, hinted))) return hinted;
		}
		throw new TransientError(`deposit ${deposit.depositId} is filled on ${place.chainId}, but its fill was not found below block ${head}`);
	});
}

/** What the fill has delivered, by the token's own Transfer. Throws `InvariantError` when it has not filled our deposit for us. */
export async function readDelivery(order: HopOrder, place: PoolPlace, deposit: FilledDeposit): Promise<Delivery> {
	const receipt = await asked(place, () => readReceipt(place, deposit.fillTx));
	const fills = parseEventLogs({ abi: fillEventsAbi, logs: receipt.logs }).filter((log) => isAddressEqual(log.address, place.pool));
	const index = fills.findIndex(({ args }) => isFillOf(args, deposit));
	const fill = fills[index];
	const fail = (problem: string): never => {
		throw new InvariantError(`transaction ${deposit.fillTx} on ${place.chainId}: ${problem}`, {
			tx: deposit.fillTx,
			depositId: String(deposit.depositId),
		});
	};
	if (fill === undefined) return fail(`it has not filled deposit ${deposit.depositId}`);
	if (wide(fill.args.relayExecutionInfo.updatedRecipient) !== wide(order.recipient)) return fail('its fill went to somebody else');
	// A fill emits its event and then pays: its transfer stands before the next fill of the same transaction.
	const end = fills[index + 1]?.logIndex ?? Number.POSITIVE_INFINITY;
	const transfer = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: receipt.logs }).find(
		({ address, args, logIndex }) =>
			logIndex > fill.logIndex &&
			logIndex < end &&
			isAddressEqual(address, order.destination.token) &&
			isAddressEqual(args.to, order.recipient),
	);
	if (transfer === undefined) return fail(`it has transferred no ${order.destination.token} to ${order.recipient}`);
	return {
		venue: order.destination.venue,
		amount: amount(transfer.args.value),
		transactionHash: receipt.transactionHash,
		blockNumber: receipt.blockNumber,
	};
}

async function scan({ client, pool }: PoolPlace, deposit: Deposit, chunk: BlockRange): Promise<Hash | null> {
	const range = { address: pool, ...chunk };
	const { originChainId, depositId } = deposit;
	const current = await client.getLogs({ ...range, event: FILLED_RELAY, args: { originChainId, depositId } });
	const found = fillAmong(current, deposit);
	if (found !== null || depositId > MAX_LEGACY_ID) return found;
	const legacy = await client.getLogs({ ...range, event: FILLED_V3_RELAY, args: { originChainId, depositId: Number(depositId) } });
	return fillAmong(legacy, deposit);
}

/** The API may name a transaction that is not there, or not there any more. */
async function holdsFill(place: PoolPlace, deposit: Deposit, hash: Hash): Promise<boolean> {
	const receipt = await receiptOrNull(place.client, hash);
	const logs = receipt?.logs.filter((log) => isAddressEqual(log.address, place.pool)) ?? [];
	return fillAmong(logs, deposit) !== null;
}

function fillAmong(logs: readonly Log[], deposit: Deposit): Hash | null {
	const fill = parseEventLogs({ abi: fillEventsAbi, logs: [...logs] }).find(({ args }) => isFillOf(args, deposit));
	return fill?.transactionHash ?? null;
}

type FillArgs = ReturnType<typeof parseEventLogs<typeof fillEventsAbi>>[number]['args'];

/** Ids alone are not enough: a filler may name any origin, and a fill counts only for exactly our relay data. */
function isFillOf(args: FillArgs, deposit: Deposit): boolean {
	return (
		args.originChainId === deposit.originChainId &&
		BigInt(args.depositId) === deposit.depositId &&
		wide(args.depositor) === deposit.depositor &&
		wide(args.recipient) === deposit.recipient &&
		wide(args.inputToken) === deposit.inputToken &&
		wide(args.outputToken) === deposit.outputToken &&
		args.inputAmount === deposit.inputAmount &&
		args.outputAmount === deposit.outputAmount &&
		args.fillDeadline === deposit.fillDeadline &&
		args.exclusivityDeadline === deposit.exclusivityDeadline &&
		wide(args.exclusiveRelayer) === deposit.exclusiveRelayer
	);
}

/** Throws for an answer that is none, so that nothing is concluded from it. */
async function readReceipt({ client }: PoolPlace, hash: Hash): Promise<TransactionReceipt> {
	const receipt = await client.getTransactionReceipt({ hash });
	if (receipt.transactionHash !== hash || !Array.isArray(receipt.logs)) throw new TransientError(`the receipt of ${hash} is none`);
	return receipt;
}
