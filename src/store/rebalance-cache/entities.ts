/** What keeps a cache in PostgreSQL equal to the other side: under locks that everybody takes who does so, what it holds and is made to hold. */
import type { Entity, Held } from '../../rebalances/side.ts';
import { buryBy, type CachedRow, columnsOf, insertOperations, unnestOf } from './changes.ts';
import { PASS_GATE } from './fence.ts';
import type { Run } from './line.ts';

const LOCK = `select pg_advisory_xact_lock(lock) from (
		select distinct hashtextextended($1 || ':' || entity, 0) as lock from unnest($2::text[]) as asked(entity) order by lock
	) locks`;

/** By place in what was asked for; what is not there at all has no row. */
const HOLD = `
	select n, 'r' as kind, action as value, case when action is null then removed_by end as by
	from unnest($2::text[]) with ordinality as asked(id, n)
	join cached_rebalances c on c.namespace = $1 and c.key = sha256(convert_to(asked.id, 'UTF8'))
	union all
	select n, 'w', record, case when record is null then removed_by end
	from unnest($3::text[]) with ordinality as asked(id, n)
	join cached_withdrawals c on c.namespace = $1 and c.key = sha256(convert_to(asked.id, 'UTF8'))
	union all
	select 1, 'p', paused, null from cache_states where namespace = $1`;

/** Who removed what was there, before anything of this statement. $2: ids by place. */
const BURIED = `select n, c.removed_by as by from unnest($2::text[]) with ordinality as asked(id, n)
	join cached_rebalances c on c.namespace = $1 and c.key = sha256(convert_to(asked.id, 'UTF8')) and c.removed_by is not null`;

const PUT_ROWS = `with asked as materialized (
		select given.*, sha256(convert_to(id, 'UTF8')) as key, gen_random_uuid() as operation from ${unnestOf(3)} order by key
	), written as (
		insert into cached_rebalances as c (namespace, key, id, route, transaction, action, operation_id)
		select $1, key, id, route, transaction, text, operation from asked
		on conflict (namespace, key) do update set route = excluded.route, transaction = excluded.transaction, action = excluded.action
		where c.removed_by is null and c.action <> excluded.action returning c.key, c.operation_id
	), added as (${insertOperations('asked join written on written.operation_id = asked.operation')}
	), changed as (
		update rebalance_operations o set asset = asked.asset, origin = asked.origin, destination = asked.destination,
			send = asked.send::numeric, updated_at = now()
		from asked join written using (key) where o.id = written.operation_id and written.operation_id <> asked.operation
	)
	${BURIED}`;

/** $3: by place, who has removed it. */
const REMOVE_ROWS = `with asked as materialized (
		select distinct on (key) * from (
			select id, by, sha256(convert_to(id, 'UTF8')) as key from unnest($2::text[], $3::text[]) as given(id, by)
		) keyed order by key
	), locked as materialized (
		select c.key, c.operation_id, asked.by from cached_rebalances c join asked on asked.key = c.key
		where c.namespace = $1 and c.removed_by is null order by c.key for update of c
	), removed as (
		update cached_rebalances c set ${buryBy('locked.by')} from locked where c.namespace = $1 and c.key = locked.key
	), operations as (
		delete from rebalance_operations o using locked where o.id = locked.operation_id
	), unknown as (
		insert into cached_rebalances (namespace, key, id, removed_by, removed_at)
		select $1, key, id, by, now() from asked where key not in (select key from locked) order by key on conflict (namespace, key) do nothing
	)
	${BURIED}`;

const PUT_WITHDRAWALS = `insert into cached_withdrawals (namespace, key, deposit_transaction, record)
	select $1, sha256(convert_to(id, 'UTF8')) as key, id, text from unnest($2::text[], $3::text[]) as given(id, text) order by key
	on conflict (namespace, key) do update set record = excluded.record where cached_withdrawals.record is distinct from excluded.record`;

const REMOVE_WITHDRAWALS = `insert into cached_withdrawals as c (namespace, key, deposit_transaction, record, removed_by, removed_at)
	select $1, sha256(convert_to(id, 'UTF8')) as key, id, null, by, now() from unnest($2::text[], $3::text[]) as given(id, by) order by key
	on conflict (namespace, key) do update set record = null, removed_by = excluded.removed_by, removed_at = now() where c.record is not null`;

const PAUSE = `update cache_states set paused = $2, updated_at = now() where namespace = $1 and paused is distinct from $2`;

/** An entity as it is to be: a row of a rebalance, the text of a withdrawal or of the pause, or nothing, and who has removed it. */
export interface Wanted {
	readonly entity: Entity;
	readonly row: CachedRow | null;
	readonly text: string | null;
	readonly removedBy: string | null;
}

const isStorable = (entity: Entity) => !entity.includes('\u0000');
const nameOf = (entity: Entity) => entity.slice(2);
const ofKind = <E extends { readonly entity: Entity }>(kind: 'r:' | 'w:' | 'p', list: readonly E[]) =>
	list.filter(({ entity }) => (kind === 'p' ? entity === 'p' : entity.startsWith(kind)));
const names = (list: readonly { readonly entity: Entity }[]) => list.map(({ entity }) => nameOf(entity));

/** Waits until nobody else keeps these equal; until the transaction ends. */
export async function lockEntities(run: Run, namespace: string, entities: readonly Entity[]): Promise<void> {
	await run(LOCK, [namespace, entities.map((entity) => entity.replaceAll('\u0000', ''))]);
}

/** What is held of each now, in the order asked. */
export async function holdEntities(run: Run, namespace: string, entities: readonly Entity[]): Promise<Held[]> {
	// A name that cannot be stored is not held.
	const listed = entities.filter(isStorable).map((entity) => ({ entity }));
	const [rows, withdrawals] = [ofKind('r:', listed), ofKind('w:', listed)];
	const found = await run<{ n: string; kind: string; value: string | null; by: string | null }>(HOLD, [
		namespace,
		names(rows),
		names(withdrawals),
	]);
	const held = new Map(found.map((each) => [`${each.kind}${each.n}`, each]));
	const places = new Map<string, number>();
	return entities.map((entity) => {
		if (!isStorable(entity)) return { entity, value: null, removedBy: null };
		const kind = entity.charAt(0);
		const place = kind === 'p' ? 1 : (places.get(kind) ?? 0) + 1;
		places.set(kind, place);
		const { value = null, by = null } = held.get(`${kind}${place}`) ?? {};
		return { entity, value, removedBy: by === '' ? null : by };
	});
}

/**
 * Makes these so, and marks nothing. What was removed is not let in again. Resolves, by entity, to who had removed a rebalance before; empty for
 * somebody that nobody knows.
 */
export async function applyEntities(run: Run, namespace: string, wanted: readonly Wanted[]): Promise<ReadonlyMap<Entity, string>> {
	// In the middle of clearing nothing is brought over.
	await run(PASS_GATE, [namespace]);
	const rows = ofKind('r:', wanted);
	const buried = new Map([...(await putRows(run, namespace, rows)), ...(await removeRows(run, namespace, rows))]);
	const withdrawals = ofKind('w:', wanted);
	const kept = withdrawals.filter(({ text }) => text !== null);
	if (kept.length > 0) await run(PUT_WITHDRAWALS, [namespace, names(kept), kept.map(({ text }) => text)]);
	const gone = withdrawals.filter(({ text }) => text === null);
	if (gone.length > 0) await run(REMOVE_WITHDRAWALS, [namespace, names(gone), gone.map(({ removedBy }) => removedBy)]);
	for (const { text } of ofKind('p', wanted)) await run(PAUSE, [namespace, text]);
	return buried;
}

type Buried = readonly (readonly [Entity, string])[];

async function putRows(run: Run, namespace: string, wanted: readonly Wanted[]): Promise<Buried> {
	const rows = wanted.flatMap(({ row }) => (row === null ? [] : [row]));
	if (rows.length === 0) return [];
	const ids = rows.map(({ id }) => id);
	return buriedIn(await run(PUT_ROWS, [namespace, ids, ...columnsOf(rows)]), ids);
}

async function removeRows(run: Run, namespace: string, wanted: readonly Wanted[]): Promise<Buried> {
	const gone = wanted.filter(({ row }) => row === null);
	if (gone.length === 0) return [];
	const ids = names(gone);
	return buriedIn(await run(REMOVE_ROWS, [namespace, ids, gone.map(({ removedBy }) => removedBy ?? '')]), ids);
}

const buriedIn = (found: readonly { n: string; by: string }[], ids: readonly string[]): Buried =>
	found.map(({ n, by }) => [`r:${ids[Number(n) - 1] ?? ''}`, by]);
