/** One look at a deposit: filled, or refunded because nobody can fill it any more, or still to be waited for. */
import type { Hash } from 'viem';
import type { Evidence } from '../../leg/order.ts';
import type { Proof } from '../bridge.ts';
import { lookAgainIn } from '../look-again.ts';
import { findFill, isPastFilling, readFillStatus } from './fill.ts';
import { findRefund, type RefundPlaces, type RefundSight } from './find-refund.ts';
import type { PoolPlace } from './pool.ts';
import { type Deposit, depositOf } from './relay.ts';

/** What is late may still be filled any moment, until its deadline. */
const LATEST_LOOK_MS = 15_000;
/** Refunds come with the next root bundle, hours later. */
const LATEST_REFUND_LOOK_MS = 300_000;

const REFUND_NOTES: Readonly<Record<Exclude<RefundSight['state'], 'refunded'>, string>> = {
	unseen: 'expired, refund not seen yet',
	deferred: 'expired, refund deferred (claimable)',
	unclear: 'expired, a refund was seen that may be of other deposits',
};

export interface Look extends RefundPlaces {
	readonly here: PoolPlace;
	/** The fill that the API names; null when it names none. */
	hintFill(): Promise<Hash | null>;
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** That the fill was promised to take. */
	readonly expectedMs: number;
}

/** Throws `TransientError` when a chain cannot be asked. The fill is looked for first: it wins over everything. */
export async function proveDeposit(look: Look, evidence: Evidence): Promise<Proof> {
	const deposit = depositOf(evidence);
	const seen = await readFillStatus(look.here, deposit);
	if (seen.status === 'filled') {
		const fillTx = await findFill(look.here, deposit, { head: seen.blockNumber, hint: look.hintFill });
		return { state: 'proven', evidence: { ...evidence, fillTx } };
	}
	if (await isPastFilling(look.here, deposit, seen)) {
		const refund = await findRefund(look, deposit);
		if (refund.state !== 'refunded') return pending(look, deposit, { note: REFUND_NOTES[refund.state], latestMs: LATEST_REFUND_LOOK_MS });
		return { state: 'returned', evidence: { ...evidence, refundTx: refund.tx, refundAmount: String(refund.amount) } };
	}
	const isLate = seen.timestamp > deposit.fillDeadline;
	const slow = seen.status === 'slow-requested' ? ', a slow fill is requested' : '';
	const note = isLate ? 'past its deadline, which is not final yet' : `not filled yet${slow}`;
	return pending(look, deposit, { note, latestMs: LATEST_LOOK_MS });
}

function pending(
	{ nowMs, expectedMs }: Look,
	{ depositId, seenAtMs }: Deposit,
	{ note, latestMs }: { note: string; latestMs: number },
): Proof {
	const waitedMs = Math.max(0, nowMs - seenAtMs);
	return { state: 'pending', lookAgainMs: lookAgainIn({ waitedMs, expectedMs, latestMs }), note: `deposit ${depositId} is ${note}` };
}
