/** Starts the servers once for the whole run, and migrates the database that every test file gets a copy of. */
import type { TestProject } from 'vitest/node';
import { migrateQueues } from '../queues/queue.ts';
import { startStack } from '../sandbox/stack.ts';
import { migrateDatabase } from '../src/store/migrate.ts';

declare module 'vitest' {
	interface ProvidedContext {
		databaseUrl: string;
		redisUrl: string | null;
		queueBackend: 'redis' | 'postgres';
	}
}

export const TEMPLATE = 'ballast_template';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
	const stack = await startStack();
	const template = await stack.postgres.createDatabase(TEMPLATE);
	await migrateDatabase(template);
	await migrateQueues({ backend: stack.queueBackend, redisUrl: stack.redisUrl, databaseUrl: template, prefix: '', connections: 1 });
	project.provide('databaseUrl', stack.databaseUrl);
	project.provide('redisUrl', stack.redisUrl);
	project.provide('queueBackend', stack.queueBackend);
	return () => stack.stop();
}
