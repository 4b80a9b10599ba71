/** Whether the two sides hold the same of something. They change one after the other, so what counts differs each time of several. */
import { setTimeout as pause } from 'node:timers/promises';
import { errorText } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { readRow } from '../rebalances/row.ts';
import type { Entity, Held } from '../rebalances/side.ts';
import type { SideName, Sides } from './bring.ts';
import type { RedisSide } from './redis/side.ts';

interface Difference {
	readonly entity: Entity;
	/** In words. */
	readonly problem: string;
	/** The side that has nothing of it. */
	readonly missing: SideName | null;
}

/** A change is on its way for so long; what still differs then does. */
const LOOK_AGAIN_MS = 500;
const LOOKS = 4;

/** Those that are the same at none of several looks. Throws `TransientError` when a side does not answer. */
export async function differencesOf(sides: Sides, entities: readonly Entity[]): Promise<Difference[]> {
	let suspects = await look(sides, entities);
	for (let looks = 1; suspects.length > 0 && looks < LOOKS; looks += 1) {
		await pause(LOOK_AGAIN_MS, undefined, { ref: false });
		suspects = await look(
			sides,
			suspects.map(({ entity }) => entity),
		);
	}
	return suspects;
}

async function look({ redis, postgres }: Sides, entities: readonly Entity[]): Promise<Difference[]> {
	if (entities.length === 0) return [];
	const [one, another] = await Promise.all([redis.hold(entities), postgres.hold(entities)]);
	const stray = await offRoute(redis, one);
	return entities.flatMap((entity, index) => {
		const [inRedis, inPostgres] = [one[index]?.value ?? null, another[index]?.value ?? null];
		const missing = inRedis === null ? 'redis' : inPostgres === null ? 'postgres' : null;
		if (inRedis !== inPostgres) return [{ entity, missing, problem: `Redis has ${told(inRedis)}, PostgreSQL ${told(inPostgres)}` }];
		return stray.has(entity) ? [{ entity, missing, problem: 'Redis has it, and not on its route' }] : [];
	});
}

const told = (value: string | null): string => (value === null ? 'nothing' : JSON.stringify(value));

/** Rows of these that Redis has, and not on their route. */
export async function offRoute(redis: RedisSide, held: readonly Held[]): Promise<ReadonlySet<Entity>> {
	const rows = held.flatMap(({ entity, value }) => {
		const found = value === null || !entity.startsWith('r:') ? null : readRow({ id: entity.slice(2), text: value });
		return found === null ? [] : [{ entity, row: found.row }];
	});
	const areThere = await redis.isOnRoute(rows.map(({ row }) => row));
	return new Set(rows.filter((_, index) => !areThere[index]).map(({ entity }) => entity));
}

/** More are not remembered at a time; whoever reads them again finds them again. */
const MOST_SUSPECTS = 1_000;

/** Looks at what was answered differently, while nobody waits for it, and counts and logs what differs indeed. */
export function suspicion(sides: Sides, log: Log): (entities: readonly Entity[]) => void {
	const suspects = new Set<Entity>();
	let isLooking = false;
	const lookAt = async (): Promise<void> => {
		while (suspects.size > 0) {
			const entities = [...suspects];
			suspects.clear();
			const found = await differencesOf(sides, entities);
			for (const { entity, problem } of found) log.warn({ entity, problem }, 'the two sides differ');
			if (found.length > 0) await sides.postgres.countDifferences(found.length);
		}
	};
	return (entities) => {
		for (const entity of entities) if (suspects.size < MOST_SUSPECTS) suspects.add(entity);
		if (isLooking || suspects.size === 0) return;
		isLooking = true;
		lookAt()
			.catch((error: unknown) => log.debug({ error: errorText(error) }, 'differences could not be looked at'))
			.finally(() => {
				isLooking = false;
			});
	};
}
