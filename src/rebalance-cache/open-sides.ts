/** Both sides of a cache. Neither is reached before it is asked, so one that is never asked may be away. */
import type { Log } from '../observe/log.ts';
import type { Sides } from './bring.ts';
import { openPostgresSide } from './postgres/side.ts';
import { openRedis } from './redis/connection.ts';
import { createRedisSide } from './redis/side.ts';

interface SidesSettings {
	readonly redisUrl: string;
	readonly databaseUrl: string;
	readonly prefix: string;
	readonly log: Log;
}

/** Throws `ConfigError` for an address that is none. */
export function openSides({ redisUrl, databaseUrl, prefix, log }: SidesSettings): Sides {
	const toldOf = (side: string) => (kind: string, id: string) => log.warn({ side, kind, id }, 'a value is not served');
	const postgres = openPostgresSide({ databaseUrl, namespace: prefix, onTrouble: toldOf('postgres') });
	return { postgres, redis: createRedisSide({ connection: openRedis(redisUrl), prefix, onTrouble: toldOf('redis') }) };
}
