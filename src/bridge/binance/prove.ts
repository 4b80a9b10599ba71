/** One look at a deposit: whether the exchange has credited it, and lets it be withdrawn. */
import type { ExchangeDeposit, ExchangeReads } from '../../exchange/exchange.ts';
import type { Evidence } from '../../leg/order.ts';
import type { Proof } from '../bridge.ts';
import { lookAgainIn } from '../look-again.ts';
import { sentOf } from './evidence.ts';
import type { BinancePair } from './settings.ts';

const LATEST_LOOK_MS = 300_000;

interface Look {
	readonly exchange: ExchangeReads;
	readonly pair: BinancePair;
	/** Unix milliseconds. */
	readonly nowMs: number;
}

/** Credited is not enough: what is locked cannot be withdrawn yet. What the exchange refuses waits for a person, and is never failure. */
export async function proveDeposit({ exchange, pair, nowMs }: Look, evidence: Evidence): Promise<Proof> {
	const { depositTx, seenAtMs } = sentOf(evidence);
	const { coin, from } = pair;
	const found = await exchange.findDeposit({ coin, network: from.network, transactionHash: depositTx });
	if (found?.state === 'credited') {
		return { state: 'proven', evidence: { ...evidence, credited: found.amount, noticedAtMs: String(found.noticedAtMs) } };
	}
	const waiting = { waitedMs: Math.max(0, nowMs - seenAtMs), expectedMs: from.depositSeconds * 1_000, latestMs: LATEST_LOOK_MS };
	return { state: 'pending', lookAgainMs: lookAgainIn(waiting), note: noteOf(found) };
}

function noteOf(found: ExchangeDeposit | null): string {
	if (found === null) return 'the exchange has not seen the deposit yet';
	switch (found.state) {
		case 'refused':
			return `the exchange has the deposit and does not credit it (${found.note}): a person has to ask for it`;
		case 'locked':
			return `the deposit is credited and still locked (${found.note})`;
		default:
			return `the deposit is not credited yet (${found.note})`;
	}
}
