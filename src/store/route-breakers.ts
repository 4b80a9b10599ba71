/** Breakers of routes: what hops have come to is counted in the transactions that end them, and plans take a trial in the one that commits them. */
import { and, asc, eq, inArray, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import { effects } from '../../drizzle/schema/effects.ts';
import { routeBreakers, routeEvents } from '../../drizzle/schema/routes.ts';
import {
	type BreakerReport,
	type BreakerRow,
	changeOf,
	type Happened,
	type RouteNews,
	type RouteUses,
	reportOf,
	usesOf,
} from '../leg/breaker-change.ts';
import type { BreakerState, BreakerWord } from '../leg/breaker-state.ts';
import type { Hop } from '../leg/leg.ts';
import { type Cause, ConflictError, type Db, inTransaction, lockInventory, type Tx } from './db.ts';

/** The database's clock, and not the beginning of the transaction: it may have waited for a lock since. */
const NOW_MS = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::float8`;

/** What a hop says about its route. */
export interface HopEnd {
	readonly legId: string;
	readonly route: string;
	readonly kind: 'succeeded' | 'failed' | 'late';
	readonly why: string;
}

export interface Ends {
	/** Null when nothing is said about any route. */
	readonly end: HopEnd | null;
	/** Legs that have ended, and so try nothing any more. */
	readonly over: readonly string[];
}

/**
 * Counts what a hop has come to, and gives back the trials of legs that have ended. Last in its transaction, because it locks the rows of routes,
 * in the order of their ids; which transaction ends a hop is decided before, so nothing is counted twice. Tells what has become of the breakers.
 */
export async function countEnds(tx: Tx, { end, over }: Ends): Promise<RouteNews[]> {
	const concerned = or(
		...(end === null ? [] : [eq(routeBreakers.route, end.route)]),
		...(over.length === 0 ? [] : [inArray(routeBreakers.trialLeg, [...over])]),
	);
	if (concerned === undefined) return [];
	const seen = await tx.select().from(routeBreakers).where(concerned);
	if (isNothing(seen.map(toRow), { end, over })) return [];
	if (end !== null) await tx.insert(routeBreakers).values({ route: end.route }).onConflictDoNothing();
	const news: RouteNews[] = [];
	for (const { row, nowMs } of await lockBreakers(tx, concerned)) {
		for (const happened of happenedTo(row, { end, over })) {
			const told = await write(tx, { row, happened, nowMs });
			if (told !== null) news.push(told);
		}
	}
	return news;
}

/** Most hops succeed on routes of which nothing is counted: nobody waits for anybody then. */
export function isNothing(seen: readonly BreakerRow[], { end, over }: Ends): boolean {
	if (end !== null && end.kind !== 'succeeded') return false;
	return seen.every(
		({ state, failures, lates, trialLeg }) =>
			state === 'closed' && failures === 0 && lates === 0 && (trialLeg === null || !over.includes(trialLeg)),
	);
}

/** What of it happens to this breaker: one thing, because a leg goes over a route once. */
export function happenedTo({ route, trialLeg }: BreakerRow, { end, over }: Ends): Happened[] {
	if (end !== null && end.route === route) {
		const { kind, legId, why } = end;
		return [{ event: { kind, legId }, actor: `leg ${legId}`, why }];
	}
	if (trialLeg === null || !over.includes(trialLeg)) return [];
	return [{ event: { kind: 'untried', legId: trialLeg }, actor: `leg ${trialLeg}`, why: 'it has ended without trying the route' }];
}

export interface Trial {
	readonly route: string;
	readonly legId: string;
}

/**
 * Gives each route's trial to its leg. Last in the transaction that commits the legs, as above. Throws `ConflictError` when a route is not
 * to be tried any more: then no leg goes over it.
 */
export async function takeTrials(tx: Tx, trials: readonly Trial[]): Promise<void> {
	if (trials.length === 0) return;
	const routes = trials.map(({ route }) => route);
	for (const { row, nowMs } of await lockBreakers(tx, inArray(routeBreakers.route, routes))) {
		for (const { legId } of trials.filter(({ route }) => route === row.route)) {
			const happened: Happened = { event: { kind: 'tried', legId }, actor: `leg ${legId}`, why: 'it tries the route' };
			if ((await write(tx, { row, happened, nowMs })) === null) refuseUnlessOn(row, nowMs);
		}
	}
}

/** What has been closed meanwhile needs no trial. Throws `ConflictError`. */
export function refuseUnlessOn(row: BreakerRow, nowMs: number): void {
	const use = usesOf([row], nowMs).get(row.route);
	if (use !== undefined) throw new ConflictError(`route ${row.route} is not to be tried any more: ${use.reason}`, { route: row.route });
}

/** Routes that the planner may not simply use, as they are now. */
export async function readRouteUses(db: Db | Tx): Promise<RouteUses> {
	const rows = await db
		.select({ row: routeBreakers, nowMs: NOW_MS })
		.from(routeBreakers)
		.where(or(ne(routeBreakers.state, 'closed'), ne(routeBreakers.word, 'auto')))
		.orderBy(asc(routeBreakers.route));
	return usesOf(
		rows.map(({ row }) => toRow(row)),
		rows[0]?.nowMs ?? 0,
	);
}

/** Every breaker that there is, by route id. */
export async function readBreakers(db: Db | Tx): Promise<ReadonlyMap<string, BreakerReport>> {
	const rows = await db.select({ row: routeBreakers, nowMs: NOW_MS }).from(routeBreakers).orderBy(asc(routeBreakers.route));
	return new Map(rows.map(({ row, nowMs }) => [row.route, reportOf(toRow(row), nowMs)]));
}

/**
 * Seconds that the bridge of a hop in flight has taken: until now, or until it was proven where a call of ours then claims. What our own lane takes
 * is not the bridge's.
 */
export async function secondsTaken(tx: Tx, { legId, index, changedAt }: Hop): Promise<number> {
	const isClaim = and(eq(effects.ownerId, legId), eq(effects.hop, index), eq(effects.kind, 'claim'), isNull(effects.requestKey));
	const [row] = await tx
		.select({
			seconds: sql<number>`extract(epoch from coalesce(min(${effects.createdAt}), clock_timestamp()) - ${changedAt}::timestamptz)::float8`,
		})
		.from(effects)
		.where(isClaim);
	return row?.seconds ?? 0;
}

/** An operator's word about a route, which stands until the next one; nobody commits afterwards what they have planned without it. */
export async function switchRoute(
	db: Db,
	{ route, assets, word }: { readonly route: string; readonly assets: readonly string[]; readonly word: BreakerWord },
	cause: Cause,
): Promise<void> {
	await inTransaction(db, cause, async (tx) => {
		for (const asset of [...new Set(assets)].sort()) await lockInventory(tx, asset);
		await tx.insert(routeBreakers).values({ route }).onConflictDoNothing();
		for (const { row, nowMs } of await lockBreakers(tx, eq(routeBreakers.route, route)))
			await write(tx, { row, happened: { event: { kind: 'said', word }, actor: cause.actor, why: cause.reason }, nowMs });
	});
}

interface Locked {
	readonly row: BreakerRow;
	readonly nowMs: number;
}

async function lockBreakers(tx: Tx, which: SQL | undefined): Promise<Locked[]> {
	const rows = await tx.select().from(routeBreakers).where(which).orderBy(asc(routeBreakers.route)).for('update');
	const [clock] = await tx.execute<{ now_ms: number }>(sql`select ${NOW_MS} as now_ms`);
	return rows.map((row) => ({ row: toRow(row), nowMs: clock?.now_ms ?? 0 }));
}

async function write(tx: Tx, { row, happened, nowMs }: Locked & { readonly happened: Happened }): Promise<RouteNews | null> {
	const change = changeOf(row, happened, nowMs);
	if (change === null) return null;
	const { values, news } = change;
	await tx
		.update(routeBreakers)
		.set({ ...values, updatedAt: sql`clock_timestamp()` })
		.where(eq(routeBreakers.route, row.route));
	if (news === null) return null;
	await tx.insert(routeEvents).values(eventRow(news, happened));
	return news;
}

/** The row of an event, but for its id and moment. */
export function eventRow({ route, event, reason }: RouteNews, { event: cause, actor }: Happened) {
	return { route, event, legId: 'legId' in cause ? cause.legId : null, actor, reason };
}

function toRow({ updatedAt: _, state, word, ...row }: typeof routeBreakers.$inferSelect): BreakerRow {
	return { ...row, state: state as BreakerState, word: word as BreakerWord };
}
