/** Overrides of configured reserves: every one is a row that says who and why, and none is ever changed or removed. */
import { asc, desc, sql } from 'drizzle-orm';
import { RESERVE_REASON_CODES, reserveOverrides } from '../../drizzle/schema/inventory.ts';
import { PermanentError } from '../errors.ts';
import { type Position, positionKey } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';
import { type Db, lockInventory, type Tx } from './db.ts';

export type ReserveReasonCode = (typeof RESERVE_REASON_CODES)[number];
export const reserveReasonCodes: readonly ReserveReasonCode[] = RESERVE_REASON_CODES;

export interface ReserveOverride {
	/** Base units at the venue, instead of the configured reserve. */
	readonly amount: Amount;
	readonly reasonCode: string;
	readonly reason: string;
	readonly actor: string;
	/** ISO text; null means until it is ended. */
	readonly expiresAt: string | null;
}

export interface ReserveOverrideAt extends ReserveOverride, Position {}

/** One row of the record; an amount of null has ended the override before it. */
export interface ReserveOverrideRecord extends Position, Omit<ReserveOverride, 'amount'> {
	readonly amount: Amount | null;
	readonly at: string;
}

interface Change extends Position {
	readonly reasonCode: ReserveReasonCode;
	readonly reason: string;
	readonly actor: string;
}

/** The overrides of the asset that are in force now, by `positionKey`. Under the inventory lock they are still so at commit, but for the clock. */
export async function readReserveOverrides(db: Db | Tx, asset: string): Promise<ReadonlyMap<string, ReserveOverride>> {
	const found = await reserveOverridesInForce(db);
	const ofAsset = found.filter((each) => each.asset === asset);
	return new Map(ofAsset.map(({ asset: _, venue, ...override }) => [positionKey({ venue, asset }), override]));
}

/** The overrides of all positions that are in force now: the latest row of each, unless it ends one or has expired. */
export async function reserveOverridesInForce(db: Db | Tx): Promise<ReserveOverrideAt[]> {
	const latest = db
		.selectDistinctOn([reserveOverrides.venue, reserveOverrides.asset])
		.from(reserveOverrides)
		.orderBy(asc(reserveOverrides.venue), asc(reserveOverrides.asset), desc(reserveOverrides.id))
		.as('latest');
	const rows = await db
		.select()
		.from(latest)
		// The clock, and not the start of the transaction: it may have waited for the inventory lock since.
		.where(sql`${latest.expiresAt} is null or ${latest.expiresAt} > clock_timestamp()`)
		.orderBy(asc(latest.asset), asc(latest.venue));
	return rows.map(toRecord).flatMap(({ at: _, ...row }) => (row.amount === null ? [] : [{ ...row, amount: row.amount }]));
}

/** The newest rows first, of all positions, those that have ended or expired included. */
export async function reserveHistory(db: Db, limit: number): Promise<ReserveOverrideRecord[]> {
	const rows = await db.select().from(reserveOverrides).orderBy(desc(reserveOverrides.id)).limit(limit);
	return rows.map(toRecord);
}

/**
 * The reserve of a position is `amount` from now on, until it expires, is ended, or is overridden again. It waits for the inventory lock:
 * nobody commits afterwards what they have planned with the reserve before it.
 */
export async function overrideReserve(
	db: Db,
	{ amount: units, expiresAt, ...change }: Change & { readonly amount: Amount; readonly expiresAt: string | null },
): Promise<void> {
	await db.transaction(async (tx) => {
		await lockInventory(tx, change.asset);
		await tx.insert(reserveOverrides).values({ ...change, amount: units, expiresAt });
	});
}

/** The configured reserve counts again from now on. Throws `PermanentError` when no override of the position is in force. */
export async function endReserveOverride(db: Db, change: Change): Promise<void> {
	await db.transaction(async (tx) => {
		await lockInventory(tx, change.asset);
		if (!(await readReserveOverrides(tx, change.asset)).has(positionKey(change))) {
			throw new PermanentError(`no override of the reserve of ${change.asset} at ${change.venue} is in force`, {
				venue: change.venue,
				asset: change.asset,
			});
		}
		await tx.insert(reserveOverrides).values({ ...change, amount: null });
	});
}

/** What must stay at each position, by `positionKey`: the override where one is in force, the configured reserve elsewhere. */
export function reservesInForce(
	configured: Iterable<Position & { readonly reserve: Amount }>,
	overrides: ReadonlyMap<string, ReserveOverride>,
): ReadonlyMap<string, Amount> {
	const standing = [...configured].map((each) => [positionKey(each), each.reserve] as const);
	return new Map([...standing, ...[...overrides].map(([key, override]) => [key, override.amount] as const)]);
}

function toRecord(row: typeof reserveOverrides.$inferSelect): ReserveOverrideRecord {
	const { venue, asset, reasonCode, reason, actor } = row;
	return {
		...{ venue, asset, reasonCode, reason, actor },
		amount: row.amount === null ? null : amount(row.amount),
		expiresAt: row.expiresAt === null ? null : new Date(row.expiresAt).toISOString(),
		at: new Date(row.at).toISOString(),
	};
}
