/**
 * Our account at Binance. What an answer means is decided by Binance's own statuses and codes; every call is charged to budgets that all our
 * processes share before it is made; no call is ever repeated here.
 */
import type { OpenBudget } from '../../http.ts';
import type { Exchange, ExchangeSettings } from '../exchange.ts';
import { createCall } from './call.ts';
import { createSend } from './client.ts';
import { createClock } from './clock.ts';
import { createCoins } from './coins.ts';
import { createFindDeposit } from './deposits.ts';
import { createWithdraw } from './withdraw.ts';
import { createFindWithdrawal } from './withdrawals.ts';

const TIMEOUT_MS = 10_000;
const SECONDS_PER_MINUTE = 60;

interface BinanceParts {
	readonly settings: ExchangeSettings;
	readonly keys: { readonly apiKey: string; readonly secret: string };
	readonly budget: OpenBudget;
	/** Unix milliseconds by our own clock. */
	readonly nowMs: () => number;
	readonly fetch?: typeof fetch;
	/** For one call. */
	readonly timeoutMs?: number;
}

/** Asks nothing before it is used. */
export function createBinance(parts: BinanceParts): Exchange {
	const { settings, keys, budget, nowMs, fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS } = parts;
	const send = createSend({ apiUrl: settings.apiUrl, keys, fetch, timeoutMs });
	const uidRate = settings.uidWeightPerMinute / SECONDS_PER_MINUTE;
	// Every endpoint has a limit of its own; those by address are kept together, because they are far from theirs.
	const call = createCall(send, {
		'uid history': budget('binance uid history', uidRate),
		'uid withdraw': budget('binance uid withdraw', uidRate),
		ip: budget('binance ip', settings.ipWeightPerMinute / SECONDS_PER_MINUTE),
	});
	const clock = createClock(call, nowMs);
	return {
		nowMs: clock.nowMs,
		...createCoins(clock.read, nowMs),
		findDeposit: createFindDeposit(clock),
		findWithdrawal: createFindWithdrawal(clock),
		withdraw: createWithdraw(call, clock),
	};
}
