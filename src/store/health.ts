/** How far each market can be relied on, as one process keeps it and all others obey it. Every change of a state is recorded, with who made it and why. */
import { asc, desc, eq, isNull, sql } from 'drizzle-orm';
import { healthLog, healthRecoveries, marketHealth } from '../../drizzle/schema/fills.ts';
import type { Gate, GateState } from '../health/gate.ts';
import type { Cause, Db, Tx } from './db.ts';

/** Beside the names of markets: all of them together. */
export const ALL_MARKETS = '*';

export interface MarketHealth {
	readonly market: string;
	readonly gate: Gate;
	/** Milliseconds since it was last kept: whoever keeps it may be gone. */
	readonly ageMs: number;
}

/** By the process that keeps the book. A change of the state is recorded with it, by `actor`. */
export async function writeGate(tx: Tx, { market, gate, actor }: { market: string; gate: Gate; actor: Cause['actor'] }): Promise<void> {
	const [before] = await tx.select({ state: marketHealth.state }).from(marketHealth).where(eq(marketHealth.market, market));
	const since = new Date(gate.sinceMs).toISOString();
	const { state, reason } = gate;
	await tx
		.insert(marketHealth)
		.values({ market, state, reason, since, gate: gate })
		.onConflictDoUpdate({ target: marketHealth.market, set: { state, reason, since, gate: gate, updatedAt: sql`now()` } });
	if (before?.state !== state) await tx.insert(healthLog).values({ market, before: before?.state ?? null, after: state, actor, reason });
}

export async function readHealth(db: Db | Tx): Promise<MarketHealth[]> {
	const rows = await db
		.select({
			market: marketHealth.market,
			gate: marketHealth.gate,
			ageMs: sql<string>`extract(epoch from clock_timestamp() - ${marketHealth.updatedAt}) * 1000`,
		})
		.from(marketHealth)
		.orderBy(marketHealth.market);
	return rows.map(({ market, gate, ageMs }) => ({ market, gate: gate as Gate, ageMs: Number(ageMs) }));
}

export interface HealthChange extends Cause {
	readonly market: string;
	readonly before: GateState | null;
	readonly after: GateState;
	readonly at: string;
}

/** The latest first. */
export async function readHealthLog(db: Db, limit: number): Promise<HealthChange[]> {
	const rows = await db.select().from(healthLog).orderBy(desc(healthLog.id)).limit(limit);
	return rows.map(({ market, before, after, actor, reason, at }) => {
		return { market, before: before as GateState | null, after: after as GateState, actor, reason, at };
	});
}

interface Recovery extends Cause {
	readonly id: bigint;
	readonly market: string;
}

/** An operator says that a market may be relied on again; whoever keeps the book takes it. Resolves to its id. */
export async function askRecovery(db: Db, recovery: Omit<Recovery, 'id'>): Promise<bigint> {
	const [row] = await db.insert(healthRecoveries).values(recovery).returning({ id: healthRecoveries.id });
	if (row === undefined) throw new RangeError(`the recovery of ${recovery.market} was not written`);
	return row.id;
}

/** Those that nobody has taken, the oldest first. */
export async function openRecoveries(db: Db): Promise<Recovery[]> {
	const { id, market, actor, reason } = healthRecoveries;
	return db.select({ id, market, actor, reason }).from(healthRecoveries).where(isNull(healthRecoveries.takenAt)).orderBy(asc(id));
}

export async function takeRecovery(tx: Tx, id: bigint): Promise<void> {
	await tx.update(healthRecoveries).set({ takenAt: sql`now()` }).where(eq(healthRecoveries.id, id));
}

export async function isRecoveryTaken(db: Db, id: bigint): Promise<boolean> {
	const [row] = await db.select({ takenAt: healthRecoveries.takenAt }).from(healthRecoveries).where(eq(healthRecoveries.id, id));
	return row !== undefined && row.takenAt !== null;
}
