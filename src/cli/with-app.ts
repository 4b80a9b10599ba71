/** The product's parts without a key, for verbs that ask chains and services and sign nothing. */
import type { App } from '../app.ts';
import { exchangeKeysOf, readEnv } from '../config/env.ts';
import { loadConfig } from '../config/load.ts';
import { createApp } from '../create-app.ts';
import { createLog } from '../observe/log.ts';
import { withStore } from './with-store.ts';

/** Throws `ConfigError` for a wrong setting, `TransientError` when the database cannot be asked. */
export function withApp<T>(verb: string, work: (app: App) => Promise<T>): Promise<T> {
	const env = readEnv();
	const config = loadConfig(env);
	const exchangeKeys = exchangeKeysOf(env);
	return withStore(({ db }) => work(createApp({ config, db, log: createLog('silent', verb), signerKey: undefined, exchangeKeys })));
}
