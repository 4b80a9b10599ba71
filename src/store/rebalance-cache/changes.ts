/**
 * What changes a cache in PostgreSQL: each is one statement, so it happens as a whole or not at all, and asked again with the same token it
 * does nothing more and answers the same. Rows are locked in the order of their keys, so that no two callers wait for each other.
 */
import type { Change } from '../../rebalances/side.ts';
import type { CacheConnection } from './connection.ts';
import { alone, FENCE, IS_LET_IN, markOf, runChange, VERDICT } from './fence.ts';
import type { Value } from './line.ts';

/** A rebalance as two tables have it. */
export interface CachedRow {
	readonly id: string;
	readonly route: string;
	readonly transaction: string;
	readonly text: string;
	readonly asset: string;
	readonly origin: string;
	readonly destination: string;
	/** Base units as decimal text; null when the amount is no uint256. */
	readonly send: string | null;
}

const COLUMNS = ['id', 'route', 'transaction', 'text', 'asset', 'origin', 'destination', 'send'] as const;
/** One array for each column; `first` is the number of the first parameter. */
export const unnestOf = (first: number) =>
	`unnest(${COLUMNS.map((_, index) => `$${first + index}::text[]`).join(', ')}) as given(${COLUMNS.join(', ')})`;
export const columnsOf = (rows: readonly CachedRow[]): (string | null)[][] => COLUMNS.map((column) => rows.map((row) => row[column]));

/** Of a row without an earmark: nobody acts on it, and nothing is due. */
export const insertOperations = (from: string) => `
	insert into rebalance_operations (id, asset, origin, destination, send, status, next_action_at)
	select operation, asset, origin, destination, send::numeric, 'in_flight', 'infinity' from ${from}`;

/** What is left of a row that was removed, as long as its operation is there. */
const endBy = (token: string) => `removed_by = ${token}, removed_at = now(), route = null, transaction = null, action = null`;

/** What is left of a row that was removed with its operation. */
export const buryBy = (token: string) => `${endBy(token)}, operation_id = null`;

const ADD = `${FENCE}, asked as materialized (
		select given.*, sha256(convert_to(id, 'UTF8')) as key, gen_random_uuid() as operation from ${unnestOf(6)} where ${IS_LET_IN} order by key
	), fresh as (
		insert into cached_rebalances (namespace, key, id, route, transaction, action, operation_id)
		select $1, key, id, route, transaction, text, operation from asked
		on conflict (namespace, key) do nothing returning id, operation_id
	), operations as (${insertOperations('asked join fresh on fresh.operation_id = asked.operation')}
	), ${markOf(`select 'r:' || id as entity from fresh`)}
	${VERDICT}`;

const REMOVE = `${FENCE}, asked as materialized (
		select distinct sha256(convert_to(id, 'UTF8')) as key from unnest($6::text[]) as given(id) where ${IS_LET_IN}
	), locked as materialized (
		select c.key, c.operation_id from cached_rebalances c
		where c.namespace = $1 and c.removed_by is null and c.key in (select key from asked) order by c.key for update
	), removed as (
		update cached_rebalances c set ${buryBy('$3')} from locked where c.namespace = $1 and c.key = locked.key returning c.id
	), operations as (
		delete from rebalance_operations o using locked where o.id = locked.operation_id
	), ${markOf(`select 'r:' || id as entity from removed`)}
	${VERDICT}
	union all select null, null, id from removed
	union all select null, null, c.id from asked join cached_rebalances c on c.namespace = $1 and c.key = asked.key and c.removed_by = $3`;

/**
 * Behind a gate that is shut: nobody is in the middle of removing what this removes. Others wait for as long, so operations, which take ten times
 * the time, are left to whoever tidies up.
 */
const CLEAR = `${FENCE}, is_new as materialized (
		select from fence where refused is null and cleared_by is distinct from $3
	), removed as (
		update cached_rebalances set ${endBy('$3')} where namespace = $1 and removed_by is null and exists (select from is_new) returning id
	), state as (
		update cache_states set paused = null, cleared_by = $3, updated_at = now() where namespace = $1 and exists (select from is_new)
	), ${markOf(`select 'r:' || id as entity from removed union all select 'p' from is_new`)}
	${VERDICT}`;

const SET_PAUSE = `${FENCE}, changed as (
		update cache_states set paused = $6, updated_at = now() where namespace = $1 and ${IS_LET_IN} returning namespace
	), ${markOf(`select 'p' as entity from changed`)}
	${VERDICT}`;

const PUT_WITHDRAWAL = `${FENCE}, changed as (
		insert into cached_withdrawals (namespace, key, deposit_transaction, record) select $1, sha256(convert_to($6::text, 'UTF8')), $6, $7 where ${IS_LET_IN}
		on conflict (namespace, key) do update set record = excluded.record returning deposit_transaction
	), ${markOf(`select 'w:' || deposit_transaction as entity from changed`)}
	${VERDICT}`;

const REMOVE_WITHDRAWAL = `${FENCE}, removed as (
		update cached_withdrawals set record = null, removed_by = $3, removed_at = now()
		where namespace = $1 and key = sha256(convert_to($6::text, 'UTF8')) and record is not null and removed_by is distinct from $3 and ${IS_LET_IN}
		returning deposit_transaction
	), ${markOf(`select 'w:' || deposit_transaction as entity from removed`)}
	${VERDICT}
	union all select null, null, deposit_transaction from removed
	union all select null, null, deposit_transaction from cached_withdrawals
		where namespace = $1 and key = sha256(convert_to($6::text, 'UTF8')) and removed_by = $3 and ${IS_LET_IN}`;

interface CacheChanges {
	add(rows: readonly CachedRow[], change: Change): Promise<void>;
	/** Those that this change has removed, now or when it was asked for before. */
	remove(ids: readonly string[], change: Change): Promise<string[]>;
	clear(change: Change): Promise<void>;
	setPause(paused: boolean, change: Change): Promise<void>;
	putWithdrawal(depositTransaction: string, text: string, change: Change): Promise<void>;
	removeWithdrawal(depositTransaction: string, change: Change): Promise<boolean>;
}

export function cacheChanges(connection: CacheConnection, namespace: string): CacheChanges {
	const run = (statement: string, change: Change, values: readonly Value[]) =>
		runChange({ connection, namespace, statement, change, values });
	return {
		async add(rows, change) {
			await run(ADD, change, columnsOf(rows));
		},
		remove: (ids, change) => run(REMOVE, change, [ids]),
		async clear(change) {
			await alone(connection, namespace, (run) => runChange({ connection, run, namespace, statement: CLEAR, change, values: [] }));
		},
		async setPause(paused, change) {
			await run(SET_PAUSE, change, [paused ? '1' : '0']);
		},
		async putWithdrawal(depositTransaction, text, change) {
			await run(PUT_WITHDRAWAL, change, [depositTransaction, text]);
		},
		removeWithdrawal: async (depositTransaction, change) => (await run(REMOVE_WITHDRAWAL, change, [depositTransaction])).length > 0,
	};
}
