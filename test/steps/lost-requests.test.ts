/** What was asked for before the database was lost is found by whoever begins anew from the chain alone. */
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import { inTransaction } from '../../src/store/db.ts';
import { intendEffects, readEffectsOf } from '../../src/store/effects.ts';
import { openWithdrawal, type WithdrawalStand } from './withdrawal-stand.ts';

const CAUSE = { actor: 'test', reason: 'restored' };

let world: World;
let stand: WithdrawalStand;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {}, exchange: true });
});
afterAll(() => world.stop());
afterEach(() => stand.close());

/** All that a rebuild writes of the claim is that it is intended. */
async function forgetClaims(): Promise<void> {
	const { db } = stand.one.app;
	const { id } = await stand.room.leg();
	const [claim] = (await readEffectsOf(db, 'leg', [id])).filter(({ kind }) => kind === 'claim');
	if (claim === undefined) throw new Error('a claim expected');
	const { ownerKind, ownerId, hop, kind, venue, signer, spend } = claim;
	await db.transaction(async (tx) => {
		await tx.execute(sql`set local session_replication_role = replica`);
		await tx.execute(sql`delete from effects where kind = 'claim'`);
	});
	await inTransaction(db, CAUSE, (tx) => intendEffects(tx, [{ ownerKind, ownerId, hop, kind, venue, signer, spend, try: 1 }]));
}

it('also when what was asked for first was out of date, and never taken', async () => {
	stand = await openWithdrawal(world);
	const { room, one, binance, calls } = stand;
	while ((await stand.claims()).at(-1)?.status !== 'requested') await room.step(one);
	binance.setTerms('USDC', 'OPTIMISM', { withdrawIntegerMultiple: '30' });
	await room.pass(5_000);
	while (calls.length < 1) await room.step(one);
	expect(await stand.claims()).toMatchObject([{ status: 'lapsed' }, { status: 'requested' }]);
	await forgetClaims();
	// Otherwise the free balance would stand in the way.
	binance.credit('USDC', '1000');
	await room.goTo(null, one);
	expect([calls.length, binance.withdrawals().length, stand.paid().length]).toEqual([1, 1, 1]);
});

it('also when the exchange has ended what was asked for first', async () => {
	stand = await openWithdrawal(world);
	const { room, one, binance, calls } = stand;
	binance.settings.outcome = ({ id }) => (binance.withdrawals()[0]?.id === id ? 'rejected' : 'completed');
	while (calls.length < 2) await room.step(one);
	await forgetClaims();
	binance.credit('USDC', '1000');
	await room.goTo(null, one);
	expect([calls.length, binance.withdrawals().length, stand.paid().length]).toEqual([2, 2, 1]);
	expect((await stand.claims()).map(({ status }) => status)).toEqual(['rejected', 'confirmed']);
});

it('and nothing is asked for before a call of the time before could have been taken', async () => {
	stand = await openWithdrawal(world);
	const { room, one } = stand;
	const { id } = await room.leg();
	await inTransaction(one.app.db, CAUSE, (tx) => tx.execute(sql`update rebalance_operations set reason = 'REBUILT' where id = ${id}`));
	while ((await stand.claims()).at(-1)?.status !== 'requested') await room.step(one);
	expect(await room.step(one)).toMatchObject({ kind: 'snooze', reason: expect.stringContaining('is not known yet') });
	expect(stand.calls).toEqual([]);
	await room.goTo(null, one);
	expect(stand.paid()).toHaveLength(1);
});
