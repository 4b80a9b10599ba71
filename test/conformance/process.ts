/** The product as one process of several: clients and a connection of its own, and no memory of what others have done. */
import { binanceKeys } from '../../sandbox/binance/config.ts';
import type { World } from '../../sandbox/world.ts';
import { type App, bridgeOf } from '../../src/app.ts';
import type { BridgeAdapter } from '../../src/bridge/bridge.ts';
import type { Config } from '../../src/config/load.ts';
import { createApp } from '../../src/create-app.ts';
import { createLog } from '../../src/observe/log.ts';
import { openStore } from '../../src/store/db.ts';

export interface Process {
	readonly app: App;
	readonly bridge: BridgeAdapter;
	/** From now on it writes nothing, whatever it still does; resolves when its connections are gone. */
	die(): Promise<void>;
}

interface ProcessParts {
	readonly world: Pick<World, 'signerKey' | 'binance'>;
	readonly databaseUrl: string;
	readonly config: Config;
	readonly bridge: string;
	readonly nowMs: () => number;
	/** Stands in for the registry's adapter. */
	readonly adapt: (adapter: BridgeAdapter) => BridgeAdapter;
}

const CONNECTIONS = 3;

export function startProcess({ world, databaseUrl, config, bridge, nowMs, adapt }: ProcessParts): Process {
	const store = openStore({ databaseUrl, pool: CONNECTIONS });
	const keys = { signerKey: world.signerKey, exchangeKeys: binanceKeys(world.binance) };
	const created = createApp({ config, db: store.db, log: createLog('silent', 'exam'), ...keys, nowMs });
	const adapter = adapt(bridgeOf(created, bridge));
	const app = { ...created, bridges: new Map([[bridge, adapter]]) };
	return { app, bridge: adapter, die: () => store.close() };
}
