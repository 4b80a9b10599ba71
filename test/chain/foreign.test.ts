import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceEffect } from '../../src/chain/send.ts';
import { InvariantError } from '../../src/errors.ts';
import type { Effect } from '../../src/leg/effect.ts';
import { readTrail } from '../../src/store/attempts.ts';
import { inTransaction } from '../../src/store/db.ts';
import { readEffect, resolveEffect } from '../../src/store/effects.ts';
import { nameSpender, readLanes, thawLane } from '../../src/store/lanes.ts';
import { CAUSE, randomHash, SIGNER } from '../store/fixture.ts';
import { effectsFrom1, hooks, letPass, type Stand, sendAsStranger, startStand } from './lane-stand.ts';

let stand: Stand;
beforeAll(async () => {
	stand = await startStand();
});
afterAll(() => stand.stop());

const LANE = { venue: '1', signer: SIGNER };
const advance = (effect: Effect) => advanceEffect(stand.app.sending, effect.id, hooks);
const frozen = async () => (await readLanes(stand.store.db)).find(({ venue }) => venue === '1')?.frozen ?? null;
const mine = () => stand.chain('1').client.mine({ blocks: 1 });
const isSuspect = async (effect: Effect) => (await readTrail(stand.store.db, effect.id)).isSuspect;

/** An effect that was sent, whose nonce somebody else has spent: answers it with the stranger's transaction. */
async function overtaken(call: (effect: Effect) => Parameters<typeof sendAsStranger>[2] = () => ({})) {
	const [planned] = await effectsFrom1(stand, 'send');
	await advance(planned as Effect);
	const effect = await readEffect(stand.store.db, planned?.id ?? '');
	const { client } = stand.chain('1');
	const [attempt] = (await readTrail(stand.store.db, effect.id)).attempts;
	await client.dropTransaction({ hash: attempt?.hash ?? '0x' });
	const hash = await sendAsStranger(stand.chain('1'), Number(effect.nonce), call(effect));
	await mine();
	return { effect, hash };
}

async function thawed(): Promise<void> {
	await thawLane(stand.store.db, LANE, { ...CAUSE, next: null });
}

/** Two looks, the second so much later. */
async function lookTwice(effect: Effect): Promise<unknown> {
	await advance(effect);
	await letPass(stand, 11_000);
	return advance(effect).catch((error: unknown) => error);
}

describe('a nonce that a stranger has spent', () => {
	it('freezes the lane when a later look agrees with the first, not before', async () => {
		const { effect } = await overtaken();
		for (let look = 0; look < 3; look += 1) expect(await advance(effect)).toMatchObject({ state: 'waiting' });
		expect([await frozen(), await isSuspect(effect)]).toEqual([null, true]);
		await letPass(stand, 11_000);
		await expect(advance(effect)).rejects.toThrow(InvariantError);
		expect(await frozen()).toMatch(/nonce \d+ was spent by a transaction that is not ours/);
		await expect(advance(effect)).rejects.toThrow(/until a person has looked/);
		expect(stand.said.filter((line) => line === 'fatal lane frozen: foreign nonce')).toHaveLength(1);
		const [event] = await stand.store.db.execute('select event, actor from lane_events order by id desc limit 1');
		expect(event).toEqual({ event: 'frozen', actor: `effect ${effect.id}` });
		const [next] = await effectsFrom1(stand, 'send');
		await expect(advance(next as Effect)).rejects.toThrow(/is frozen/);
		await nameSpender(stand.store.db, { effectId: effect.id, hash: randomHash() }, CAUSE);
		await thawed();
	});

	it('was a lagging look when the next one sees our own transaction: nothing freezes, however long ago that was', async () => {
		const [effect] = await effectsFrom1(stand, 'send');
		await advance(effect as Effect);
		await mine();
		const { client } = stand.app.sending;
		const lagging = new Proxy(client('1'), {
			get: (node, key) => (key === 'getTransactionReceipt' ? asked : Reflect.get(node, key)),
		});
		const missing = await client('1')
			.getTransactionReceipt({ hash: randomHash() })
			.catch((error: unknown) => error);
		const asked = () => Promise.reject(missing);
		const ports = { ...stand.app.sending, client: () => lagging };
		expect(await advanceEffect(ports, effect?.id ?? '', hooks)).toMatchObject({ state: 'waiting' });
		expect(await isSuspect(effect as Effect)).toBe(true);
		expect(await advance(effect as Effect)).toMatchObject({ state: 'verdict', to: 'confirmed' });
		await letPass(stand, 11_000);
		expect(await advanceEffect(ports, effect?.id ?? '', hooks)).toMatchObject({ state: 'waiting' });
		expect(await frozen()).toBeNull();
	});

	it('ends its effect as cancelled once a person has named the transaction, and the chain agrees', async () => {
		const { effect, hash } = await overtaken();
		await lookTwice(effect);
		await nameSpender(stand.store.db, { effectId: effect.id, hash }, CAUSE);
		const verdict = await advance(effect);
		if (verdict.state !== 'verdict') throw new Error('a verdict expected');
		expect(verdict).toMatchObject({ to: 'cancelled', mined: { transactionHash: hash, logs: [] } });
		const { blockNumber } = verdict.mined;
		await inTransaction(stand.store.db, CAUSE, (tx) =>
			resolveEffect(tx, effect.id, { to: 'reverted', hash, blockNumber, logs: [], reason: null }),
		);
		expect((await readEffect(stand.store.db, effect.id)).status).toBe('cancelled');
		await thawed();
		const [next] = await effectsFrom1(stand, 'send');
		expect(await advance(next as Effect)).toMatchObject({ reason: 'sent' });
		await mine();
	});

	it('does not end its effect by a transaction that has spent another nonce', async () => {
		const { hash } = await overtaken();
		const { effect } = await overtaken();
		await nameSpender(stand.store.db, { effectId: effect.id, hash }, CAUSE);
		await expect(advance(effect)).rejects.toThrow(/has not spent nonce/);
	});

	it('counts as our own when it was spent by the very same call', async () => {
		const same = ({ payload }: Effect) => ({ to: payload?.target ?? '0x', data: payload?.calldata ?? '0x' });
		const { effect, hash } = await overtaken(same);
		await nameSpender(stand.store.db, { effectId: effect.id, hash }, CAUSE);
		expect(await advance(effect)).toMatchObject({ state: 'verdict', to: 'confirmed', mined: { transactionHash: hash } });
	});
});
