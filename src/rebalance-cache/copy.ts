/**
 * Makes the side that does not answer equal to the one that does, deletions included, while everybody goes on writing. It reads pages of both sides
 * and brings what differs, under the same locks as everybody else; so it may be ended anywhere and begun again.
 */

import { answersIn, keepsBoth } from '../rebalances/phase.ts';
import type { Entity } from '../rebalances/side.ts';
import type { Cause } from '../store/db.ts';
import type { CopyPlace } from '../store/rebalance-cache/copies.ts';
import { bring, otherThan, repair, type SideName, type Sides } from './bring.ts';
import { offRoute } from './differences.ts';
import { type QuarantineCounts, quarantineOf } from './quarantine.ts';
import { type Page, pagesOf, STAGES, type Stage, sizeOf } from './stages.ts';
import { raiseFloor, storedPhase } from './stored-phase.ts';

export interface CopyOptions {
	readonly cause: Cause;
	/** Names of bridges that Ballast knows. */
	readonly bridges: ReadonlySet<string>;
	/** Told after each page. */
	readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
	readonly stage: Stage;
	/** Entities looked at in this stage; more than `total` when they become more, or are met twice. */
	readonly seen: number;
	/** About how many there are; null where nobody knows. */
	readonly total: number | null;
}

interface CopyReport {
	/** Entities that differed and are the same now. */
	readonly copied: number;
	/** Entities that are gone from the side that does not answer. */
	readonly removed: number;
	readonly quarantined: QuarantineCounts;
}

/** Throws `TransientError` when a side does not answer; the next one goes on from there. */
export async function copyCache(sides: Sides, { cause, bridges, onProgress }: CopyOptions): Promise<CopyReport> {
	const phase = storedPhase(await sides.postgres.state());
	const from = answersIn(phase);
	if (phase === 'dual-write') await raiseFloor(sides, cause);
	const run = await sides.postgres.beginCopy({ source: from, phase });
	if (keepsBoth(phase)) await repair(sides, from);
	const quarantine = quarantineOf(sides, { bridges });
	let [copied, removed] = [0, 0];
	for (const { stage, cursor: begin } of stagesFrom(run.place)) {
		let seen = 0;
		const total = await sizeOf(sides, { from, stage });
		for await (const { entities, cursor } of pagesOf(sides, { from, stage, cursor: begin, quarantine })) {
			const changed = await copyPage(sides, from, entities);
			copied += changed.copied;
			removed += changed.removed;
			seen += entities.length;
			await sides.postgres.noteCopy(run.id, { stage, cursor, ...changed });
			onProgress({ stage, seen, total });
		}
	}
	await sides.postgres.endCopy(run.id);
	return { copied, removed, quarantined: await quarantine.counts(run.startedMs) };
}

/** The stages that are left, the first of them from where it was ended. */
function stagesFrom(place: CopyPlace | null): { readonly stage: Stage; readonly cursor: string | null }[] {
	const begun = (STAGES as readonly string[]).indexOf(place?.stage ?? '');
	if (place === null || begun === -1) return STAGES.map((stage) => ({ stage, cursor: null }));
	const left = STAGES.slice(begun).map((stage, index) => ({ stage, cursor: index === 0 ? place.cursor : null }));
	return place.cursor === null ? left.slice(1) : left;
}

/** Looks without locks, and brings only what differs. What the other side has marked is newer, and comes the other way. */
async function copyPage(sides: Sides, from: SideName, entities: Page['entities']): Promise<{ copied: number; removed: number }> {
	if (entities.length === 0) return { copied: 0, removed: 0 };
	const other = otherThan(from);
	const [source, target] = await Promise.all([sides[from].hold(entities), sides[other].hold(entities)]);
	const stray = from === 'postgres' ? await offRoute(sides.redis, target) : new Set<Entity>();
	const different = entities.filter((entity, index) => source[index]?.value !== target[index]?.value || stray.has(entity));
	if (different.length === 0) return { copied: 0, removed: 0 };
	const newer = new Set<Entity>((await sides[other].marked(Number.MAX_SAFE_INTEGER)).map(({ entity }) => entity));
	const wanted = different.filter((entity) => !newer.has(entity));
	await bring(sides, from, wanted);
	const after = await sides[from].hold(wanted);
	const copied = after.filter(({ value }) => value !== null).length;
	return { copied, removed: wanted.length - copied };
}
