/** Rows that store tests start from. */
import { randomBytes } from 'node:crypto';
import type { Address, Hex } from 'viem';
import type { EarmarkDraft } from '../../src/earmark/earmark.ts';
import { amount, hubAmount } from '../../src/money/amount.ts';
import { type Db, inTransaction, lockInventory, openStore, type Store } from '../../src/store/db.ts';
import { recordEvaluation, saveInvoice } from '../../src/store/demands.ts';
import { createEarmark } from '../../src/store/earmarks.ts';
import { testDatabase } from '../stack.ts';

export const SIGNER: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
export const TOKEN: Address = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const POOL: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC';
export const CAUSE = { actor: 'test', reason: 'a test' };

export async function testStore(): Promise<Store> {
	return openStore({ databaseUrl: await testDatabase(), pool: 12 });
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
		waiting: { reason: 'NEEDS_FUNDS', detail: '' },
		nextLookMs: 1_000,
	});
	return { demandId, invoiceId };
}

/** 20 units are on venue 10 already; two legs of 41 units each bring 40 from venue 1. */
export function draftFor(demandId: string, legs = 2): EarmarkDraft {
	const leg = {
		route: 'across-1-10-USDC',
		origin: '1',
		destination: '10',
		send: amount(41n),
		receive: amount(40n),
		spend: { token: TOKEN, spender: POOL, amount: amount(41n) },
		hops: [{ bridge: 'across', origin: '1', destination: '10', send: amount(41n), receive: amount(40n), seconds: 5 }],
	};
	return {
		demandId,
		asset: 'USDC',
		venue: '10',
		amount: amount(100n),
		local: amount(20n),
		legs: Array.from({ length: legs }, () => leg),
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
