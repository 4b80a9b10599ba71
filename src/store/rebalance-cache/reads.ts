/** What a cache in PostgreSQL answers, each in one statement that also decides whether who asks is let in. */
import type { Phase } from '../../rebalances/phase.ts';
import type { StoredText } from '../../rebalances/row.ts';
import type { Asker } from '../../rebalances/side.ts';
import type { CacheConnection } from './connection.ts';
import { askedBy, MOVED, throwIfMoved } from './fence.ts';

/** Written so that no index is used for it: the hash has the namespace in it, and a bitmap of all its rows would be joined for nothing. */
const IS_OURS = `namespace || '' = $1`;

/** Texts are compared as they are; the hash is what an index can hold of one, however long it is. */
const ROWS_ON = `${MOVED}
	select null as id, phase as text from moved
	union all
	select id, action from cached_rebalances
	where ${IS_OURS} and removed_by is null and route = any($3::text[])
		and hashtextextended(route, hashtextextended(namespace, 0))
			= any(array(select hashtextextended(asked, hashtextextended($1, 0)) from unnest($3::text[]) asked))
		and not exists (select from moved)`;

const ROWS_WITH = `${MOVED}
	select null as id, phase as text from moved
	union all
	select id, action from cached_rebalances
	where ${IS_OURS} and removed_by is null and transaction = $3::text
		and hashtextextended(transaction, hashtextextended(namespace, 0)) = hashtextextended($3::text, hashtextextended($1, 0))
		and not exists (select from moved)`;

const HAS = `${MOVED}
	select (select phase from moved) as moved, case when exists (
		select from cached_rebalances where namespace = $1 and key = sha256(convert_to($3::text, 'UTF8')) and removed_by is null
	) then '1' end as value`;

const PAUSED = `${MOVED}
	select (select phase from moved) as moved, (select paused from cache_states where namespace = $1) as value`;

const WITHDRAWAL = `${MOVED}
	select (select phase from moved) as moved,
		(select record from cached_withdrawals where namespace = $1 and key = sha256(convert_to($3::text, 'UTF8'))) as value`;

interface CacheReads {
	/** Every row once; routes as `cached_rebalances` has them. */
	rowsOn(routes: readonly string[], asker: Asker): Promise<StoredText[]>;
	rowsWith(transaction: string, asker: Asker): Promise<StoredText[]>;
	has(id: string, asker: Asker): Promise<boolean>;
	isPaused(asker: Asker): Promise<boolean>;
	withdrawal(depositTransaction: string, asker: Asker): Promise<string | null>;
}

export function cacheReads({ run }: CacheConnection, namespace: string): CacheReads {
	const rows = async (statement: string, asked: string | string[], asker: Asker) => {
		const found = await run<{ id: string | null; text: string }>(statement, [...askedBy(namespace, asker), asked]);
		const [first] = found;
		throwIfMoved(first?.id === null ? (first.text as Phase) : null);
		return found as StoredText[];
	};
	const value = async (statement: string, asked: readonly string[], asker: Asker) => {
		const [row] = await run<{ moved: Phase | null; value: string | null }>(statement, [...askedBy(namespace, asker), ...asked]);
		throwIfMoved(row?.moved);
		return row?.value ?? null;
	};
	return {
		rowsOn: (routes, asker) => rows(ROWS_ON, [...new Set(routes)], asker),
		rowsWith: (transaction, asker) => rows(ROWS_WITH, transaction, asker),
		has: async (id, asker) => (await value(HAS, [id], asker)) !== null,
		isPaused: async (asker) => (await value(PAUSED, [], asker)) === '1',
		withdrawal: (depositTransaction, asker) => value(WITHDRAWAL, [depositTransaction], asker),
	};
}
