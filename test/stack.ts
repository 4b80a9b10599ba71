/** What a test file needs of the shared servers: a database of its own, and queues that no other file sees. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { QueueSettings } from '../queues/queue.ts';
import { createDatabase } from '../sandbox/servers/database.ts';
import { TEMPLATE } from './setup.ts';

/** A migrated database of its own. */
export function testDatabase(): Promise<string> {
	return createDatabase(inject('databaseUrl'), `test_${randomBytes(6).toString('hex')}`, TEMPLATE);
}

/** Queues under a prefix of their own on Redis, or in the file's own database. */
export function testQueues(databaseUrl: string): QueueSettings {
	return {
		backend: inject('queueBackend'),
		redisUrl: inject('redisUrl'),
		databaseUrl,
		prefix: `{t${randomBytes(6).toString('hex')}}`,
		connections: 6,
	};
}

export const testServers = { database: testDatabase, queues: testQueues };
