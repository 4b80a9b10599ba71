/** What channel, chain and API said of each token, counted by the hour: what a phase is judged by before the next one is entered. */
import { and, eq, gte, type SQLWrapper, sql } from 'drizzle-orm';
import { fillReports } from '../../drizzle/schema/fills.ts';
import type { Position } from '../inventory/venue.ts';
import type { Db, Tx } from './db.ts';

/** All of it since it was last written. Amounts in base units, times in milliseconds. */
export interface Counts {
	readonly looks: number;
	readonly unread: number;
	/** Looks whose transfers did not come to what the balance had changed. */
	readonly mismatches: number;
	/** How often the API was compared with the chain, how often it differed, and the most it did. */
	readonly compared: number;
	readonly differed: number;
	readonly worst: bigint;
	readonly heard: number;
	readonly absorbed: number;
	readonly failed: number;
	readonly expired: number;
	readonly late: number;
	/** By how much balances have changed, look by look, and no fill explains. */
	readonly unexplained: bigint;
	/** From the trade until the chain had shown it: summed, and the most, over `absorbed`. */
	readonly settleMs: number;
	readonly settleMsMost: number;
}

export type Phase = 'shadow' | 'authoritative' | 'degrade';

interface Counted extends Counts, Position {
	readonly phase: Phase;
}

export const NOTHING_COUNTED: Counts = {
	...{ looks: 0, unread: 0, mismatches: 0, compared: 0, differed: 0, worst: 0n, heard: 0, absorbed: 0, failed: 0, expired: 0, late: 0 },
	...{ unexplained: 0n, settleMs: 0, settleMsMost: 0 },
};

/** Adds them to those of this hour. */
export async function addCounts(tx: Tx, counted: readonly Counted[]): Promise<void> {
	const {
		looks,
		unread,
		mismatches,
		compared,
		differed,
		worst,
		heard,
		absorbed,
		failed,
		expired,
		late,
		unexplained,
		settleMs,
		settleMsMost,
	} = fillReports;
	const sums = { looks, unread, mismatches, compared, differed, heard, absorbed, failed, expired, late, unexplained, settleMs };
	const most = { worst, settleMsMost };
	const set = Object.fromEntries([
		...Object.entries(sums).map(([key, column]) => [key, sql`${column} + ${sql.raw(`excluded."${column.name}"`)}`]),
		...Object.entries(most).map(([key, column]) => [key, sql`greatest(${column}, ${sql.raw(`excluded."${column.name}"`)})`]),
	]);
	for (const row of counted) {
		await tx
			.insert(fillReports)
			.values({ ...row, hour: sql`date_trunc('hour', now())` })
			.onConflictDoUpdate({ target: [fillReports.phase, fillReports.hour, fillReports.venue, fillReports.asset], set });
	}
}

export interface ReportedHours extends Counted {
	/** Instants of the first hour and of the last. */
	readonly from: string;
	readonly to: string;
}

/** Of one phase since an instant, summed by token. */
export async function readReport(db: Db, { phase, since }: { readonly phase: Phase; readonly since: string }): Promise<ReportedHours[]> {
	const t = fillReports;
	const whole = (column: SQLWrapper) => sql<number>`sum(${column})`.mapWith(Number);
	const rows = await db
		.select({
			...{ venue: t.venue, asset: t.asset, from: sql<string>`min(${t.hour})::text`, to: sql<string>`max(${t.hour})::text` },
			...{ looks: whole(t.looks), unread: whole(t.unread), mismatches: whole(t.mismatches) },
			...{ compared: whole(t.compared), differed: whole(t.differed), worst: sql`max(${t.worst})`.mapWith(t.worst) },
			...{ heard: whole(t.heard), absorbed: whole(t.absorbed), failed: whole(t.failed), expired: whole(t.expired), late: whole(t.late) },
			unexplained: sql`sum(${t.unexplained})`.mapWith(t.unexplained),
			...{ settleMs: whole(t.settleMs), settleMsMost: sql<number>`max(${t.settleMsMost})`.mapWith(Number) },
		})
		.from(t)
		.where(and(eq(t.phase, phase), gte(t.hour, sql`date_trunc('hour', ${since}::timestamptz)`)))
		.groupBy(t.venue, t.asset)
		.orderBy(t.venue, t.asset);
	return rows.map((row) => ({ phase, ...row })) as ReportedHours[];
}
