/** The withdrawal: what is asked for, and what the exchange knows of it. Everything that it could refuse is checked before it is asked. */
import type { ExchangeReads } from '../../exchange/exchange.ts';
import type { KeyedRequest } from '../../leg/effect.ts';
import type { HopOrder } from '../../leg/order.ts';
import { type Amount, amount } from '../../money/amount.ts';
import type { Claim, RequestSight } from '../bridge.ts';
import { lookAgainIn } from '../look-again.ts';
import { coinText, coinUnits, wholeSteps } from './coins.ts';
import type { CreditedDeposit } from './evidence.ts';
import type { PairTerms, Pricing } from './price.ts';
import type { BinancePair, BinanceSettings } from './settings.ts';

/** What the exchange does not allow now is asked for again by the half minute: the funds are in our account, and stay there. */
const CLOSED_LOOK_AGAIN_MS = 30_000;
const LATEST_LOOK_MS = 300_000;

interface WithdrawalDesk {
	readonly exchange: ExchangeReads;
	readonly pair: BinancePair;
	readonly maximumFee: Pricing['maximumFee'];
	terms(): Promise<PairTerms>;
}

/** All of the deposit, in whole steps. */
export async function claimWithdrawal(desk: WithdrawalDesk, { recipient }: HopOrder, deposit: CreditedDeposit): Promise<Claim> {
	const { exchange, pair } = desk;
	const { coin, to } = pair;
	const [{ withdrawal }, balance] = await Promise.all([desk.terms(), exchange.balance(coin)]);
	const units = wholeSteps(coinUnits(deposit.credited), withdrawal.withdrawStep);
	const text = coinText(units);
	const fee = coinUnits(withdrawal.withdrawFee);
	const problem = [
		[!withdrawal.withdrawEnabled, `no withdrawals of ${coin} on ${to.network} now`],
		[units < coinUnits(withdrawal.withdrawMinimum), `${text} ${coin} is below the minimum of ${withdrawal.withdrawMinimum}`],
		[units > coinUnits(withdrawal.withdrawMaximum), `${text} ${coin} is above the maximum of ${withdrawal.withdrawMaximum}`],
		[
			isTooDear(fee, units, desk.maximumFee),
			`its fee of ${withdrawal.withdrawFee} for ${text} ${coin} is above bridges.binance.maximumFeeBps`,
		],
		[
			coinUnits(balance.free) < units,
			`${balance.free} ${coin} of the account are free, ${balance.locked} locked, and ${text} are to be withdrawn`,
		],
	].find(([is]) => is);
	if (problem !== undefined) {
		return { state: 'waiting', lookAgainMs: CLOSED_LOOK_AGAIN_MS, note: `the funds wait at the exchange: ${problem[1]}` };
	}
	const request = { exchange: 'binance', coin, network: to.network, address: recipient, amount: text };
	return { state: 'request', request };
}

function isTooDear(fee: Amount, units: Amount, { numerator, denominator }: Pricing['maximumFee']): boolean {
	return fee >= units || fee * denominator > units * numerator;
}

interface WithdrawalLook {
	readonly exchange: ExchangeReads;
	readonly configured: BinanceSettings;
	readonly pair: BinancePair;
}

/** Absent only when the look began after the last call could be taken, and what was taken has had its time to be listed. */
export async function lookAtWithdrawal(
	{ exchange, configured, pair }: WithdrawalLook,
	{ noticedAtMs }: CreditedDeposit,
	{ key, body, untilMs }: KeyedRequest,
): Promise<RequestSight> {
	const beganAtMs = await exchange.nowMs();
	const found = await exchange.findWithdrawal({ key, sinceMs: noticedAtMs });
	if (found === null) {
		const listedByMs = untilMs === null ? beganAtMs : untilMs + configured.historyLagSeconds * 1_000;
		if (beganAtMs >= listedByMs) return { state: 'absent' };
		return { state: 'pending', lookAgainMs: listedByMs - beganAtMs, note: `whether withdrawal ${key} was accepted is not known yet` };
	}
	if (found.state === 'ended') return { state: 'rejected', reason: `withdrawal ${found.id} ended: ${found.note}` };
	if (found.state === 'pending' || found.transactionHash === null) {
		const waiting = { waitedMs: Math.max(0, beganAtMs - (untilMs ?? beganAtMs)), expectedMs: pair.to.withdrawSeconds * 1_000 };
		return {
			state: 'pending',
			lookAgainMs: lookAgainIn({ ...waiting, latestMs: LATEST_LOOK_MS }),
			note: `withdrawal ${found.id} is not sent yet (${found.note})`,
		};
	}
	return {
		state: 'done',
		evidence: { withdrawalId: found.id, withdrawTx: found.transactionHash, withdrawn: String(body.amount), withdrawFee: found.fee },
	};
}

/** What is to arrive of a withdrawal, in units of coins. */
export function netOf({ withdrawn, withdrawFee }: { readonly withdrawn: string; readonly withdrawFee: string }): Amount {
	const [gross, fee] = [coinUnits(withdrawn), coinUnits(withdrawFee)];
	return amount(gross > fee ? gross - fee : 0n);
}
