/** Where a run takes place: the servers and chains of the campaign, and in them a database and queues of its own. */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import type { QueueSettings } from '../../../queues/queue.ts';
import { binanceKeys } from '../../../sandbox/binance/config.ts';
import { createDatabase } from '../../../sandbox/servers/database.ts';
import type { Stack } from '../../../sandbox/stack.ts';
import type { World } from '../../../sandbox/world.ts';
import { resolveConfig } from '../../../src/config/load.ts';
import { fileSchema } from '../../../src/config/schema.ts';
import { createApp } from '../../../src/create-app.ts';
import { createLog } from '../../../src/observe/log.ts';
import { openStore } from '../../../src/store/db.ts';
import type { Product } from '../../product.ts';
import type { Choice } from './choice.ts';

export interface Place {
	readonly world: World;
	readonly stack: Stack;
	/** A migrated database to copy. */
	readonly template: string;
}

/** Of our own connections, which outlive those of the product. */
const OUR_NAME = 'judge';
/** Deeper than any reorganisation here. */
const FINALITY_BLOCKS = 2;
const REPLACE_AFTER_MS = 1_000;
/** As often as a block of these chains asks for; more often only heats the machine. */
const POLL_MS = { chains: 250, hub: 1_000 };

/** The content of a configuration file. */
export function configOf(world: World, { bridges }: Pick<Choice, 'bridges'>): unknown {
	const config = world.config({ bridges: [...bridges], finalityBlocks: FINALITY_BLOCKS });
	const chains = Object.entries(config.chains).map(([id, chain]) => [
		id,
		{ ...chain, pollMs: POLL_MS.chains, fees: { replaceAfterMs: REPLACE_AFTER_MS } },
	]);
	return { ...config, chains: Object.fromEntries(chains), everclear: { ...config.everclear, pollMs: POLL_MS.hub } };
}

/** The product as its judges need it: its database, and a way to bring the balances up to date. It runs nothing. */
export async function openProduct({ stack, template, world }: Place, config: unknown): Promise<Product> {
	const name = `faults_${randomBytes(6).toString('hex')}`;
	const databaseUrl = await createDatabase(stack.databaseUrl, name, template);
	const settings: QueueSettings = {
		...{ backend: stack.queueBackend, redisUrl: stack.redisUrl, databaseUrl },
		...{ prefix: `{f${name.slice(-12)}}`, connections: 6 },
	};
	const named = `${databaseUrl}?application_name=${OUR_NAME}`;
	const store = openStore({ databaseUrl: named, pool: 2 });
	const sql = postgres(named, { max: 2, onnotice: () => {} });
	const log = createLog('silent', 'judge');
	const app = createApp({
		config: resolveConfig(fileSchema.parse(config)),
		db: store.db,
		log,
		signerKey: world.signerKey,
		exchangeKeys: binanceKeys(world.binance),
	});
	return {
		...{ app, store, sql, databaseUrl, settings },
		async stop() {
			await sql.end();
			await store.close();
			const server = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
			await server.unsafe(`drop database "${name}" with (force)`).finally(() => server.end());
		},
	};
}
