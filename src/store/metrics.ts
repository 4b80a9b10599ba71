/** What the metrics say of the rows: one consistent reading, counted by the database. Ages and durations are in seconds. */
import { type SQL, sql } from 'drizzle-orm';
import { InvariantError } from '../errors.ts';
import type { GateState } from '../health/gate.ts';
import { LEG_ACTIVE } from '../leg/state.ts';
import type { Db, Tx } from './db.ts';
import { readBreakers } from './route-breakers.ts';
import { readStop } from './stops.ts';

export interface StoreFigures extends EndedFigures {
	/** Invoices; `reason` says why those wait that have not ended. */
	readonly demands: readonly { readonly status: string; readonly reason: string | null; readonly count: number }[];
	readonly earmarks: readonly Count[];
	readonly legs: readonly Count[];
	readonly overdueLegs: number;
	/** Effects whose nonce has committed and whose verdict is not known; the oldest by its first signature, before that by its intent. */
	readonly openEffects: readonly Aged[];
	readonly lanes: readonly { readonly venue: string; readonly signer: string; readonly frozen: boolean }[];
	/** Routes of whose breakers anything was ever said or counted. */
	readonly routes: readonly { readonly route: string; readonly use: 'on' | 'trial' | 'off' }[];
	/** Settled ones have no age: nothing is waited for. */
	readonly receivables: readonly Aged[];
	readonly unsentWakeups: number;
	/** 0 when all are sent. */
	readonly oldestUnsentSeconds: number;
	/** Positions that were never read are missing. */
	readonly snapshots: readonly { readonly venue: string; readonly asset: string; readonly ageSeconds: number }[];
	/** As one process keeps them; `*` is all of them together. */
	readonly markets: readonly { readonly market: string; readonly state: GateState; readonly ageSeconds: number }[];
	/** Told by a channel, those of a day. */
	readonly fills: readonly Count[];
	readonly stopped: boolean;
	/** Taken within the window. */
	readonly webhookDeliveries: number;
}

interface EndedFigures {
	/** Settled earmarks that had no legs, and those that had some. */
	readonly paidAtOnce: number;
	readonly rebalanced: number;
	/** Ended earmarks with two legs or more. */
	readonly multiSettled: number;
	readonly multiCancelled: number;
	/** Completed rebalancings, and how long they took together. */
	readonly completed: number;
	readonly completedSeconds: number;
	/** Of those completed within the window; null when there were none. */
	readonly medianSeconds: number | null;
	readonly p95Seconds: number | null;
}

interface Count {
	readonly status: string;
	readonly count: number;
}

interface Aged extends Count {
	readonly oldestSeconds: number | null;
}

interface Windows {
	/** How far back the quantiles look. */
	readonly recentSeconds: number;
	readonly deliveriesSeconds: number;
	/** No query may take longer than this. */
	readonly statementMs: number;
}

/** Throws when the database does not answer or a query takes too long: what could not be read is never zero. */
export async function readFigures(db: Db, { recentSeconds, deliveriesSeconds, statementMs }: Windows): Promise<StoreFigures> {
	return db.transaction(
		async (tx) => {
			await tx.execute(sql`select set_config('statement_timeout', ${`${statementMs}`}, true)`);
			return {
				...(await endedFigures(tx, recentSeconds)),
				...(await legFigures(tx)),
				...(await unsentFigures(tx)),
				demands: await select(
					tx,
					sql`select status, case when status in ('open', 'earmarked') then reason end as reason, count(*)::int as count
						from demands where kind = 'invoice' group by 1, 2`,
				),
				earmarks: await select(tx, sql`select status, count(*)::int as count from earmarks group by status`),
				openEffects: await select(tx, OPEN_EFFECTS),
				lanes: await select(tx, sql`select venue, signer, frozen_reason is not null as frozen from signer_lanes`),
				routes: [...(await readBreakers(tx))].map(([route, { use }]) => ({ route, use })),
				receivables: await select(
					tx,
					sql`select status, count(*)::int as count,
						case when status <> 'settled' then ${secondsSince(sql`min(created_at)`)} end as "oldestSeconds"
						from receivables group by status`,
				),
				snapshots: await select(tx, sql`select venue, asset, ${secondsSince(sql`taken_at`)} as "ageSeconds" from balance_snapshots`),
				markets: await select(tx, sql`select market, state, ${secondsSince(sql`updated_at`)} as "ageSeconds" from market_health`),
				fills: await select(tx, sql`select status, count(*)::int as count from pending_fills group by status`),
				stopped: (await readStop(tx))?.stopped ?? false,
				webhookDeliveries: await deliveriesWithin(tx, deliveriesSeconds),
			};
		},
		{ isolationLevel: 'repeatable read', accessMode: 'read only' },
	);
}

const OPEN_EFFECTS = sql`
	select f.status, count(distinct f.id)::int as count, ${secondsSince(sql`min(coalesce(a.created_at, f.created_at))`)} as "oldestSeconds"
	from effects f left join attempts a on a.effect_id = f.id
	where f.status in ('reserved', 'signed', 'tracking', 'requested') group by f.status`;

/**
 * A rebalancing is completed when what it was for has been paid, or when every leg has arrived although it was not. It took until its
 * last delivered leg ended. Only ended earmarks count, so that nothing that was counted once is ever taken back.
 */
async function endedFigures(tx: Tx, recentSeconds: number): Promise<EndedFigures> {
	return one<EndedFigures>(
		tx,
		sql`with ended as (
				select e.status, e.created_at, count(o.id) as legs, max(o.updated_at) filter (where o.status = 'delivered') as arrived,
					e.status = 'settled' or coalesce(bool_and(o.status = 'delivered'), false) as completed
				from earmarks e left join rebalance_operations o on o.earmark_id = e.id
				where e.status in ('settled', 'cancelled')
				group by e.id
			), timed as (
				select *, case when completed then extract(epoch from arrived - created_at)::float8 end as took,
					arrived > now() - ${recentSeconds} * interval '1 second' as recent
				from ended
			)
			select count(*) filter (where status = 'settled' and legs = 0)::int as "paidAtOnce",
				count(*) filter (where status = 'settled' and legs > 0)::int as "rebalanced",
				count(*) filter (where status = 'settled' and legs > 1)::int as "multiSettled",
				count(*) filter (where status = 'cancelled' and legs > 1)::int as "multiCancelled",
				count(took)::int as "completed",
				coalesce(sum(took), 0)::float8 as "completedSeconds",
				percentile_cont(0.5) within group (order by took) filter (where recent) as "medianSeconds",
				percentile_cont(0.95) within group (order by took) filter (where recent) as "p95Seconds"
			from timed`,
	);
}

async function legFigures(tx: Tx): Promise<Pick<StoreFigures, 'legs' | 'overdueLegs'>> {
	const rows = await select<Count & { overdue: number }>(
		tx,
		sql`select status, count(*)::int as count, count(overdue_at)::int as overdue from rebalance_operations
			where earmark_id is not null group by status`,
	);
	const active = rows.filter(({ status }) => (LEG_ACTIVE as readonly string[]).includes(status));
	return { legs: rows, overdueLegs: active.reduce((sum, { overdue }) => sum + overdue, 0) };
}

function unsentFigures(tx: Tx): Promise<Pick<StoreFigures, 'unsentWakeups' | 'oldestUnsentSeconds'>> {
	return one(
		tx,
		sql`select count(*)::int as "unsentWakeups", ${secondsSince(sql`min(created_at)`)} as "oldestUnsentSeconds"
			from outbox where sent_at is null`,
	);
}

async function deliveriesWithin(tx: Tx, seconds: number): Promise<number> {
	const { count } = await one<{ count: number }>(
		tx,
		sql`select count(*)::int as count from webhook_deliveries where received_at > now() - ${seconds} * interval '1 second'`,
	);
	return count;
}

/** Seconds from a moment until now by the clock that wrote it; never negative, and 0 when there is no moment. */
function secondsSince(moment: SQL): SQL {
	return sql`greatest(extract(epoch from now() - ${moment}), 0)::float8`;
}

/** Where rows are believed to be what the query makes of them: it names its columns after the fields of `T`. */
async function select<T extends object>(tx: Tx, query: SQL): Promise<readonly T[]> {
	const rows: readonly unknown[] = await tx.execute(query);
	return rows as readonly T[];
}

/** Of a query that aggregates everything: it always has one row. */
async function one<T extends object>(tx: Tx, query: SQL): Promise<T> {
	const [row] = await select<T>(tx, query);
	if (row === undefined) throw new InvariantError('an aggregate has no row');
	return row;
}
