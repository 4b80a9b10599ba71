import type { QueueSettings } from '../queues/queue.ts';
import type { Env } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';

/** Connections that a process's queues may open besides one for each worker. */
const BASE_CONNECTIONS = 6;

/** `auto` is Redis when `REDIS_URL` is set, else BullMQ's PostgreSQL backend in the database of `DATABASE_URL`. */
export function queueSettings(env: Env): QueueSettings {
	const wanted = env.QUEUE_BACKEND === 'auto' ? (env.REDIS_URL === undefined ? 'postgres' : 'redis') : env.QUEUE_BACKEND;
	if (wanted === 'redis' && env.REDIS_URL === undefined) throw new ConfigError('REDIS_URL', 'is not set, but QUEUE_BACKEND is redis');
	return {
		backend: wanted,
		redisUrl: env.REDIS_URL ?? null,
		databaseUrl: env.DATABASE_URL,
		prefix: env.QUEUE_PREFIX,
		connections: BASE_CONNECTIONS,
	};
}
