/** Runs of the copy: where one was ended, and whether one is behind us. */
import type { Phase } from '../../rebalances/phase.ts';
import type { CacheConnection } from './connection.ts';

const BEGIN = `with unfinished as materialized (
		select id from cache_copies where namespace = $1 and source = $2 and phase is not distinct from $3 and finished_at is null
			and started_at > coalesce((select max(finished_at) from cache_copies where namespace = $1), '-infinity')
		order by started_at desc limit 1
	), fresh as (
		insert into cache_copies (namespace, source, phase, started_at) select $1, $2, $3, clock_timestamp() where not exists (select from unfinished)
		returning id, cursor, started_at
	)
	select id, cursor, extract(epoch from started_at)::float8 * 1000 as "startedMs" from fresh
	union all select id, cursor, extract(epoch from started_at)::float8 * 1000 from cache_copies where id in (select id from unfinished)`;

const NOTE = 'update cache_copies set cursor = $2, copied = copied + $3::bigint, removed = removed + $4::bigint where id = $1';

const END = 'update cache_copies set finished_at = clock_timestamp() where id = $1';

/** Since both sides are written, by nobody who writes one alone. */
const IS_COPIED = `select exists (
		select from cache_copies where namespace = $1 and source = 'redis' and phase = 'dual-write' and finished_at is not null
			and started_at > (select max(at) from cache_phase_log where namespace = $1 and after = 'dual-write' and before is distinct from after)
	) as "isCopied"`;

interface CopyRun {
	readonly id: string;
	/** Where the one before was ended; null at the beginning. */
	readonly place: CopyPlace | null;
	/** Unix milliseconds by the database's clock. */
	readonly startedMs: number;
}

export interface CopyPlace {
	readonly stage: string;
	/** Of the next page; null when the stage is done. */
	readonly cursor: string | null;
}

export type CacheCopies = ReturnType<typeof cacheCopies>;

export function cacheCopies({ run }: CacheConnection, namespace: string) {
	return {
		/** Goes on with one that was not ended, unless another one was ended since. */
		async beginCopy({ source, phase }: { readonly source: 'redis' | 'postgres'; readonly phase: Phase }): Promise<CopyRun> {
			const [row] = await run<{ id: string; cursor: string | null; startedMs: number }>(BEGIN, [namespace, source, phase]);
			if (row === undefined) throw new TypeError('a copy that has begun has a row');
			return { id: row.id, startedMs: row.startedMs, place: row.cursor === null ? null : (JSON.parse(row.cursor) as CopyPlace) };
		},
		async noteCopy(
			id: string,
			{ copied, removed, ...place }: CopyPlace & { readonly copied: number; readonly removed: number },
		): Promise<void> {
			await run(NOTE, [id, JSON.stringify(place), copied, removed]);
		},
		async endCopy(id: string): Promise<void> {
			await run(END, [id]);
		},
		async isCopied(): Promise<boolean> {
			return (await run<{ isCopied: boolean }>(IS_COPIED, [namespace]))[0]?.isCopied === true;
		},
	};
}
