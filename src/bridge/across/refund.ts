/** Refunds on the origin: leaves of root bundles that pay us back, and what a transaction has really brought. */
import { type Address, erc20Abi, getAbiItem, type Hash, isAddressEqual, parseEventLogs, slice, type TransactionReceipt } from 'viem';
import { type BlockRange, chunksOf } from '../../chain/look.ts';
import { InvariantError } from '../../errors.ts';
import type { Delivery, HopOrder } from '../../leg/order.ts';
import { amount } from '../../money/amount.ts';
import { refundEventsAbi } from './abi.ts';
import type { Refund } from './attribute.ts';
import { wide } from './deposit.ts';
import { asked, type PoolPlace } from './pool.ts';
import type { RefundedDeposit, RelayData } from './relay.ts';

const EXECUTED = getAbiItem({ abi: refundEventsAbi, name: 'ExecutedRelayerRefundRoot' });
const CLAIMED = getAbiItem({ abi: refundEventsAbi, name: 'ClaimedRelayerRefund' });

/** Whose funds, of which token; both as 32 bytes in lower case. */
export type Payee = Pick<RelayData, 'depositor' | 'inputToken'>;

export interface RefundLeaf extends Refund {
	readonly tx: Hash;
}

/** Every leaf in the range that pays us this token, first to last, paid out or not. Throws `TransientError`. */
export async function scanRefunds(place: PoolPlace, payee: Payee, range: BlockRange): Promise<RefundLeaf[]> {
	return asked(place, async () => {
		const leaves: RefundLeaf[] = [];
		for (const chunk of chunksOf(range)) {
			const logs = await place.client.getLogs({ address: place.pool, event: EXECUTED, strict: true, ...chunk });
			leaves.push(...leavesIn(logs, place, payee));
		}
		return leaves;
	});
}

/** The first claim in the range that brought us what leaves could not transfer; null when there is none. Throws `TransientError`. */
export async function findClaim(place: PoolPlace, { depositor, inputToken }: Payee, range: BlockRange): Promise<Hash | null> {
	return asked(place, async () => {
		const args = { l2TokenAddress: inputToken, refundAddress: depositor, caller: slice(depositor, -20) };
		for (const chunk of chunksOf(range)) {
			const [claim] = await place.client.getLogs({ address: place.pool, event: CLAIMED, args, ...chunk });
			if (claim !== undefined) return claim.transactionHash;
		}
		return null;
	});
}

interface Payback {
	/** Base units that the leaf or claim says are ours. */
	readonly amount: bigint;
	/** Whether the token's own transfers have brought them. */
	readonly isPaid: boolean;
	readonly blockNumber: bigint;
}

/** What a transaction pays us back; null when it pays us nothing back. */
export function paybackIn({ logs, blockNumber }: TransactionReceipt, place: PoolPlace, payee: Payee): Payback | null {
	const ofPool = logs.filter((log) => isAddressEqual(log.address, place.pool));
	const leaves = leavesIn(parseEventLogs({ abi: [EXECUTED], logs: ofPool }), place, payee).map((leaf) => leaf.amount);
	const claims = parseEventLogs({ abi: [CLAIMED], logs: ofPool })
		.filter(({ args }) => wide(args.refundAddress) === payee.depositor && wide(args.l2TokenAddress) === payee.inputToken)
		.map(({ args }) => args.amount);
	const promised = sum([...leaves, ...claims]);
	if (promised === 0n) return null;
	const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs }).filter(
		({ address, args }) => wide(address) === payee.inputToken && isAddressEqual(args.from, place.pool) && wide(args.to) === payee.depositor,
	);
	return { amount: promised, isPaid: sum(transfers.map(({ args }) => args.value)) >= promised, blockNumber };
}

/** What came back of one deposit: exactly what it had sent. Throws `InvariantError` when the transaction does not pay us as much back. */
export async function readReturn(order: HopOrder, place: PoolPlace, deposit: RefundedDeposit): Promise<Delivery> {
	const receipt = await asked(place, () => place.client.getTransactionReceipt({ hash: deposit.refundTx }));
	const payback = paybackIn(receipt, place, deposit);
	const fail = (problem: string): never => {
		throw new InvariantError(`transaction ${deposit.refundTx} on ${place.chainId}: ${problem}`, {
			tx: deposit.refundTx,
			depositId: String(deposit.depositId),
		});
	};
	if (wide(order.origin.token) !== deposit.inputToken) return fail(`deposit ${deposit.depositId} was not of ${order.origin.token}`);
	if (wide(order.sender) !== deposit.depositor) return fail(`deposit ${deposit.depositId} was not made by ${order.sender}`);
	if (payback === null || !payback.isPaid) return fail(`it has refunded nothing to ${order.sender}`);
	if (payback.amount < deposit.inputAmount) {
		return fail(`it has refunded ${payback.amount}, which is less than the ${deposit.inputAmount} of deposit ${deposit.depositId}`);
	}
	return {
		venue: order.origin.venue,
		amount: amount(deposit.inputAmount),
		transactionHash: deposit.refundTx,
		blockNumber: payback.blockNumber,
	};
}

interface LeafLog {
	readonly args: {
		readonly refundAmounts: readonly bigint[];
		readonly l2TokenAddress: Address;
		readonly refundAddresses: readonly Address[];
	};
	readonly blockNumber: bigint;
	readonly logIndex: number;
	readonly transactionHash: Hash;
}

function leavesIn(logs: readonly LeafLog[], place: PoolPlace, { depositor, inputToken }: Payee): RefundLeaf[] {
	return logs.flatMap(({ args, blockNumber, logIndex, transactionHash }) => {
		if (wide(args.l2TokenAddress) !== inputToken) return [];
		const ours = args.refundAmounts.filter((_, index) => wide(args.refundAddresses[index] ?? place.pool) === depositor);
		return ours.length === 0 ? [] : [{ tx: transactionHash, amount: sum(ours), blockNumber, logIndex }];
	});
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, each) => total + each, 0n);
