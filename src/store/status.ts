/** One reading of where everything stands, for operators. Amounts are text: base units, or token units where that is said. */
import { and, asc, eq, isNotNull, ne, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { earmarks, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import { signerLanes } from '../../drizzle/schema/effects.ts';
import { receivables } from '../../drizzle/schema/inventory.ts';
import type { RouteUse } from '../leg/breaker-change.ts';
import { HUB_DECIMALS, hubAmount } from '../money/amount.ts';
import { formatAmount } from '../money/units.ts';
import type { Db } from './db.ts';
import { legRow } from './legs.ts';
import { type ReserveOverrideAt, reserveOverridesInForce } from './reserves.ts';
import { readRouteUses } from './route-breakers.ts';
import { readStop, type Stop } from './stops.ts';

export interface Status {
	readonly stop: Stop | null;
	readonly demands: readonly { readonly status: string; readonly count: number }[];
	readonly earmarks: readonly { readonly status: string; readonly count: number }[];
	/** Open demands, oldest first, at most 100. */
	readonly waiting: readonly { readonly externalId: string; readonly reason: string | null; readonly detail: string | null }[];
	readonly lanes: readonly { readonly venue: string; readonly signer: string; readonly next: string; readonly frozen: string | null }[];
	readonly overdue: readonly OverdueLeg[];
	readonly between: readonly FundsBetween[];
	readonly receivables: readonly OddReceivable[];
	/** Overrides in force. */
	readonly reserves: readonly (Omit<ReserveOverrideAt, 'amount'> & { readonly amount: string })[];
	/** Routes over which nothing is planned now, or with one leg. */
	readonly routes: readonly ({ readonly route: string } & RouteUse)[];
}

/** A leg that takes far longer than promised; the longest first, at most 100. */
interface OverdueLeg {
	readonly leg: string;
	readonly earmark: string;
	readonly asset: string;
	readonly route: string;
	readonly send: string;
	/** When that was noticed. */
	readonly overdueAt: string;
}

/** Funds that have left their origin and are ours to claim on the other side: at an exchange, or minted by nobody yet; oldest first, at most 100. */
interface FundsBetween {
	readonly leg: string;
	readonly earmark: string;
	readonly bridge: string;
	readonly asset: string;
	readonly origin: string;
	readonly destination: string;
	/** Base units at the origin. */
	readonly send: string;
	/** When they left, as ISO text. */
	readonly since: string;
	/** What was asked for last, and what was said to it; null as long as nothing was asked for by request. */
	readonly request: { readonly key: string; readonly answer: string | null } | null;
}

/** A purchase that became an invoice itself, or that the hub is done with while no payment was seen; oldest first, at most 100. */
interface OddReceivable {
	readonly intent: string;
	readonly earmark: string;
	readonly asset: string;
	/** Where it was paid. */
	readonly venue: string;
	/** Token units. */
	readonly amount: string;
	readonly status: string;
	readonly hubStatus: string;
}

const SHOWN = 100;

export async function readStatus(db: Db): Promise<Status> {
	const count = sql<number>`count(*)::int`;
	const lanes = await db
		.select({ venue: signerLanes.venue, signer: signerLanes.signer, next: signerLanes.next, frozen: signerLanes.frozenReason })
		.from(signerLanes);
	return {
		stop: await readStop(db),
		demands: await db.select({ status: demands.status, count }).from(demands).groupBy(demands.status).orderBy(asc(demands.status)),
		earmarks: await db.select({ status: earmarks.status, count }).from(earmarks).groupBy(earmarks.status).orderBy(asc(earmarks.status)),
		waiting: await db
			.select({ externalId: demands.externalId, reason: demands.reason, detail: demands.reasonDetail })
			.from(demands)
			.where(eq(demands.status, 'open'))
			.orderBy(asc(demands.enqueuedAt), asc(demands.externalId))
			.limit(SHOWN),
		lanes: lanes.map((lane) => ({ ...lane, next: lane.next.toString() })),
		overdue: await readOverdue(db),
		between: await readBetween(db),
		receivables: await readOddReceivables(db),
		reserves: (await reserveOverridesInForce(db)).map((each) => ({ ...each, amount: each.amount.toString() })),
		routes: [...(await readRouteUses(db))].map(([route, use]) => ({ route, ...use })),
	};
}

async function readOverdue(db: Db): Promise<OverdueLeg[]> {
	const rows = await db
		.select()
		.from(rebalanceOperations)
		.where(
			and(
				...[isNotNull(rebalanceOperations.earmarkId), eq(rebalanceOperations.status, 'in_flight')],
				isNotNull(rebalanceOperations.overdueAt),
			),
		)
		.orderBy(asc(rebalanceOperations.overdueAt))
		.limit(SHOWN);
	return rows
		.map(legRow)
		.flatMap(({ id: leg, earmarkId: earmark, asset, route, send, overdueAt }) =>
			overdueAt === null ? [] : [{ leg, earmark, asset, route, send: send.toString(), overdueAt: new Date(overdueAt).toISOString() }],
		);
}

async function readBetween(db: Db): Promise<FundsBetween[]> {
	const rows = await db.execute<Omit<FundsBetween, 'request'> & { key: string | null; answer: string | null }>(sql`
		select h.leg_id as leg, o.earmark_id as earmark, h.bridge, h.asset, h.origin, h.destination, h.send::text as send,
			to_char(h.updated_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since, asked.request_key as key, asked.reason as answer
		from hops h join rebalance_operations o on o.id = h.leg_id
		left join lateral (
			select f.request_key, f.reason from effects f
			where f.owner_kind = 'leg' and f.owner_id = h.leg_id and f.hop = h.index and f.kind = 'claim' and f.request_key is not null
			order by f.try desc limit 1
		) asked on true
		where h.status = 'in_flight' and h.proof is not null order by h.updated_at, h.id limit ${SHOWN}`);
	return rows.map(({ key, answer, ...row }) => ({ ...row, request: key === null ? null : { key, answer } }));
}

async function readOddReceivables(db: Db): Promise<OddReceivable[]> {
	const rows = await db
		.select()
		.from(receivables)
		.where(
			and(
				ne(receivables.status, 'settled'),
				sql`(${receivables.status} = 'invoiced' or ${receivables.hubStatus} like 'SETTLED%' or ${receivables.hubStatus} like 'UNSUPPORTED%')`,
			),
		)
		.orderBy(asc(receivables.createdAt))
		.limit(SHOWN);
	return rows.map(({ intentId: intent, earmarkId: earmark, asset, origin: venue, amountHub, status, hubStatus }) => ({
		...{ intent, earmark, asset, venue, status, hubStatus },
		amount: formatAmount(hubAmount(amountHub), HUB_DECIMALS),
	}));
}
