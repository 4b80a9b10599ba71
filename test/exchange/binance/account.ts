/** The product's client of an exchange, with budgets that write down what they are asked. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createBinance } from '../../../src/exchange/binance/binance.ts';
import type { Exchange } from '../../../src/exchange/exchange.ts';
import type { RequestBudget } from '../../../src/http.ts';
import { type BinanceStand, openBinance } from '../../sandbox/binance-stand.ts';

interface AccountAt {
	readonly apiUrl: string;
	readonly apiKey?: string;
	readonly secret?: string;
	readonly nowMs?: () => number;
	readonly timeoutMs?: number;
}

export interface Account {
	readonly exchange: Exchange;
	/** Like "uid 18000", in the order of the calls. */
	readonly charged: string[];
	/** Like "ip 5000": milliseconds. */
	readonly pauses: string[];
	/** By service: requests per second. */
	readonly rates: ReadonlyMap<string, number>;
	/** Thrown by the budgets instead of letting anybody in. */
	refusal: Error | null;
	/** What happens while somebody waits to be let in. */
	entering: () => void;
}

export function openAccount({ apiUrl, apiKey = 'k'.repeat(64), secret = 's', nowMs = Date.now, timeoutMs = 10_000 }: AccountAt): Account {
	const [charged, pauses, rates]: [string[], string[], Map<string, number>] = [[], [], new Map()];
	const budget = (service: string, perSecond: number): RequestBudget => {
		rates.set(service, perSecond);
		const name = service.replace('binance ', '');
		return {
			async enter(weight = 1) {
				if (account.refusal !== null) throw account.refusal;
				account.entering();
				charged.push(`${name} ${weight}`);
			},
			pause: async (ms) => void pauses.push(`${name} ${ms}`),
		};
	};
	const settings = { apiUrl, uidWeightPerMinute: 180_000, ipWeightPerMinute: 12_000 };
	const exchange = createBinance({ settings, keys: { apiKey, secret }, budget, nowMs, timeoutMs });
	const account: Account = { exchange, charged, pauses, rates, refusal: null, entering: () => undefined };
	return account;
}

interface Branch {
	readonly stand: BinanceStand;
	readonly account: Account;
	/** Requests of an endpoint like "GET /path". */
	asked(endpoint: string): number;
}

/** A stand for the tests of a file, and an account there: as new before each of them, and then prepared. */
export function useBinance(prepare: (stand: BinanceStand) => void = () => {}): Branch {
	let stand: BinanceStand;
	let account: Account;
	beforeAll(async () => {
		stand = await openBinance();
	});
	afterAll(() => stand.stop());
	beforeEach(async () => {
		await stand.reset();
		prepare(stand);
		account = openAccount({ ...stand.exchange, nowMs: stand.nowMs });
	});
	return {
		get stand() {
			return stand;
		},
		get account() {
			return account;
		},
		asked: (endpoint) => stand.exchange.api.counts.get(endpoint) ?? 0,
	};
}
