import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvariantError } from '../../src/errors.ts';
import type { Effect } from '../../src/leg/effect.ts';
import type { EffectKind } from '../../src/leg/effect-state.ts';
import { amount } from '../../src/money/amount.ts';
import { type Act, driveEffect } from '../../src/steps/leg/drive.ts';
import { sendHop } from '../../src/steps/leg/send-hop.ts';
import { settleEarmark } from '../../src/steps/settle/settle.ts';
import { inTransaction } from '../../src/store/db.ts';
import { readDemand } from '../../src/store/demands.ts';
import { readEarmark } from '../../src/store/earmarks.ts';
import { intendEffects, readEffectsOf } from '../../src/store/effects.ts';
import { readHolds } from '../../src/store/holds.ts';
import { readLanes, requestCancel } from '../../src/store/lanes.ts';
import { readLeg, readLegsOf } from '../../src/store/legs.ts';
import { type Stand, startStand } from '../chain/lane-stand.ts';
import { CAUSE, commitNonce, earmarked, effectOf, purchaseNonce, SIGNER, settlingEarmark } from '../store/fixture.ts';

let stand: Stand;
beforeAll(async () => {
	stand = await startStand();
});
afterAll(() => stand.stop());

const mine = (venue: '1' | '10') => stand.chain(venue).client.mine({ blocks: 1 });
const cancel = (effect: Effect) => requestCancel(stand.store.db, effect.id, CAUSE);

async function statuses(ownerKind: 'leg' | 'earmark', ownerId: string): Promise<string[]> {
	const effects = await readEffectsOf(stand.store.db, ownerKind, [ownerId]);
	return effects.map((effect) => `${effect.kind} ${effect.try} ${effect.status}`).sort();
}

/** A leg whose send is the next thing to do. */
async function leg(): Promise<{ earmarkId: string; legId: string; push: () => ReturnType<typeof sendHop> }> {
	const { earmarkId } = await earmarked(stand.store.db, 1);
	const [only] = await readLegsOf(stand.store.db, earmarkId);
	if (only === undefined) throw new Error('a leg expected');
	return { earmarkId, legId: only.id, push: () => sendHop(stand.app, { legId: only.id, hop: 0 }) };
}

/** The rows were brought here without a chain: it is told how many nonces that took, less those that are to be looked at. */
async function chainFollows(venue: '1' | '10', open: number): Promise<void> {
	const lane = (await readLanes(stand.store.db)).find((each) => each.venue === venue);
	await stand.chain(venue).client.setNonce({ address: SIGNER, nonce: Number(lane?.next ?? 0n) - open });
}

describe('after a cancel', () => {
	it('of its send a leg has failed: nothing has left, its hold is free, and its allowance is taken back', async () => {
		const { earmarkId, legId, push } = await leg();
		await push();
		await mine('1');
		await push();
		await cancel(await effectOf(stand.store.db, { leg: legId }, 'send'));
		await push();
		await mine('1');
		await push();
		expect(await readLeg(stand.store.db, legId)).toMatchObject({ status: 'failed', reason: 'CANCELLED' });
		expect(await statuses('leg', legId)).toEqual(['approve 1 confirmed', 'reset 1 intended', 'send 1 cancelled']);
		const holds = (await readHolds(stand.store.db, earmarkId)).filter((hold) => hold.legId === legId);
		expect(holds.map((hold) => hold.state)).toEqual(holds.map(() => 'released'));
	});

	it('of its approval a leg has failed, and nothing is to be taken back', async () => {
		const { legId, push } = await leg();
		await push();
		await cancel(await effectOf(stand.store.db, { leg: legId }, 'approve'));
		await push();
		await mine('1');
		await push();
		expect(await readLeg(stand.store.db, legId)).toMatchObject({ status: 'failed', reason: 'CANCELLED' });
		expect(await statuses('leg', legId)).toEqual(['approve 1 cancelled', 'send 1 dropped']);
	});

	it('of its send that came too late a leg goes on', async () => {
		const { legId, push } = await leg();
		await push();
		await cancel(await effectOf(stand.store.db, { leg: legId }, 'approve'));
		await mine('1');
		await push();
		expect(await statuses('leg', legId)).toEqual(['approve 1 confirmed', 'send 1 tracking']);
		await mine('1');
	});

	it('of its purchase an earmark gives its funds back, and its demand is open again', async () => {
		const earmarkId = await settlingEarmark(stand.store.db);
		await purchaseNonce(stand.store.db, earmarkId, amount(100n));
		await chainFollows('10', 1);
		await cancel(await effectOf(stand.store.db, { earmark: earmarkId }, 'purchase'));
		await settleEarmark(stand.app, earmarkId);
		await mine('10');
		await settleEarmark(stand.app, earmarkId);
		const earmark = await readEarmark(stand.store.db, earmarkId);
		expect(earmark).toMatchObject({ status: 'cancelled', reason: 'CANCELLED' });
		expect((await readDemand(stand.store.db, earmark.demandId)).status).toBe('open');
		expect(await statuses('earmark', earmarkId)).toContain('purchase 1 cancelled');
		const held = (await readHolds(stand.store.db, earmarkId)).filter((hold) => hold.state !== 'released' && hold.venue === '10');
		expect(held).toEqual([]);
		await mine('10');
	});

	for (const kind of ['claim', 'reset'] as const) {
		it(`a ${kind} is tried again`, async () => {
			const { earmarkId, legId } = await leg();
			await chainFollows('10', 0);
			const effect = await committed({ earmarkId, legId }, kind);
			await cancel(effect);
			await driveEffect(stand.app, act(effect));
			await mine('10');
			expect(await driveEffect(stand.app, act(effect))).toMatchObject({ kind: 'snooze', delayMs: 0 });
			expect(await statuses('leg', legId)).toEqual(expect.arrayContaining([`${kind} 1 cancelled`, `${kind} 2 intended`]));
		});
	}
});

/** An effect on venue 10 whose nonce has committed. */
async function committed({ earmarkId, legId }: { earmarkId: string; legId: string }, kind: EffectKind): Promise<Effect> {
	const { db } = stand.store;
	const draft = { ownerKind: 'leg', ownerId: legId, hop: 0, kind, try: 1, venue: '10', signer: SIGNER, spend: null } as const;
	await inTransaction(db, CAUSE, (tx) => intendEffects(tx, [draft]));
	await commitNonce(db, await effectOf(db, { leg: legId }, kind), { earmarkId, onNonce: async () => {} });
	return effectOf(db, { leg: legId }, kind);
}

function act(effect: Effect): Act {
	const never = () => Promise.reject(new InvariantError('this is not asked'));
	return {
		...{ effect, ids: {}, prepare: never, lockOwner: never, onNonce: never, confirm: never, giveUp: never },
		wait: async ({ lookAgainMs, reason }) => ({ kind: 'snooze', delayMs: lookAgainMs, reason }),
	};
}
