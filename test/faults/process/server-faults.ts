/** Faults of the servers that the product keeps its rows and jobs in. */
import { Redis } from 'ioredis';
import type postgres from 'postgres';
import { at, type Dice } from './dice.ts';
import type { Game } from './faults.ts';

const DUMP_AGES_MS = 1_500;

export async function onRedis({ stack: { redis: server } }: Pick<Game, 'stack'>, act: (redis: Redis) => Promise<unknown>): Promise<void> {
	if (server === null) throw new Error('there is no Redis of our own to disturb');
	const redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
	try {
		await act(redis);
	} finally {
		redis.disconnect();
	}
}

/** SIGKILL, and another one on the same port: with nothing, or with what there was a while ago. Other runs have keys of their own. */
export async function restartRedis({ stack }: Game, has: 'empty' | 'old dump'): Promise<void> {
	if (stack.redis === null) throw new Error('there is no Redis of our own to kill');
	if (has === 'old dump') {
		await onRedis({ stack }, (redis) => redis.save());
		await new Promise((resolve) => setTimeout(resolve, DUMP_AGES_MS));
	}
	await stack.redis.restart();
	if (has === 'empty') await onRedis({ stack }, (redis) => redis.flushall());
}

export async function cutBackends({ sql }: Game): Promise<void> {
	await sql`
		select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and application_name is distinct from current_setting('application_name')`;
}

/** By an immediate shutdown, or by SIGKILL to the first of its processes; it is started again with what it has written. */
export async function restartPostgres({ stack }: Game, dice: Dice): Promise<void> {
	await stack.postgres.restart(at(dice, 0) % 2 === 0 ? 'SIGQUIT' : 'SIGKILL');
}

/** Jobs of every earmark that has not ended, each under five ids, so that the queues take them for five. */
export async function wakeFiveTimes(sql: postgres.Sql): Promise<void> {
	await sql`
		insert into outbox (topic, payload)
		select 'flow', jsonb_build_object('earmarkId', e.id, 'generation', 1000 + n) from earmarks e, generate_series(1, 5) n
		where e.status not in ('settled', 'cancelled')`;
	await sql`
		insert into outbox (topic, payload)
		select 'settle', jsonb_build_object('earmarkId', e.id) from earmarks e, generate_series(1, 5) n`;
	await sql`
		insert into outbox (topic, payload)
		select 'evaluate', jsonb_build_object('demandId', d.id) from demands d, generate_series(1, 5) n`;
	await sql`insert into outbox (topic, payload) select 'plan', '{}'::jsonb from generate_series(1, 5)`;
}
