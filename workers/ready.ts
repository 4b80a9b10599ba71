/** What a process asks once before it serves: a start that waited in silence would look like one that works. */
import { checkQueues, migrateQueues, type QueueSettings } from '../queues/queue.ts';
import type { App } from '../src/app.ts';
import { checkPlaces } from '../src/check-places.ts';
import type { Log } from '../src/observe/log.ts';
import type { Store } from '../src/store/db.ts';
import { checkSchema } from '../src/store/migrate.ts';
import { databaseTrouble } from '../src/store/trouble.ts';

/** Throws when database or queue server do not answer, or the tables are older than this version. */
export async function readyServers(store: Store, settings: QueueSettings, log: Log): Promise<void> {
	if ((await checkSchema(store.db)) === 'newer') log.warn('the database is newer than this version: replace this process soon');
	await checkQueues(settings);
	await migrateQueues(settings).catch((error: unknown) => Promise.reject(databaseTrouble(error) ?? error));
}

/** Throws when a chain or a token is another one than is written; what does not answer is logged, and waits. */
export async function readyChains({ config, client, log, checkChains }: App): Promise<void> {
	const silent = await checkChains();
	for (const { key, problem } of silent) log.warn({ key, problem }, 'endpoint does not answer');
	for (const { key, problem } of await checkPlaces(config, client, silent)) log.warn({ key, problem }, 'chain not ready');
}
