/** The side that keeps the cache in Redis, in the keys of the class that came before. */
import type { Side } from '../../rebalances/side.ts';
import { askOf, type RedisSideSettings } from './ask.ts';
import { readsOf } from './reads.ts';
import { type RedisUpkeep, upkeepOf } from './upkeep.ts';
import { writesOf } from './writes.ts';

export interface RedisSide extends Side, RedisUpkeep {
	readonly name: 'redis';
}

/** Takes the connection over: it is closed with the side. */
export function createRedisSide(settings: RedisSideSettings): RedisSide {
	const ask = askOf(settings);
	return { name: 'redis', ...readsOf(ask), ...writesOf(ask), ...upkeepOf(ask), close: async () => settings.connection.close() };
}
