/**
 * Whether who asks is let in, decided in the statement that does what is asked. A change holds the gate of its namespace together with others
 * until it commits; a change of phase holds it alone, so it waits for those that were let in before, and those that come after it wait in a fair
 * queue, which row locks do not have. They see the new phase then, however old their snapshot is, because they lock the state's row by KEY SHARE.
 * (After an update without a lock for update, KEY SHARE would show the old row.) The order of locks: entities, the gate, rows.
 */
import { InvariantError, TransientError } from '../../errors.ts';
import { keepsBoth, PHASES, type Phase } from '../../rebalances/phase.ts';
import { type Asker, type Change, PhaseMovedError } from '../../rebalances/side.ts';
import type { CacheConnection } from './connection.ts';
import type { Run, Value } from './line.ts';

const listed = (phases: readonly string[]) => `array[${phases.map((phase) => `'${phase}'`).join(', ')}]`;
const IS_LEFT_BEHIND = `phase is not null
	and (abs(array_position(${listed(PHASES)}, phase) - 1 - $2::int) > 1 or $2::int < floor)`;

/** $1 namespace, $2 place of the phase that the asker follows, or null. A row when it is not let in. */
export const MOVED = `with moved as materialized (select phase from cache_states where namespace = $1 and ${IS_LEFT_BEHIND})`;

const GATE = 'hashtextextended($1, 0)';
/** Until the transaction ends; $1 namespace. */
export const PASS_GATE = `select pg_advisory_xact_lock_shared(${GATE})`;
const SHUT_GATE = `select pg_advisory_xact_lock(${GATE})`;

/** And $3 token, $4 marks, $5 deadline. One row; without one nobody has told the namespace. */
export const FENCE = `with gate as materialized (${PASS_GATE}), fence as materialized (
	select phase, cleared_by,
		case when ${IS_LEFT_BEHIND} then 'moved' when extract(epoch from clock_timestamp()) * 1000 > $5::float8 then 'late' end as refused,
		$4::text = 'always' or ($4::text = 'stored' and (mirroring or phase = any(${listed(PHASES.filter(keepsBoth))}))) as marks
	from cache_states, gate where namespace = $1 for key share of cache_states
)`;

export const IS_LET_IN = 'exists (select from fence where refused is null)';

/** Marks what `entities` selects as `entity`. Locks are taken in the order of the names, here and where marks are taken away. */
export const markOf = (entities: string) => `marked as (
	insert into cache_marks (namespace, key, entity, token)
	select $1, sha256(convert_to(entity, 'UTF8')), entity, $3 from (${entities}) changed where (select marks from fence) order by entity
	on conflict (namespace, key) do update set token = excluded.token, at = now()
)`;

/** The first row of every change; what it has done follows. */
export const VERDICT = `select coalesce(max(refused), case when count(*) = 0 then 'unknown' end) as refused, max(phase) as phase, null as done from fence`;

interface Done {
	readonly refused: 'moved' | 'late' | 'unknown' | null;
	readonly phase: Phase | null;
	readonly done: string | null;
}

export const askedBy = (namespace: string, { follows }: Asker): Value[] => [namespace, follows === null ? null : PHASES.indexOf(follows)];

/** In a transaction that nobody changes anything beside; each statement of `work` sees everything that was changed before. */
export function alone<T>(connection: CacheConnection, namespace: string, work: (run: Run) => Promise<T>): Promise<T> {
	return connection.transaction(async (run) => {
		await run(SHUT_GATE, [namespace]);
		return work(run);
	});
}

interface ChangeStatement {
	readonly connection: CacheConnection;
	/** Of a transaction; otherwise the statement is one by itself. */
	readonly run?: Run;
	readonly namespace: string;
	readonly statement: string;
	readonly change: Change;
	/** From $6 on. */
	readonly values: readonly Value[];
}

/** Runs a change and resolves to what it names as done. Throws `PhaseMovedError`, or `TransientError` when it comes too late; nothing was done then. */
export async function runChange({ connection, run = connection.run, ...asked }: ChangeStatement): Promise<string[]> {
	const { namespace, statement, change, values } = asked;
	const deadline = await connection.deadline();
	const head = [...askedBy(namespace, change), change.token, change.marks, deadline];
	const rows = await run<Done>(statement, [...head, ...values]);
	const verdict = rows.find(({ done }) => done === null);
	if (verdict?.refused === 'late') {
		connection.forgetClock();
		throw new TransientError('the database came to the change when nobody waited for it any more; nothing was done');
	}
	if (verdict === undefined || verdict.refused === 'unknown')
		throw new InvariantError(`the cache ${namespace} has no state`, { namespace });
	throwIfMoved(verdict.refused === 'moved' ? verdict.phase : null);
	const done: string[] = [];
	for (const row of rows) if (row.done !== null) done.push(row.done);
	return done;
}

export function throwIfMoved(stored: Phase | null | undefined): void {
	if (stored !== null && stored !== undefined) throw new PhaseMovedError(stored);
}
