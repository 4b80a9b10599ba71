/** One reading of where everything stands, for operators. */
import { asc, eq, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { earmarks } from '../../drizzle/schema/earmarks.ts';
import { signerLanes } from '../../drizzle/schema/effects.ts';
import type { Db } from './db.ts';
import { readStop, type Stop } from './stops.ts';

export interface Status {
	readonly stop: Stop | null;
	readonly demands: readonly { readonly status: string; readonly count: number }[];
	readonly earmarks: readonly { readonly status: string; readonly count: number }[];
	/** Open demands, oldest first, at most 100. */
	readonly waiting: readonly { readonly externalId: string; readonly reason: string | null; readonly detail: string | null }[];
	readonly lanes: readonly { readonly venue: string; readonly signer: string; readonly next: string; readonly frozen: string | null }[];
}

const WAITING_SHOWN = 100;

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
			.limit(WAITING_SHOWN),
		lanes: lanes.map((lane) => ({ ...lane, next: lane.next.toString() })),
	};
}
