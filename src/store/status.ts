/** One reading of where everything stands, for operators. Amounts are text: base units, or token units where that is said. */
import { and, asc, eq, isNotNull, ne, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { earmarks, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import { signerLanes } from '../../drizzle/schema/effects.ts';
import { receivables } from '../../drizzle/schema/inventory.ts';
import { HUB_DECIMALS, hubAmount } from '../money/amount.ts';
import { formatAmount } from '../money/units.ts';
import type { Db } from './db.ts';
import { type ReserveOverrideAt, reserveOverridesInForce } from './reserves.ts';
import { readStop, type Stop } from './stops.ts';

export interface Status {
	readonly stop: Stop | null;
	readonly demands: readonly { readonly status: string; readonly count: number }[];
	readonly earmarks: readonly { readonly status: string; readonly count: number }[];
	/** Open demands, oldest first, at most 100. */
	readonly waiting: readonly { readonly externalId: string; readonly reason: string | null; readonly detail: string | null }[];
	readonly lanes: readonly { readonly venue: string; readonly signer: string; readonly next: string; readonly frozen: string | null }[];
	readonly overdue: readonly OverdueLeg[];
	readonly receivables: readonly OddReceivable[];
	/** Overrides in force. */
	readonly reserves: readonly (Omit<ReserveOverrideAt, 'amount'> & { readonly amount: string })[];
}

/** A leg that takes far longer than promised; the longest first, at most 100. */
export interface OverdueLeg {
	readonly leg: string;
	readonly earmark: string;
	readonly asset: string;
	readonly route: string;
	readonly send: string;
	/** When that was noticed. */
	readonly overdueAt: string;
}

/** A purchase that became an invoice itself, or that the hub is done with while no payment was seen; oldest first, at most 100. */
export interface OddReceivable {
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
		receivables: await readOddReceivables(db),
		reserves: (await reserveOverridesInForce(db)).map((each) => ({ ...each, amount: each.amount.toString() })),
	};
}

async function readOverdue(db: Db): Promise<OverdueLeg[]> {
	const rows = await db
		.select()
		.from(rebalanceOperations)
		.where(and(eq(rebalanceOperations.status, 'in_flight'), isNotNull(rebalanceOperations.overdueAt)))
		.orderBy(asc(rebalanceOperations.overdueAt))
		.limit(SHOWN);
	return rows.flatMap(({ id: leg, earmarkId: earmark, asset, route, send, overdueAt }) =>
		overdueAt === null ? [] : [{ leg, earmark, asset, route, send: send.toString(), overdueAt: new Date(overdueAt).toISOString() }],
	);
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
