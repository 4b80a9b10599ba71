/** The only reader of the environment. */

import { type ArmedCrash, CRASH_POINTS } from '../crash-point.ts';
import { ConfigError } from '../errors.ts';
import type { ExchangeKeys } from '../exchange/registry.ts';
import { complaint, configError } from './problem.ts';
import { type Env, envSchema } from './schema.ts';

/**
 * Reads and checks the environment variables; an empty one counts as not set, as compose files and shells leave them.
 * Throws `ConfigError` naming every wrong variable, and never its value.
 */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Env {
	const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
	const result = envSchema.safeParse(set, { reportInput: true });
	if (!result.success) {
		throw configError(result.error.issues.map((issue) => ({ key: issue.path.map(String).join('.'), problem: complaint(issue) })));
	}
	return result.data;
}

/** Where a fault campaign wants this process to die: `BALLAST_CRASH_AT=<point>:<time>`. Throws `ConfigError`. */
export function crashOf(source: Readonly<Record<string, string | undefined>> = process.env): ArmedCrash | null {
	const text = source.BALLAST_CRASH_AT;
	if (text === undefined || text === '') return null;
	const [, name, time] = /^([a-z-]+):([1-9][0-9]?)$/.exec(text) ?? [];
	const point = CRASH_POINTS.find((each) => each === name);
	if (point === undefined) throw new ConfigError('BALLAST_CRASH_AT', 'is no crash point and time, like "sent:1"');
	return { point, time: Number(time) };
}

/** The key that workers sign with. Throws `ConfigError` when it is not set. */
export function signerKeyOf(env: Env): string {
	if (env.BALLAST_SIGNER_KEY === undefined)
		throw new ConfigError('BALLAST_SIGNER_KEY', 'is not set: a worker signs for the configured wallet');
	return env.BALLAST_SIGNER_KEY;
}

/** The keys of our accounts at exchanges, by the exchange's name. Throws `ConfigError` when one half of a pair is not set. */
export function exchangeKeysOf(env: Env): ExchangeKeys {
	const { BALLAST_BINANCE_API_KEY: apiKey, BALLAST_BINANCE_API_SECRET: secret } = env;
	if (apiKey !== undefined && secret !== undefined) return { binance: { apiKey, secret } };
	if (apiKey !== undefined) throw new ConfigError('BALLAST_BINANCE_API_SECRET', 'is not set, and BALLAST_BINANCE_API_KEY is');
	if (secret !== undefined) throw new ConfigError('BALLAST_BINANCE_API_KEY', 'is not set, and BALLAST_BINANCE_API_SECRET is');
	return {};
}

/** The key of our account at Polymarket, which its user channel and its API ask for. Throws `ConfigError` naming what is not set. */
export function channelKeyOf(env: Env): Readonly<Record<'apiKey' | 'secret' | 'passphrase', string>> {
	const { BALLAST_POLYMARKET_API_KEY: apiKey, BALLAST_POLYMARKET_API_SECRET: secret, BALLAST_POLYMARKET_API_PASSPHRASE: passphrase } = env;
	if (apiKey === undefined) throw new ConfigError('BALLAST_POLYMARKET_API_KEY', 'is not set, and "fills.channel" is');
	if (secret === undefined) throw new ConfigError('BALLAST_POLYMARKET_API_SECRET', 'is not set, and "fills.channel" is');
	if (passphrase === undefined) throw new ConfigError('BALLAST_POLYMARKET_API_PASSPHRASE', 'is not set, and "fills.channel" is');
	return { apiKey, secret, passphrase };
}
