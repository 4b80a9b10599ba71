import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnCall } from '../../src/leg/call.ts';
import { amount, hubAmount } from '../../src/money/amount.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { saveInvoice } from '../../src/store/demands.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { restoreLeg, restorePurchase } from '../../src/store/restore.ts';
import { CAUSE, earmarked, openDemand, POOL, randomHash, SIGNER, TOKEN, testStore } from './fixture.ts';

let store: Store;
let nonce = 0n;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

function mined(): OwnCall {
	nonce += 1n;
	return {
		...{ venue: '1', sender: SIGNER, transactionHash: randomHash(), blockNumber: 7n, logs: [], token: TOKEN },
		...{ payload: { target: POOL, calldata: '0x12', value: 0n, gas: 21_000n }, nonce, data: '0x12', minedAt: 1_700_000_000, raw: '0x02' },
		fees: { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n },
	};
}

const end = (venue: string) => ({ venue, chainId: Number(venue), asset: 'USDC', token: TOKEN, decimals: 6 });

function leg(legId: string) {
	const order = {
		origin: end('1'),
		destination: end('10'),
		send: amount(41n),
		receive: amount(40n),
		seconds: 60,
		sender: SIGNER,
		recipient: SIGNER,
	};
	return {
		legId,
		bridge: 'across',
		route: 'across-1-10-USDC',
		call: mined(),
		payloadHash: randomHash(),
		order,
		evidence: { depositId: '3' },
	};
}

function purchase(invoiceId: string | null) {
	return {
		...{ earmarkId: crypto.randomUUID(), call: mined(), payloadHash: randomHash(), asset: 'USDC', invoiceId, intentId: randomHash() },
		...{ paid: amount(100n), amountHub: hubAmount(100n * 10n ** 12n), lookedUpTo: { 10: '5' } },
	};
}

const demandOf = async (externalId: string) =>
	(await store.db.execute(sql`select kind, status, reason from demands where external_id = ${externalId}`))[0];

describe('what is restored', () => {
	it('is a leg under way with all that its bridge needs, inbound and in the books, once', async () => {
		const found = leg(crypto.randomUUID());
		expect(await restoreLeg(store.db, found, CAUSE)).toBe(true);
		expect(await restoreLeg(store.db, found, CAUSE)).toBe(false);
		const [row] = await store.db.execute<{ earmark_id: string }>(
			sql`select earmark_id from rebalance_operations where id = ${found.legId}`,
		);
		const [restored] = await readLegsOf(store.db, row?.earmark_id ?? '');
		expect(restored).toMatchObject({ id: found.legId, status: 'in_flight', hops: [{ status: 'in_flight', evidence: { depositId: '3' } }] });
		expect(await store.db.execute(sql`select state, amount from holds where leg_id = ${found.legId}`)).toEqual([
			{ state: 'inbound', amount: '40' },
		]);
		const books = sql`select account, amount from ledger_entries where leg_id = ${found.legId} order by amount`;
		expect(await store.db.execute(books)).toEqual([
			{ account: 'wallet', amount: '-41' },
			{ account: 'in_flight', amount: '41' },
		]);
		expect(await demandOf(found.call.transactionHash)).toMatchObject({ kind: 'rebuild', status: 'earmarked' });
	});

	it('is no transaction of a leg that the database knows: a backup that is older than the chain is refused', async () => {
		const [known] = await readLegsOf(store.db, (await earmarked(store.db, 1)).earmarkId);
		await expect(restoreLeg(store.db, leg(known?.id ?? ''), CAUSE)).rejects.toThrow('the database is older than the chain');
	});

	it('is a paid invoice, which no list makes payable again', async () => {
		const { demandId, invoiceId } = await openDemand(store.db);
		expect(await restorePurchase(store.db, purchase(invoiceId), CAUSE)).toBe(true);
		expect(await demandOf(invoiceId)).toEqual({ kind: 'invoice', status: 'settled', reason: 'REBUILT' });
		const unlisted = randomHash();
		await restorePurchase(store.db, purchase(unlisted), CAUSE);
		const facts = { asset: 'USDC', owner: SIGNER, tickerHash: randomHash(), origin: '1', destinations: ['10'], hubStatus: 'INVOICED' };
		const listed = { ...facts, intentId: unlisted, amountHub: hubAmount(1n), discountBps: '1', enqueuedAt: 1_700_000_000 };
		expect(await inTransaction(store.db, CAUSE, (tx) => saveInvoice(tx, listed))).not.toBe(demandId);
		expect(await demandOf(unlisted)).toMatchObject({ status: 'settled' });
	});

	it('is a purchase whose invoice nobody names, and what the hub owes for it', async () => {
		const found = purchase(null);
		await restorePurchase(store.db, found, CAUSE);
		expect(await demandOf(found.call.transactionHash)).toMatchObject({ kind: 'rebuild', status: 'settled' });
		const owed = sql`select status, looked_up_to from receivables where intent_id = ${found.intentId}`;
		expect(await store.db.execute(owed)).toEqual([{ status: 'pending', looked_up_to: { 10: '5' } }]);
	});

	it('is nothing of an invoice that is being served again: a person has to look', async () => {
		const { demandId } = await earmarked(store.db, 1);
		const [row] = await store.db.execute<{ external_id: string }>(sql`select external_id from demands where id = ${demandId}`);
		await expect(restorePurchase(store.db, purchase(row?.external_id ?? ''), CAUSE)).rejects.toThrow('a person has to look');
	});
});
