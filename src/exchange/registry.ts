/** Our accounts at exchanges, opened with the keys that the environment holds. */

import { ConfigError, PermanentError } from '../errors.ts';
import type { OpenBudget } from '../http.ts';
import { createBinance } from './binance/binance.ts';
import type { Exchange, ExchangeSettings } from './exchange.ts';

interface ExchangeKey {
	readonly apiKey: string;
	readonly secret: string;
}

/** By the exchange's name, as it is under "bridges". */
export type ExchangeKeys = Readonly<Record<string, ExchangeKey>>;

interface ExchangesParts {
	readonly keys: ExchangeKeys;
	readonly budget: OpenBudget;
	readonly nowMs: () => number;
	/** Whoever moves funds does not start without the keys; whoever only shows what is there does. */
	readonly mustHaveKeys: boolean;
}

export interface Exchanges {
	/** Throws `ConfigError` naming the key that is not set. */
	open(name: string, settings: ExchangeSettings): Exchange;
	/** One that was opened. Throws `PermanentError` when none was. */
	named(name: string): Exchange;
}

export function createExchanges({ keys, budget, nowMs, mustHaveKeys }: ExchangesParts): Exchanges {
	const opened = new Map<string, Exchange>();
	return {
		open(name, settings) {
			const key = keys[name];
			const missing = new ConfigError(`BALLAST_${name.toUpperCase()}_API_KEY`, `is not set, and bridges.${name} needs it`);
			if (key === undefined && mustHaveKeys) throw missing;
			const exchange = key === undefined ? closed(missing) : createBinance({ settings, keys: key, budget, nowMs });
			opened.set(name, exchange);
			return exchange;
		},
		named(name) {
			const found = opened.get(name);
			if (found === undefined) throw new PermanentError(`exchange "${name}" is not configured; its legs wait until it is again`, { name });
			return found;
		},
	};
}

/** Nothing can be asked of it. */
function closed(missing: ConfigError): Exchange {
	const refuse = () => Promise.reject(missing);
	return {
		nowMs: refuse,
		networks: refuse,
		depositAddress: refuse,
		balance: refuse,
		findDeposit: refuse,
		findWithdrawal: refuse,
		withdraw: refuse,
	};
}
