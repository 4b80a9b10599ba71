/**
 * Brings what one side has marked to the other one. Whoever does so holds the locks on what he brings, reads what is there then and makes the other
 * side equal, so it may be done any number of times, in any order, by anybody. What was removed on either side is removed on both.
 */
import { gathered } from '../gathered.ts';
import type { Entity, Held, Mark, Side } from '../rebalances/side.ts';
import type { EntitySession, PostgresSide } from './postgres/side.ts';
import type { RedisSide } from './redis/side.ts';

export interface Sides {
	readonly redis: RedisSide;
	readonly postgres: PostgresSide;
}

export type SideName = Side['name'];

/** By entity: who had removed it on the side that it was brought to. */
export type Graves = ReadonlyMap<Entity, string>;

/** Of one transaction, and of one step of Redis. */
const BATCH = 500;

export const otherThan = (name: SideName): SideName => (name === 'redis' ? 'postgres' : 'redis');

/** Makes the other side hold what `from` holds of these now. Throws `TransientError` when either side does not answer; nothing is lost then. */
export async function bring(sides: Sides, from: SideName, entities: readonly Entity[]): Promise<Graves> {
	const graves = new Map<Entity, string>();
	for (let first = 0; first < entities.length; first += BATCH) {
		const batch = entities.slice(first, first + BATCH);
		for (const [entity, by] of await bringBatch(sides, from, batch)) graves.set(entity, by);
	}
	return graves;
}

async function bringBatch({ redis, postgres }: Sides, from: SideName, entities: readonly Entity[]): Promise<Graves> {
	return postgres.withEntities(entities, async (session) => {
		const [source, target]: Pick<EntitySession, 'hold' | 'apply'>[] = from === 'redis' ? [redis, session] : [session, redis];
		const held = (await source?.hold(entities)) ?? [];
		const said = (await target?.apply(held)) ?? [];
		const graves = new Map(held.flatMap(({ entity }, index) => pairOf(entity, said[index])));
		const outlived = held.filter(({ entity, value }) => value !== null && graves.has(entity));
		await source?.apply(outlived.map(({ entity }): Held => ({ entity, value: null, removedBy: graves.get(entity) ?? null })));
		return graves;
	});
}

/** Only a rebalance that was removed never comes back. */
const pairOf = (entity: Entity, by: string | null | undefined): [Entity, string][] =>
	by === null || by === undefined || !entity.startsWith('r:') ? [] : [[entity, by]];

/** Brings a few changes at a time, those that come meanwhile together. */
export function bringer(sides: Sides, from: SideName): (marks: readonly Mark[]) => Promise<Graves> {
	return gathered(async (marks) => {
		const graves = await bring(sides, from, [...new Set(marks.map(({ entity }) => entity))]);
		await sides[from].unmark(marks);
		return graves;
	});
}

const MARKS_AT_ONCE = 1_000;
/** More than there are unless a side was away for hours; what is beyond is brought from both sides in turn, and removals win. */
const MOST_MARKS = 100_000;

/**
 * Brings everything that either side has marked by now, first to the side that answers, then from it: an acknowledged change that the answering
 * side has not heard of is older than what is asked of it next. Where both have marked the same, the answering side is right. Throws
 * `TransientError` when either side does not answer; what is not brought stays marked.
 */
export async function repair(sides: Sides, answers: SideName): Promise<void> {
	const other = otherThan(answers);
	await eachMark(sides[other], async (marks) => {
		const contested = await markedOn(sides[answers]);
		const entities = marks.map(({ entity }) => entity).filter((entity) => !contested.has(entity));
		await bring(sides, other, entities);
	});
	await eachMark(sides[answers], async (marks) => {
		await bring(
			sides,
			answers,
			marks.map(({ entity }) => entity),
		);
	});
}

/** Page by page, each taken away after the work; ends with the first page that is not full, so that nobody runs after those who change things. */
async function eachMark(side: Side, work: (marks: readonly Mark[]) => Promise<void>): Promise<void> {
	for (;;) {
		const marks = await side.marked(MARKS_AT_ONCE);
		if (marks.length === 0) return;
		await work(marks);
		await side.unmark(marks);
		if (marks.length < MARKS_AT_ONCE) return;
	}
}

async function markedOn(side: Side): Promise<ReadonlySet<Entity>> {
	return new Set((await side.marked(MOST_MARKS)).map(({ entity }) => entity));
}
