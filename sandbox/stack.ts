/** The servers that the product needs, as `QUEUE_BACKEND=auto` finds them: a given Redis, else one from PATH, else PostgreSQL alone. */
import { readEnvironment, type SandboxEnvironment } from './servers/environment.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from './servers/postgres.ts';
import { findRedis, startRedis } from './servers/redis.ts';
import type { MortalServer } from './servers/server.ts';

export interface Stack {
	readonly postgres: PostgresServer;
	readonly databaseUrl: string;
	/** One of our own; null when the owner has given one, or when the queues are on PostgreSQL. */
	readonly redis: MortalServer | null;
	readonly redisUrl: string | null;
	readonly queueBackend: 'redis' | 'postgres';
	stop(): Promise<void>;
}

/** Throws when Redis is asked for by name and there is none. */
export async function startStack({
	backend = readEnvironment().queueBackend,
	durable = false,
}: {
	backend?: SandboxEnvironment['queueBackend'];
	/** What PostgreSQL has committed outlives its own death with `process`. */
	durable?: PostgresOptions['durable'];
} = {}): Promise<Stack> {
	const { redisUrl: given } = readEnvironment();
	const wanted = backend === 'auto' ? (given !== null || findRedis() !== null ? 'redis' : 'postgres') : backend;
	const [postgres, redis] = await Promise.all([startPostgres({ durable }), wanted === 'redis' && given === null ? startRedis() : null]);
	return {
		postgres,
		databaseUrl: postgres.url,
		redis,
		redisUrl: wanted === 'redis' ? (given ?? redis?.url ?? null) : null,
		queueBackend: wanted,
		async stop() {
			await Promise.all([postgres.stop(), redis?.stop()]);
		},
	};
}
