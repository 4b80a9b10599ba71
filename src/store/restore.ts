/** Writes what the chains have told after the database was lost: each transfer and each purchase in a transaction of its own. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { demands } from '../../drizzle/schema/demands.ts';
import { earmarks, hops, rebalanceOperations } from '../../drizzle/schema/earmarks.ts';
import { attempts, effects } from '../../drizzle/schema/effects.ts';
import { PermanentError } from '../errors.ts';
import type { OwnCall } from '../leg/call.ts';
import type { EffectKey } from '../leg/effect.ts';
import type { Evidence, HopOrder } from '../leg/order.ts';
import type { Amount, HubAmount } from '../money/amount.ts';
import { type Cause, type Db, inTransaction, type Tx } from './db.ts';
import { placeHolds } from './holds.ts';
import { postMined } from './ledger.ts';
import { insertReceivable } from './receivables.ts';

/** Why a demand, an earmark and a leg are there that nobody has planned here. */
export const REBUILT = 'REBUILT';

/** Those of the transactions that the database knows. */
export async function knownTransactions(db: Db | Tx, hashes: readonly string[]): Promise<ReadonlySet<string>> {
	const rows = await db
		.select({ hash: attempts.hash })
		.from(attempts)
		.where(inArray(attempts.hash, [...hashes]));
	return new Set(rows.map(({ hash }) => hash));
}

interface LegToRestore {
	readonly legId: string;
	readonly bridge: string;
	/** Its name, as configured routes have it. */
	readonly route: string;
	readonly call: OwnCall;
	readonly payloadHash: string;
	readonly order: HopOrder;
	readonly evidence: Evidence;
}

/**
 * A transfer under way is a leg of one hop again, of an earmark that gives back what arrives: what it was meant for is read from the hub anew,
 * and planned anew. False when the transaction is known by now. Throws `PermanentError` when the leg is known and its transaction is not.
 */
export async function restoreLeg(
	db: Db,
	{ legId, bridge, route, call, payloadHash, order, evidence }: LegToRestore,
	cause: Cause,
): Promise<boolean> {
	const { origin, destination, send, receive, seconds } = order;
	return inTransaction(db, cause, async (tx) => {
		const known = await tx.select({ id: rebalanceOperations.id }).from(rebalanceOperations).where(eq(rebalanceOperations.id, legId));
		if ((await knownTransactions(tx, [call.transactionHash])).size > 0) return false;
		if (known.length > 0)
			throw new PermanentError(`leg ${legId} is known, and its transaction is not: the database is older than the chain`);
		const demandId = await insertDemand(tx, { kind: 'rebuild', externalId: call.transactionHash, asset: destination.asset, call });
		const place = { venue: destination.venue, asset: destination.asset, amount: receive };
		const earmarkId = await insertEarmark(tx, { demandId, ...place, status: 'compensating', plan: { rebuiltFrom: call.transactionHash } });
		const ends = { asset: origin.asset, origin: origin.venue, destination: destination.venue, send, receive, status: 'in_flight' };
		await tx.insert(rebalanceOperations).values({ id: legId, earmarkId, route, reason: REBUILT, ...ends });
		await tx.insert(hops).values({ legId, index: 0, bridge, toAsset: destination.asset, seconds, evidence, ...ends });
		await placeHolds(tx, [{ earmarkId, legId, ...place, state: 'inbound' }]);
		await insertEffect(tx, { ownerKind: 'leg', ownerId: legId, kind: 'send' }, { call, payloadHash });
		const moves = [{ venue: origin.venue, asset: origin.asset, from: 'wallet', to: 'in_flight', amount: send } as const];
		await postMined(tx, { event: 'sent', earmarkId, legId, tx: call.transactionHash, blockNumber: call.blockNumber, moves });
		return true;
	});
}

interface PurchaseToRestore {
	readonly earmarkId: string;
	readonly call: OwnCall;
	readonly payloadHash: string;
	readonly asset: string;
	/** Null when the transaction does not name it. */
	readonly invoiceId: string | null;
	readonly intentId: string;
	readonly paid: Amount;
	readonly amountHub: HubAmount;
	readonly lookedUpTo: Readonly<Record<string, string>>;
}

/**
 * A purchase is a settled earmark again, its invoice a settled demand that is never paid twice, and what the hub owes for it is looked for.
 * False when the transaction is known by now. Throws `PermanentError` when the invoice is being served again already.
 */
export async function restorePurchase(db: Db, purchase: PurchaseToRestore, cause: Cause): Promise<boolean> {
	const { earmarkId, call, payloadHash, asset, invoiceId, intentId, paid, amountHub, lookedUpTo } = purchase;
	const { venue, transactionHash } = call;
	return inTransaction(db, cause, async (tx) => {
		if ((await knownTransactions(tx, [transactionHash])).size > 0) return false;
		const source = invoiceId === null ? { kind: 'rebuild', externalId: transactionHash } : { kind: 'invoice', externalId: invoiceId };
		const demandId = (await settleOpenDemand(tx, source)) ?? (await insertDemand(tx, { ...source, asset, call, status: 'settled' }));
		const place = { venue, asset, amount: paid };
		await insertEarmark(tx, { id: earmarkId, demandId, ...place, status: 'settled', plan: { rebuiltFrom: transactionHash } });
		await insertEffect(tx, { ownerKind: 'earmark', ownerId: earmarkId, kind: 'purchase' }, { call, payloadHash });
		await insertReceivable(tx, { earmarkId, intentId, asset, origin: venue, amount: paid, amountHub, lookedUpTo });
		const moves = [{ venue, asset, from: 'wallet', to: 'receivable', amount: paid } as const];
		await postMined(tx, { event: 'purchased', earmarkId, legId: null, tx: transactionHash, blockNumber: call.blockNumber, moves });
		return true;
	});
}

/** A poll may have listed the invoice again before anybody looked at the chains. Null when it has not. */
async function settleOpenDemand(tx: Tx, { kind, externalId }: { kind: string; externalId: string }): Promise<string | null> {
	const source = and(eq(demands.kind, kind), eq(demands.externalId, externalId));
	const [found] = await tx.select({ id: demands.id, status: demands.status }).from(demands).where(source).for('update');
	if (found === undefined) return null;
	if (found.status === 'earmarked' || found.status === 'settled')
		throw new PermanentError(
			`invoice ${externalId} is ${found.status} again, and was paid before the database was lost: a person has to look`,
		);
	await tx
		.update(demands)
		.set({ status: 'settled', reason: REBUILT, updatedAt: sql`now()`, version: sql`${demands.version} + 1` })
		.where(eq(demands.id, found.id));
	return found.id;
}

interface DemandRow {
	readonly kind: string;
	readonly externalId: string;
	readonly asset: string;
	readonly call: OwnCall;
	readonly status?: 'earmarked' | 'settled';
}

async function insertDemand(tx: Tx, { kind, externalId, asset, call, status = 'earmarked' }: DemandRow): Promise<string> {
	const enqueuedAt = sql`to_timestamp(${call.minedAt})`;
	const [row] = await tx
		.insert(demands)
		.values({ kind, externalId, asset, status, reason: REBUILT, enqueuedAt })
		.returning({ id: demands.id });
	return row?.id ?? '';
}

async function insertEarmark(tx: Tx, row: Omit<typeof earmarks.$inferInsert, 'reason'>): Promise<string> {
	const [written] = await tx
		.insert(earmarks)
		.values({ ...row, reason: REBUILT })
		.returning({ id: earmarks.id });
	return written?.id ?? '';
}

/** The act as it was mined, with the bytes that were sent, so that nobody sends them again and every hash of ours is known. */
async function insertEffect(
	tx: Tx,
	owner: Pick<EffectKey, 'ownerKind' | 'ownerId' | 'kind'>,
	{ call, payloadHash }: { call: OwnCall; payloadHash: string },
): Promise<void> {
	const { payload, nonce, venue, sender, transactionHash, blockNumber, logs, raw, fees } = call;
	const minedLogs = logs.map(({ address, topics, data, logIndex }) => ({ address, topics, data, logIndex }));
	const mined = { minedHash: transactionHash, minedBlock: blockNumber, minedLogs };
	const [row] = await tx
		.insert(effects)
		.values({ ...owner, hop: 0, try: 1, status: 'confirmed', venue, signer: sender, ...payload, payloadHash, nonce, ...mined })
		.returning({ id: effects.id });
	if (row === undefined || raw === null) return;
	await tx.insert(attempts).values({ hash: transactionHash, effectId: row.id, raw, payloadHash, gas: payload.gas, ...fees });
}
