/** What belongs to a cache besides its rows: marks, the stored phase, pages for whoever compares, what was found and cannot be served. */
import type { cacheStates } from '../../../drizzle/schema/rebalance-cache.ts';
import type { Phase } from '../../rebalances/phase.ts';
import type { StoredText } from '../../rebalances/row.ts';
import type { Mark, Sizes } from '../../rebalances/side.ts';
import type { Cause } from '../db.ts';
import type { CacheConnection } from './connection.ts';
import { alone } from './fence.ts';

const ENSURE = 'insert into cache_states (namespace) values ($1) on conflict (namespace) do nothing';

const MARKED = 'select entity, token from cache_marks where namespace = $1 order by seq limit $2';

const UNMARK = `with locked as materialized (
		select m.key from cache_marks m join unnest($2::text[], $3::text[]) as given(entity, token)
			on m.key = sha256(convert_to(given.entity, 'UTF8')) and m.token = given.token
		where m.namespace = $1 order by m.entity for update of m
	)
	delete from cache_marks m using locked where m.namespace = $1 and m.key = locked.key`;

const STATE = 'select phase, floor, mirroring, differences::text as differences from cache_states where namespace = $1';

/** Behind a gate that is shut: changes let in before have committed, and those that wait see the new phase. */
const MOVE = `with locked as materialized (
		select phase from cache_states where namespace = $1 for update
	), moved as (
		update cache_states s set phase = $3, floor = $4, mirroring = $5, updated_at = now() from locked
		where s.namespace = $1 and locked.phase is not distinct from $2 returning s.phase
	), logged as (
		insert into cache_phase_log (namespace, actor, reason, before, after) select $1, $6, $7, $2, phase from moved
	)
	select phase from moved`;

const COUNT = 'update cache_states set differences = differences + $2::bigint where namespace = $1';

/** So many keys of whatever namespace, and those rows of them that are there: an index gives them in order, without a look at all the others. */
const page = (table: string, columns: string) => `with page as materialized (
		select key from ${table} where key > decode($2, 'hex') group by key order by key limit $3
	)
	select encode(page.key, 'hex') as key, ${columns} from page left join ${table} c on c.key = page.key and c.namespace = $1 order by page.key`;

const PAGE = page('cached_rebalances', 'id, route, transaction, action as text');
const WITHDRAWALS = page('cached_withdrawals', 'deposit_transaction as id, record as text');

const SIZES = `select (select count(*)::int from cached_rebalances where namespace = $1 and removed_by is null) as rows,
	(select count(*)::int from cached_withdrawals where namespace = $1 and record is not null) as withdrawals`;

const DUPLICATES = `select transaction, count(*)::int as actions from cached_rebalances
	where namespace = $1 and removed_by is null group by transaction having count(*) > 1 order by transaction limit $2`;

const QUARANTINE = `insert into cache_quarantine (namespace, kind, entity, raw)
	select distinct on (entity) $1, $2, decode(entity, 'hex') as entity, decode(raw, 'hex')
	from unnest($3::text[], $4::text[]) as given(entity, raw) order by entity
	on conflict (namespace, kind, key) do update set raw = excluded.raw, seen_at = now()`;

const QUARANTINED = `select kind, encode(entity, 'hex') as entity, encode(raw, 'hex') as raw from cache_quarantine
	where namespace = $1 order by kind, seen_at, key limit $2`;

const QUARANTINE_COUNTS = 'select kind, count(*)::int as count from cache_quarantine where namespace = $1 group by kind';

const RELEASE = 'delete from cache_quarantine where namespace = $1 and seen_at < to_timestamp($2::float8 / 1000)';

const NOW = 'select extract(epoch from clock_timestamp())::float8 * 1000 as ms';

/** Operations of rows that were cleared, some at a time. */
const END_OPERATIONS = `with ended as materialized (
		select key, operation_id from cached_rebalances
		where namespace = $1 and removed_at is not null and operation_id is not null limit 1000 for update skip locked
	), gone as (
		delete from rebalance_operations o using ended where o.id = ended.operation_id
	), freed as (
		update cached_rebalances c set operation_id = null from ended where c.namespace = $1 and c.key = ended.key returning 1
	)
	select count(*)::int as count from freed`;

const TRIM = `with rows as (
		delete from cached_rebalances where namespace = $1 and removed_at < to_timestamp($2::float8 / 1000) and operation_id is null returning 1
	), withdrawals as (
		delete from cached_withdrawals where namespace = $1 and record is null
			and (removed_at is null or removed_at < to_timestamp($2::float8 / 1000)) returning 1
	)
	select (select count(*) from rows)::int + (select count(*) from withdrawals)::int as count`;

/** What is stored of the phase; `floor` is the place of the lowest one that may still follow. */
export interface CacheState extends Readonly<Pick<typeof cacheStates.$inferSelect, 'floor' | 'mirroring'>> {
	/** Null as long as nobody has stored one. */
	readonly phase: Phase | null;
	/** Counted in `dual-read`. */
	readonly differences: number;
}

/** A row with what its indexes say of it. */
interface IndexedText extends StoredText {
	readonly route: string;
	readonly transaction: string;
}

export interface Page<Row> {
	readonly rows: readonly Row[];
	/** Where the next page begins; null at the end. A page before it may be short, or empty. */
	readonly next: string | null;
}

interface Quarantined {
	readonly kind: string;
	/** The id, the deposit transaction or the route that it is about. */
	readonly entity: string;
	/** As it was found; null where there is no value. */
	readonly raw: string | null;
}

export type CacheUpkeep = ReturnType<typeof cacheUpkeep>;

export function cacheUpkeep(connection: CacheConnection, namespace: string) {
	const { run } = connection;
	return {
		/** So that there is a row which changes of the phase and changes of the cache can wait for. */
		async ensure(): Promise<void> {
			await run(ENSURE, [namespace]);
		},
		marked: (limit: number): Promise<Mark[]> => run<Mark>(MARKED, [namespace, limit]),
		async unmark(marks: readonly Mark[]): Promise<void> {
			if (marks.length > 0) await run(UNMARK, [namespace, marks.map(({ entity }) => entity), marks.map(({ token }) => token)]);
		},
		async state(): Promise<CacheState> {
			const [row] = await run<Omit<CacheState, 'differences'> & { differences: string }>(STATE, [namespace]);
			return row === undefined
				? { phase: null, floor: 0, mirroring: false, differences: 0 }
				: { ...row, differences: Number(row.differences) };
		},
		/** Compare-and-set, recorded. Waits for changes under way. False when `before` is not the stored phase any more; nothing is done then. */
		async move({ before, after, floor, mirroring }: PhaseMove, { actor, reason }: Cause): Promise<boolean> {
			const moved = await alone(connection, namespace, (inside) =>
				inside(MOVE, [namespace, before, after, floor, mirroring, actor, reason]),
			);
			return moved.length > 0;
		},
		async countDifferences(count: number): Promise<void> {
			await run(COUNT, [namespace, count]);
		},
		pageOfRows: async (after: string | null, limit: number): Promise<Page<IndexedText>> =>
			pageOf(await run<IndexedText & Keyed>(PAGE, [namespace, after ?? '', limit]), limit),
		pageOfWithdrawals: async (after: string | null, limit: number): Promise<Page<StoredText>> =>
			pageOf(await run<StoredText & Keyed>(WITHDRAWALS, [namespace, after ?? '', limit]), limit),
		/** How many there are of each. */
		async sizes(): Promise<Sizes> {
			const [row] = await run<Sizes>(SIZES, [namespace]);
			return row ?? { rows: 0, withdrawals: 0 };
		},
		/** Transactions of several actions. */
		duplicateTransactions: (limit: number) => run<{ transaction: string; actions: number }>(DUPLICATES, [namespace, limit]),
		/** Keeps them, or sees them again. */
		async quarantine(kind: string, found: readonly Omit<Quarantined, 'kind'>[]): Promise<void> {
			if (found.length === 0) return;
			await run(QUARANTINE, [namespace, kind, found.map(({ entity }) => toHex(entity)), found.map(({ raw }) => toHex(raw))]);
		},
		async quarantined(limit: number): Promise<Quarantined[]> {
			const rows = await run<{ kind: string; entity: string; raw: string | null }>(QUARANTINED, [namespace, limit]);
			return rows.map(({ kind, entity, raw }) => ({ kind, entity: fromHex(entity), raw: raw === null ? null : fromHex(raw) }));
		},
		quarantineCounts: () => run<{ kind: string; count: number }>(QUARANTINE_COUNTS, [namespace]),
		/** Forgets what was not seen again since; Unix milliseconds of `now`. */
		async release(since: number): Promise<void> {
			await run(RELEASE, [namespace, since]);
		},
		/** Unix milliseconds by the database's clock. */
		async now(): Promise<number> {
			const [row] = await run<{ ms: number }>(NOW, []);
			return row?.ms ?? 0;
		},
		/**
		 * Ends the operations of what was cleared, and forgets who has removed what before this moment, Unix milliseconds. Resolves to the number
		 * of those.
		 */
		async trim(before: number): Promise<number> {
			for (let ended = 1; ended > 0; ) ended = (await run<{ count: number }>(END_OPERATIONS, [namespace]))[0]?.count ?? 0;
			const [row] = await run<{ count: number }>(TRIM, [namespace, before]);
			return row?.count ?? 0;
		},
	};
}

interface PhaseMove extends Pick<CacheState, 'floor' | 'mirroring'> {
	readonly before: Phase | null;
	readonly after: Phase;
}

interface Keyed {
	readonly key: string;
	readonly text: string | null;
}

function pageOf<Row extends Keyed>(rows: readonly Row[], limit: number): Page<Omit<Row, 'key'>> {
	const last = rows.at(-1);
	const there = rows.filter(({ text }) => text !== null).map(({ key: _, ...row }) => row);
	return { rows: there, next: rows.length < limit || last === undefined ? null : last.key };
}

const toHex = <Text extends string | null>(text: Text) =>
	(text === null ? null : Buffer.from(text, 'utf8').toString('hex')) as Text extends string ? string : null;
const fromHex = (hex: string) => Buffer.from(hex, 'hex').toString('utf8');
