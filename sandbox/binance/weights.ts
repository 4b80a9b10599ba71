/**
 * Binance's limits. Under /sapi every endpoint has its own: so much weight a minute, by address (IP) or by account (UID), and the
 * history of withdrawals only so often a second as well; under /api all share one. Who exceeds a limit is told to come back later,
 * and who does not wait is banned.
 */
import { Refusal } from './refusal.ts';
import type { BinanceSettings } from './settings.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export interface Cost {
	/** "GET /path". */
	readonly endpoint: string;
	readonly weight: number;
	readonly by: 'ip' | 'uid' | 'api';
	readonly isHistory?: boolean;
}

export interface Weights {
	/** Counts a request. Returns the headers that say what is used now; throws the refusal when it is too much. */
	charge(cost: Cost): Readonly<Record<string, string>>;
	/** The most weight that an endpoint, or "/api" as a whole, has used within one minute of the clock. */
	readonly peaks: ReadonlyMap<string, number>;
	/** The most withdrawal histories within one second of the clock. */
	readonly mostHistoriesPerSecond: number;
	/** In Unix milliseconds; 0 when nobody is banned. */
	readonly bannedUntilMs: number;
	clear(): void;
}

const HEADERS = { ip: 'x-sapi-used-ip-weight-1m', uid: 'x-sapi-used-uid-weight-1m', api: 'x-mbx-used-weight-1m' } as const;
const SECOND_HEADER = 'x-sapi-used-uid-weight-1s';

export function createWeights(settings: BinanceSettings): Weights {
	const minutes = createTally(MINUTE_MS);
	const seconds = createTally(SECOND_MS);
	/** By endpoint: until when it is closed, and how often that was not heeded. */
	const closed = new Map<string, { readonly untilMs: number; defiances: number }>();
	let bannedUntilMs = 0;

	/** Counts who comes back too early, and bans who does so too often. */
	const isBanned = (pot: string, now: number): boolean => {
		const door = closed.get(pot);
		if (now >= bannedUntilMs && door !== undefined && now < door.untilMs) {
			door.defiances += 1;
			if (door.defiances > settings.patience) bannedUntilMs = now + settings.banMs;
		}
		return now < bannedUntilMs;
	};
	/** Until when, in Unix milliseconds. */
	const close = (pot: string, now: number, periodMs: number): number => {
		const untilMs = (Math.floor(now / periodMs) + 1) * periodMs;
		const door = closed.get(pot);
		if (door === undefined || now >= door.untilMs) closed.set(pot, { untilMs, defiances: 0 });
		return untilMs;
	};
	return {
		peaks: minutes.peaks,
		get mostHistoriesPerSecond() {
			return Math.max(0, ...seconds.peaks.values());
		},
		get bannedUntilMs() {
			return bannedUntilMs;
		},
		charge({ endpoint, weight, by, isHistory = false }) {
			const now = settings.nowMs();
			const pot = by === 'api' ? '/api' : endpoint;
			const used = minutes.add(pot, now, weight);
			const histories = isHistory ? seconds.add(pot, now, 1) : 0;
			const headers = { [HEADERS[by]]: `${used}`, ...(isHistory && { [SECOND_HEADER]: `${histories * weight}` }) };
			if (!settings.enforceLimits) return headers;
			if (isBanned(pot, now)) throw new Refusal('banned', [bannedUntilMs], { ...headers, ...retryAfter(bannedUntilMs, now) });
			const { ipPerMinute, uidPerMinute, apiPerMinute, historiesPerSecond } = settings;
			const ofMinute = {
				used,
				most: { ip: ipPerMinute, uid: uidPerMinute, api: apiPerMinute }[by],
				period: '1 MINUTE',
				periodMs: MINUTE_MS,
			};
			const ofSecond = { used: histories * weight, most: historiesPerSecond * weight, period: '1 SECOND', periodMs: SECOND_MS };
			const over = [ofMinute, ofSecond].find((each) => each.used > each.most);
			if (over === undefined) return headers;
			const untilMs = close(pot, now, over.periodMs);
			throw new Refusal('tooManyRequests', [over.most, over.period], { ...headers, ...retryAfter(untilMs, now) });
		},
		clear() {
			minutes.clear();
			seconds.clear();
			closed.clear();
			bannedUntilMs = 0;
		},
	};
}

/** Sums by name within periods that the clock begins, as the exchange counts. */
function createTally(periodMs: number) {
	const sums = new Map<string, { readonly period: number; readonly sum: number }>();
	const peaks = new Map<string, number>();
	return {
		peaks: peaks as ReadonlyMap<string, number>,
		/** What the name has in this period now. */
		add(name: string, nowMs: number, amount: number): number {
			const period = Math.floor(nowMs / periodMs);
			const before = sums.get(name);
			const sum = (before?.period === period ? before.sum : 0) + amount;
			sums.set(name, { period, sum });
			peaks.set(name, Math.max(peaks.get(name) ?? 0, sum));
			return sum;
		},
		clear() {
			sums.clear();
			peaks.clear();
		},
	};
}

/** Whole seconds, rounded up: who waits that long is served. */
const retryAfter = (untilMs: number, nowMs: number) => ({ 'retry-after': `${Math.ceil((untilMs - nowMs) / SECOND_MS)}` });
