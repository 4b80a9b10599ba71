/** Rows that store tests start from. */
import { randomBytes } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import type { Address, Hex } from 'viem';
import type { EarmarkDraft, LegDraft } from '../../src/earmark/earmark.ts';
import type { MinedCall } from '../../src/leg/call.ts';
import { type Effect, latestEffect } from '../../src/leg/effect.ts';
import type { EffectKind } from '../../src/leg/effect-state.ts';
import type { Hop, Leg } from '../../src/leg/leg.ts';
import { type Amount, amount, hubAmount } from '../../src/money/amount.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { type Db, inTransaction, lockEarmarks, lockInventory, openStore, type Store, type Tx } from '../../src/store/db.ts';
import { recordEvaluation, saveInvoice } from '../../src/store/demands.ts';
import { readEarmark } from '../../src/store/earmarks.ts';
import { claimEffect, LaneClosedError, readEffectsOf, recordBroadcast, reserveNonce, storeAttempt } from '../../src/store/effects.ts';
import { openLane } from '../../src/store/lanes.ts';
import { failLeg, resolveOnly } from '../../src/store/leg-ends.ts';
import { deliverHop, hopSent, legStarted, returnHop } from '../../src/store/leg-events.ts';
import { readLeg, readLegsOf } from '../../src/store/legs.ts';
import { beginSettling, purchaseFinal, purchaseStarted } from '../../src/store/settle-events.ts';
import { topUp } from '../../src/store/top-up.ts';
import { testDatabase } from '../stack.ts';

export const SIGNER: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
export const TOKEN: Address = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const POOL: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC';
export const CAUSE = { actor: 'test', reason: 'a test' };
/** Of USDC where a hop begins and where it ends. */
export const DECIMALS = { origin: 6, destination: 6 };

export async function testStore(): Promise<Store> {
	return openStore({ databaseUrl: await testDatabase(), pool: 12 });
}

/** The same, with a lane on every venue of these rows, so that nonces can be committed. */
export async function testStoreWithLanes(): Promise<Store> {
	const store = await testStore();
	for (const venue of ['1', '10', '56']) await openLane(store.db, { venue, signer: SIGNER, next: 0n });
	return store;
}

/** As if everything that a lane has given out were mined as soon as it is full: there is no chain here that could say so. */
export async function asMined<T>(db: Db, work: () => Promise<T>): Promise<T> {
	for (;;) {
		try {
			return await work();
		} catch (error) {
			if (!(error instanceof LaneClosedError)) throw error;
			await db.execute(sql`update signer_lanes set mined = next`);
		}
	}
}

export function randomHash(): Hex {
	return `0x${randomBytes(32).toString('hex')}`;
}

/** An open, evaluated demand for 100 units on venue 10. Returns its id and its invoice's. */
export async function openDemand(db: Db, enqueuedAt = 1_700_000_000): Promise<{ demandId: string; invoiceId: string }> {
	const invoiceId = randomHash();
	const demandId = await inTransaction(db, CAUSE, (tx) =>
		saveInvoice(tx, {
			intentId: invoiceId,
			asset: 'USDC',
			owner: SIGNER,
			tickerHash: randomHash(),
			origin: '1',
			destinations: ['10'],
			amountHub: hubAmount(100n * 10n ** 12n),
			discountBps: '1.5',
			hubStatus: 'INVOICED',
			enqueuedAt,
		}),
	);
	await recordEvaluation(db, {
		demandId,
		destinations: [{ venue: '10', amount: amount(100n) }],
		maxCost: null,
		waiting: { reason: 'NEEDS_FUNDS', detail: '' },
		nextLookMs: 1_000,
	});
	return { demandId, invoiceId };
}

/** A leg of 41 units that brings 40 to venue 10. */
export function legFrom(origin: string): LegDraft {
	const ends = { asset: 'USDC', origin, destination: '10', send: amount(41n), receive: amount(40n) };
	return {
		...ends,
		route: `across-${origin}-10-USDC`,
		spend: { token: TOKEN, spender: POOL, amount: amount(41n) },
		hops: [{ ...ends, toAsset: 'USDC', bridge: 'across', seconds: 5 }],
	};
}

/** 20 units are on venue 10 already; two legs of 41 units each bring 40 from venue 1. */
export function draftFor(demandId: string, legs = 2): EarmarkDraft {
	return {
		demandId,
		asset: 'USDC',
		venue: '10',
		amount: amount(100n),
		local: amount(20n),
		legs: Array.from({ length: legs }, () => legFrom('1')),
		plan: {},
	};
}

export async function earmarked(db: Db, legs = 2): Promise<{ demandId: string; invoiceId: string; earmarkId: string }> {
	const demand = await openDemand(db);
	const earmarkId = await inTransaction(db, CAUSE, async (tx) => {
		await lockInventory(tx, 'USDC');
		return createEarmark(tx, draftFor(demand.demandId, legs), SIGNER);
	});
	return { ...demand, earmarkId };
}

export function minedIn(blockNumber: bigint): MinedCall {
	return { transactionHash: randomHash(), blockNumber, logs: [] };
}

export async function hopOf(db: Db, legId: string): Promise<{ leg: Leg; hop: Hop }> {
	const leg = await readLeg(db, legId);
	const [hop] = leg.hops;
	if (hop === undefined) throw new Error(`leg ${legId} has no hop`);
	return { leg, hop };
}

/** The effect of this kind that counts. */
export async function effectOf(db: Db, owner: { leg: string } | { earmark: string }, kind: EffectKind): Promise<Effect> {
	const found = 'leg' in owner ? await readEffectsOf(db, 'leg', [owner.leg]) : await readEffectsOf(db, 'earmark', [owner.earmark]);
	const effect = latestEffect(found, kind);
	if (effect === null) throw new Error(`there is no effect ${kind}`);
	return effect;
}

/** Claims the effect and commits its nonce together with what its owner does, as the sending protocol does it; then signs and sends. */
export async function commitNonce(
	db: Db,
	effect: Effect,
	{ earmarkId, onNonce }: { earmarkId: string; onNonce: (tx: Tx) => Promise<void> },
): Promise<void> {
	const payload = { target: TOKEN, calldata: '0x1234' as Hex, value: 0n, gas: 50_000n, payloadHash: randomHash() };
	const epoch = await claimEffect(db, effect.id, 'intended');
	await asMined(db, () =>
		inTransaction(db, CAUSE, async (tx) => {
			await lockEarmarks(tx, [earmarkId]);
			await reserveNonce(tx, { effect, epoch, payload: () => payload });
			await onNonce(tx);
		}),
	);
	const signed = await claimEffect(db, effect.id, 'reserved');
	const attempt = { hash: randomHash(), raw: '0x02' as Hex, gas: 1n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n };
	await inTransaction(db, CAUSE, (tx) =>
		storeAttempt(tx, { effectId: effect.id, epoch: signed, attempt: { ...attempt, payloadHash: payload.payloadHash } }),
	);
	await recordBroadcast(db, { effectId: effect.id, hash: attempt.hash, error: null });
}

export async function legNonce(db: Db, legId: string, kind: 'approve' | 'send'): Promise<void> {
	const part = await hopOf(db, legId);
	const effect = await effectOf(db, { leg: legId }, kind);
	await commitNonce(db, effect, { earmarkId: part.leg.earmarkId, onNonce: (tx) => legStarted(tx, { ...part, effect }) });
}

export async function legSent(db: Db, legId: string, block = 5n): Promise<void> {
	const part = await hopOf(db, legId);
	const effect = await effectOf(db, { leg: legId }, 'send');
	await inTransaction(db, CAUSE, (tx) => hopSent(tx, { ...part, effect, mined: minedIn(block), evidence: {}, absorbedFrom: block }));
}

/** Arrives at the destination, or comes back to the origin. */
export async function legArrived(
	db: Db,
	legId: string,
	{ to, units, block = 7n, tx: transactionHash = randomHash() }: { to: 'destination' | 'origin'; units: bigint; block?: bigint; tx?: Hex },
): Promise<void> {
	const part = await hopOf(db, legId);
	const delivery = { venue: part.hop[to], amount: amount(units), transactionHash, blockNumber: block };
	const arrived = { ...part, proof: {}, delivery, decimals: DECIMALS };
	await inTransaction(db, CAUSE, (tx) =>
		to === 'destination' ? deliverHop(tx, { ...arrived, next: null, signer: SIGNER }) : returnHop(tx, arrived),
	);
}

/** Given up: refused for good before the nonce of its send, or, with `mined`, reverted for good after it. */
export async function legGivenUp(db: Db, legId: string, mined: MinedCall | null = null): Promise<void> {
	const { leg } = await hopOf(db, legId);
	const effect = await effectOf(db, { leg: legId }, 'send');
	await inTransaction(db, CAUSE, (tx) => failLeg(tx, { leg, effect, mined, reason: mined === null ? 'REFUSED' : 'REVERTED' }));
}

/** `approved` is sending before the nonce of its send, `leaving` after it. */
export type LegStage = 'planned' | 'approved' | 'leaving' | 'in_flight' | 'delivered' | 'returned' | 'failed' | 'cancelled';

/** Takes a planned leg to a stage by the events that lead there. */
export async function bringLegTo(db: Db, legId: string, stage: LegStage): Promise<void> {
	if (stage === 'planned') return;
	if (stage === 'cancelled') return legGivenUp(db, legId);
	await legNonce(db, legId, 'approve');
	const approve = await effectOf(db, { leg: legId }, 'approve');
	await inTransaction(db, CAUSE, (tx) => resolveOnly(tx, approve, minedIn(3n)));
	if (stage === 'approved') return;
	if (stage === 'failed') return legGivenUp(db, legId);
	await legNonce(db, legId, 'send');
	if (stage === 'leaving') return;
	await legSent(db, legId);
	if (stage === 'delivered') await legArrived(db, legId, { to: 'destination', units: 40n });
	if (stage === 'returned') await legArrived(db, legId, { to: 'origin', units: 41n });
}

export async function settlingBegins(db: Db, earmarkId: string, units: bigint): Promise<void> {
	const earmark = await readEarmark(db, earmarkId);
	const spend = { token: TOKEN, spender: POOL, amount: amount(units) };
	await inTransaction(db, CAUSE, (tx) => beginSettling(tx, { earmark, signer: SIGNER, spend }));
}

/** Two legs have brought what 20 lacked to 100, the approval is confirmed, and the purchase is intended. */
export async function settlingEarmark(db: Db): Promise<string> {
	const { earmarkId } = await earmarked(db, 2);
	for (const leg of await readLegsOf(db, earmarkId)) await bringLegTo(db, leg.id, 'delivered');
	await settlingBegins(db, earmarkId, 100n);
	const approve = await effectOf(db, { earmark: earmarkId }, 'approve');
	await commitNonce(db, approve, { earmarkId, onNonce: async () => {} });
	await inTransaction(db, CAUSE, (tx) => resolveOnly(tx, approve, minedIn(8n)));
	return earmarkId;
}

/** A top-up as the planner does it: under both locks, for the earmark as it is then. */
export async function grow(db: Db, earmarkId: string, { local = 0n, legs = 0 }: { local?: bigint; legs?: number }): Promise<void> {
	await inTransaction(db, CAUSE, async (tx) => {
		await lockInventory(tx, 'USDC');
		await lockEarmarks(tx, [earmarkId]);
		const earmark = await readEarmark(tx, earmarkId);
		await topUp(tx, { earmark, local: amount(local), legs: Array.from({ length: legs }, () => legFrom('56')), signer: SIGNER });
	});
}

export async function purchaseNonce(db: Db, earmarkId: string, paid: Amount): Promise<void> {
	const effect = await effectOf(db, { earmark: earmarkId }, 'purchase');
	await commitNonce(db, effect, { earmarkId, onNonce: (tx) => purchaseStarted(tx, { earmarkId, effectId: effect.id, paid }) });
}

export async function purchaseMined(db: Db, earmarkId: string, paid: Amount): Promise<void> {
	const earmark = await readEarmark(db, earmarkId);
	const effect = await effectOf(db, { earmark: earmarkId }, 'purchase');
	const purchase = { intentId: randomHash(), paid, amountHub: hubAmount(paid), leavesAllowance: false };
	await inTransaction(db, CAUSE, (tx) => purchaseFinal(tx, { earmark, effect, mined: minedIn(9n), purchase, absorbedFrom: 9n }));
}

/** Takes back what was tried on the way out of `tried`. */
class TakenBack extends Error {}

/** Answers what `attempt` answers, and takes everything back that it has written: the rows are then ready for the next attempt. */
export async function tried<T>(store: Db, attempt: (db: Db) => Promise<T>): Promise<T> {
	const answers: T[] = [];
	const trial = store.transaction(async (tx) => {
		// Transactions inside become savepoints; what is checked at a commit is checked now.
		answers.push(await attempt(tx as unknown as Db));
		await tx.execute(sql`set constraints all immediate`);
		throw new TakenBack();
	});
	await trial.catch((error: unknown) => {
		if (!(error instanceof TakenBack)) throw error;
	});
	const [answer] = answers;
	if (answer === undefined) throw new Error('the attempt has no answer');
	return answer;
}

/** Every row that an event of the earmark could change, without the columns that only say when somebody looked. */
export async function rowsOf(db: Db, earmarkId: string): Promise<unknown> {
	const legs = sql`(select id from rebalance_operations where earmark_id = ${earmarkId})`;
	const parts: readonly (readonly [string, SQL])[] = [
		['earmarks', sql`id = ${earmarkId}`],
		['demands', sql`id = (select demand_id from earmarks where id = ${earmarkId})`],
		['rebalance_operations', sql`earmark_id = ${earmarkId}`],
		['hops', sql`leg_id in ${legs}`],
		['holds', sql`earmark_id = ${earmarkId}`],
		['effects', sql`owner_id = ${earmarkId} or owner_id in ${legs}`],
		['ledger_entries', sql`earmark_id = ${earmarkId}`],
		['receivables', sql`earmark_id = ${earmarkId}`],
		['earmark_audit_log', sql`earmark_id = ${earmarkId}`],
		['outbox', sql`payload->>'earmarkId' = ${earmarkId} or topic in ('plan', 'evaluate')`],
		['signer_lanes', sql`true`],
	];
	const queries = parts.map(
		([table, where]) => sql`
			select ${table} as table, to_jsonb(t) - array['created_at', 'updated_at', 'next_action_at', 'epoch'] as row
			from ${sql.identifier(table)} t where ${where}`,
	);
	return db.execute(sql`select * from (${sql.join(queries, sql` union all `)}) rows order by 1, row::text`);
}
