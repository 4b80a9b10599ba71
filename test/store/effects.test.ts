import { sql } from 'drizzle-orm';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/leg/effect.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import {
	claimEffect,
	dropEffects,
	intendEffects,
	readEffectsOf,
	reserveNonce,
	resolveEffect,
	storeAttempt,
} from '../../src/store/effects.ts';
import { freezeLane, openLane } from '../../src/store/lanes.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { asMined, CAUSE, earmarked, randomHash, SIGNER, TOKEN, testStore } from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
	await openLane(store.db, { venue: '1', signer: SIGNER, next: 5n });
});
afterAll(() => store.close());

const payload = { target: TOKEN, calldata: '0x1234' as Hex, value: 0n, gas: 50_000n, payloadHash: randomHash() };

async function legEffects(legs = 1): Promise<Effect[]> {
	const { earmarkId } = await earmarked(store.db, legs);
	return readEffectsOf(
		store.db,
		'leg',
		(await readLegsOf(store.db, earmarkId)).map((leg) => leg.id),
	);
}

async function reserve(effect: Effect, seen: (waiting: bigint) => void = () => {}): Promise<bigint> {
	const epoch = await claimEffect(store.db, effect.id, 'intended');
	return asMined(store.db, () =>
		inTransaction(store.db, CAUSE, (tx) =>
			reserveNonce(tx, {
				effect,
				epoch,
				payload: (waiting) => {
					seen(waiting);
					return payload;
				},
			}),
		),
	);
}

describe('an intent', () => {
	it('exists once for its key, however often it is written', async () => {
		const [effect] = await legEffects();
		if (effect === undefined) throw new Error('an effect expected');
		const { ownerKind, ownerId, hop, kind, venue, signer, spend } = effect;
		await inTransaction(store.db, CAUSE, (tx) => intendEffects(tx, [{ ownerKind, ownerId, hop, kind, venue, signer, spend, try: 1 }]));
		const same = (await readEffectsOf(store.db, ownerKind, [ownerId])).filter((each) => each.kind === kind);
		expect(same).toHaveLength(1);
	});
});

describe('a nonce', () => {
	it('commits with its owner: fifty effects at once make a dense lane without a shared nonce', async () => {
		const effects = (await Promise.all(Array.from({ length: 25 }, () => legEffects()))).flat();
		const nonces = await Promise.all(effects.map((effect) => reserve(effect)));
		const [lane] = await store.db.execute<{ next: string }>(sql`select next from signer_lanes where venue = '1'`);
		const sorted = nonces.map(Number).sort((a, b) => a - b);
		expect(new Set(sorted).size).toBe(50);
		expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBe(49);
		expect(Number(lane?.next)).toBe((sorted.at(-1) ?? 0) + 1);
	});

	it('is refused to a claim that a later claim has fenced off', async () => {
		const [effect] = await legEffects();
		if (effect === undefined) throw new Error('an effect expected');
		const stale = await claimEffect(store.db, effect.id, 'intended');
		await claimEffect(store.db, effect.id, 'intended');
		const late = asMined(store.db, () =>
			inTransaction(store.db, CAUSE, (tx) => reserveNonce(tx, { effect, epoch: stale, payload: () => payload })),
		);
		await expect(late).rejects.toThrow(/not in the expected state/);
	});

	it('is given to an effect once: a twin that asks again gets nothing, and the lane does not move', async () => {
		const [effect] = await legEffects();
		if (effect === undefined) throw new Error('an effect expected');
		const nonce = await reserve(effect);
		await expect(reserve(effect)).rejects.toThrow(/not in the expected state/);
		const [lane] = await store.db.execute<{ next: string }>(sql`select next from signer_lanes where venue = '1'`);
		expect(BigInt(lane?.next ?? 0)).toBe(nonce + 1n);
	});

	it('freezes what the effect does, and never falls', async () => {
		const [effect] = await legEffects();
		if (effect === undefined) throw new Error('an effect expected');
		await reserve(effect);
		await expect(store.db.execute(sql`update effects set calldata = '0x99' where id = ${effect.id}`)).rejects.toMatchObject({
			cause: { message: expect.stringContaining('frozen') },
		});
		await expect(store.db.execute(sql`update effects set nonce = null where id = ${effect.id}`)).rejects.toMatchObject({
			cause: { message: expect.stringContaining('frozen') },
		});
		await expect(store.db.execute(sql`update signer_lanes set next = 0`)).rejects.toMatchObject({
			cause: { message: expect.stringContaining('cannot fall') },
		});
	});

	it('is not given on a frozen lane', async () => {
		const lane = { venue: '10', signer: SIGNER };
		await openLane(store.db, { ...lane, next: 0n });
		await freezeLane(store.db, lane, { actor: 'test', reason: 'a foreign nonce' });
		const [effect] = await legEffects();
		if (effect === undefined) throw new Error('an effect expected');
		await expect(reserve({ ...effect, venue: '10' })).rejects.toThrow(/is frozen: a foreign nonce/);
	});
});

describe('an allowance', () => {
	it('is the sum of the sends that still wait for it when its nonce commits', async () => {
		const own = await testStore();
		try {
			await openLane(own.db, { venue: '1', signer: SIGNER, next: 0n });
			const { earmarkId } = await earmarked(own.db, 2);
			const legs = await readLegsOf(own.db, earmarkId);
			const effects = await readEffectsOf(
				own.db,
				'leg',
				legs.map((leg) => leg.id),
			);
			const seen: bigint[] = [];
			const take = async (effect: Effect | undefined) => {
				if (effect === undefined) throw new Error('an effect expected');
				const epoch = await claimEffect(own.db, effect.id, 'intended');
				await inTransaction(own.db, CAUSE, (tx) =>
					reserveNonce(tx, {
						effect,
						epoch,
						payload: (waiting) => {
							seen.push(waiting);
							return payload;
						},
					}),
				);
			};
			const [approveA, approveB] = effects.filter((effect) => effect.kind === 'approve');
			const sendA = effects.find((effect) => effect.kind === 'send' && effect.ownerId === approveA?.ownerId);
			await take(approveA);
			await take(sendA);
			await take(approveB);
			expect(seen).toEqual([82n, 82n, 41n]);
			await inTransaction(own.db, CAUSE, (tx) => dropEffects(tx, 'leg', approveB?.ownerId ?? ''));
			const [left] = await own.db.execute<{ status: string }>(
				sql`select status from effects where owner_id = ${approveB?.ownerId} and kind = 'send'`,
			);
			expect(left?.status).toBe('dropped');
		} finally {
			await own.close();
		}
	});
});

describe('signed bytes', () => {
	it('are stored under the epoch of their claim only, before the effect may be followed', async () => {
		const [effect] = await legEffects();
		if (effect === undefined) throw new Error('an effect expected');
		await reserve(effect);
		const epoch = await claimEffect(store.db, effect.id, 'reserved');
		const attempt = {
			hash: randomHash(),
			raw: '0x02' as Hex,
			payloadHash: payload.payloadHash,
			gas: 1n,
			maxFeePerGas: 2n,
			maxPriorityFeePerGas: 1n,
		};
		const stale = inTransaction(store.db, CAUSE, (tx) => storeAttempt(tx, { effectId: effect.id, epoch: epoch - 1, attempt }));
		await expect(stale).rejects.toThrow(/not in the expected state/);
		await inTransaction(store.db, CAUSE, (tx) => storeAttempt(tx, { effectId: effect.id, epoch, attempt }));
		const early = { to: 'confirmed', hash: attempt.hash, blockNumber: 1n, logs: [], reason: null } as const;
		await inTransaction(store.db, CAUSE, (tx) => resolveEffect(tx, effect.id, early));
		const again = inTransaction(store.db, CAUSE, (tx) => resolveEffect(tx, effect.id, { ...early, to: 'reverted' }));
		await expect(again).rejects.toThrow(/not in the expected state/);
	});
});
