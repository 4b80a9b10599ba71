/** How the exchange behaves; a test may change it at any time, and every change counts from the next look or request on. */
import type { Deposit, Withdrawal } from './book.ts';

/** What a withdrawal comes to: status 6, 1, 3 or 5. */
export type Outcome = 'completed' | 'cancelled' | 'rejected' | 'failed';

/**
 * `announced`: only the status says so, everything works. The others answer all other calls, and carry none out: `closed` with the
 * word for it, `unknown` with -1000, `unavailable` with 503 and a page of the gateway.
 */
export type Maintenance = 'announced' | 'closed' | 'unknown' | 'unavailable';

export interface BinanceSettings {
	/** The exchange's clock, in Unix milliseconds. */
	nowMs: () => number;
	/** How far its clock goes ahead of `nowMs` where it judges the timestamp of a request. */
	skewMs: number;
	/** From accepting a withdrawal to approving it, and from there to sending it. */
	approvalMs: number;
	processingMs: number;
	/** Withdrawals that do not go on for as long as this says so; they stay awaiting approval, or processing. */
	stuck: (withdrawal: Withdrawal) => boolean;
	/** Asked when a withdrawal is approved, and again before it is sent. All but `completed` give the amount back. */
	outcome: (withdrawal: Withdrawal) => Outcome;
	/** Deposits that are not credited for as long as this says so. */
	pending: (deposit: Deposit) => boolean;
	/** Deposits that are credited and stay locked for as long as this says so. */
	locked: (deposit: Deposit) => boolean;
	/** Whether what is locked counts as free in the balances, because it may be traded; a withdrawal of it is refused either way. */
	lockedIsFree: boolean;
	maintenance: Maintenance | null;
	/** For how long a withdrawal that was accepted is not listed. */
	historyLagMs: number;
	/** Of both histories. */
	order: 'newest first' | 'oldest first';
	/** What the history calls the amount of a withdrawal: what arrives, as in Binance's own examples, or what was asked for. */
	historyAmount: 'received' | 'requested';
	/** Whether limits are enforced; calls are counted either way. */
	enforceLimits: boolean;
	/** Weight within a minute, of each endpoint by itself where the limit is by address (`ip`) or account (`uid`), of all together under /api. */
	ipPerMinute: number;
	uidPerMinute: number;
	apiPerMinute: number;
	/** Withdrawal histories within a second. */
	historiesPerSecond: number;
	/** Calls to a limited endpoint before its Retry-After has passed that are answered with 429; the next one brings the ban. */
	patience: number;
	/** For how long everything is answered with 418 then. */
	banMs: number;
}

export const USUAL: Readonly<BinanceSettings> = {
	nowMs: () => Date.now(),
	skewMs: 0,
	approvalMs: 300,
	processingMs: 300,
	stuck: () => false,
	outcome: () => 'completed',
	pending: () => false,
	locked: () => false,
	lockedIsFree: false,
	maintenance: null,
	historyLagMs: 0,
	order: 'newest first',
	historyAmount: 'received',
	enforceLimits: true,
	ipPerMinute: 12_000,
	uidPerMinute: 180_000,
	apiPerMinute: 6_000,
	historiesPerSecond: 10,
	patience: 2,
	banMs: 120_000,
};
