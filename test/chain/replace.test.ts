import { sql } from 'drizzle-orm';
import { parseTransaction } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { advanceEffect } from '../../src/chain/send.ts';
import type { Effect } from '../../src/leg/effect.ts';
import { type Attempt, readTrail } from '../../src/store/attempts.ts';
import { ConflictError, inTransaction } from '../../src/store/db.ts';
import { readEffect, resolveEffect } from '../../src/store/effects.ts';
import { requestCancel } from '../../src/store/lanes.ts';
import { CAUSE, randomHash, SIGNER } from '../store/fixture.ts';
import { effectsFrom1, hooks, letPass, REPLACE_AFTER_MS, type Stand, startStand } from './lane-stand.ts';

let stand: Stand;
let dear: Stand;
beforeAll(async () => {
	stand = await startStand();
	dear = await startStand({ maxFeePerGas: '2' });
});
afterAll(async () => {
	await stand.stop();
	await dear.stop();
});

const advance = ({ app }: Stand, effect: Effect) => advanceEffect(app.sending, effect.id, hooks);
const attemptsOf = async ({ store }: Stand, effect: Effect) => (await readTrail(store.db, effect.id)).attempts;
const mine = (at: Stand) => at.chain('1').client.mine({ blocks: 1 });
const waitLong = (at: Stand) => letPass(at, REPLACE_AFTER_MS + 1_000);

/** Takes the effect up to its first broadcast. */
async function sent(at: Stand, kind: 'approve' | 'send' = 'send'): Promise<Effect> {
	const [effect] = await effectsFrom1(at, kind);
	if (effect === undefined) throw new Error('an effect expected');
	expect(await advance(at, effect)).toMatchObject({ state: 'waiting', reason: 'sent' });
	return effect;
}

function last(attempts: readonly Attempt[]): Attempt {
	const newest = attempts.at(-1);
	if (newest === undefined) throw new Error('an attempt expected');
	return newest;
}

/** What was left in the pool by the test before is mined, and nothing of it is open any more. */
beforeEach(async () => {
	for (const each of [stand, dear]) {
		each.said.length = 0;
		await mine(each);
	}
});

describe('a transaction that is not mined', () => {
	it('is outbid on its own nonce by the same payload, with both fees an eighth higher at least', async () => {
		const effect = await sent(stand);
		await waitLong(stand);
		await advance(stand, effect);
		const [first, second, ...more] = (await attemptsOf(stand, effect)).map(({ raw }) => parseTransaction(raw));
		expect(more).toEqual([]);
		expect([second?.nonce, second?.to, second?.data, second?.value, second?.gas]).toEqual([
			...[first?.nonce, first?.to, first?.data, first?.value, first?.gas],
		]);
		for (const fee of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const)
			expect((second?.[fee] ?? 0n) * 8n).toBeGreaterThanOrEqual((first?.[fee] ?? 1n) * 9n);
		await mine(stand);
		const { hash } = last(await attemptsOf(stand, effect));
		expect(await advance(stand, effect)).toMatchObject({ state: 'verdict', to: 'confirmed', mined: { transactionHash: hash } });
	});

	it('gets its verdict from whichever of its hashes was mined', async () => {
		const effect = await sent(stand);
		await waitLong(stand);
		await advance(stand, effect);
		const [first, second] = await attemptsOf(stand, effect);
		const { client } = stand.chain('1');
		await client.dropTransaction({ hash: second?.hash ?? '0x' });
		await client.sendRawTransaction({ serializedTransaction: first?.raw ?? '0x' });
		await mine(stand);
		expect(await advance(stand, effect)).toMatchObject({ state: 'verdict', mined: { transactionHash: first?.hash } });
	});

	it('is sent again as the same bytes until it has waited long enough', async () => {
		const effect = await sent(stand);
		const { hash } = last(await attemptsOf(stand, effect));
		await stand.chain('1').client.dropTransaction({ hash });
		await letPass(stand, 10_000);
		await advance(stand, effect);
		expect(await attemptsOf(stand, effect)).toHaveLength(1);
		await mine(stand);
		expect(await advance(stand, effect)).toMatchObject({ state: 'verdict', mined: { transactionHash: hash } });
	});

	it('is not outbid while another one of its lane is before it', async () => {
		const [ahead, behind] = [await sent(stand), await sent(stand)];
		await waitLong(stand);
		await advance(stand, behind);
		expect(await attemptsOf(stand, behind)).toHaveLength(1);
		await advance(stand, ahead);
		expect(await attemptsOf(stand, ahead)).toHaveLength(2);
	});

	it('is outbid once by twins that look at the same time', async () => {
		const effect = await sent(stand);
		await waitLong(stand);
		await Promise.allSettled(Array.from({ length: 5 }, () => advance(stand, effect)));
		await expect(stand.app.sending.signer.sign(effect.id)).rejects.toThrow(ConflictError);
		expect(await attemptsOf(stand, effect)).toHaveLength(2);
	});

	it('is sent by the next look when its process died after committing what outbids it', async () => {
		const effect = await sent(stand);
		await waitLong(stand);
		expect(await stand.app.sending.signer.sign(effect.id)).toBe('signed');
		const { hash, sentAgoMs } = last(await attemptsOf(stand, effect));
		expect(sentAgoMs).toBeNull();
		await advance(stand, effect);
		expect(await attemptsOf(stand, effect)).toHaveLength(2);
		await mine(stand);
		expect(await advance(stand, effect)).toMatchObject({ mined: { transactionHash: hash } });
	});

	it('is sent again as it is, with a warning, when its fee may not rise further', async () => {
		const effect = await sent(dear);
		const { hash, maxFeePerGas } = last(await attemptsOf(dear, effect));
		expect(maxFeePerGas).toBe(2n * 10n ** 9n);
		await dear.chain('1').client.dropTransaction({ hash });
		await waitLong(dear);
		await advance(dear, effect);
		expect(await attemptsOf(dear, effect)).toHaveLength(1);
		expect(dear.said).toContain('warn not mined, and its fee may not rise further');
		await mine(dear);
		expect(await advance(dear, effect)).toMatchObject({ state: 'verdict', mined: { transactionHash: hash } });
	});

	it('is not helped along at its cap once it is to be cancelled', async () => {
		const effect = await sent(dear);
		await requestCancel(dear.store.db, effect.id, CAUSE);
		const { client } = dear.chain('1');
		await client.dropTransaction({ hash: last(await attemptsOf(dear, effect)).hash });
		await letPass(dear, 10_000);
		expect(await advance(dear, effect)).toMatchObject({ state: 'waiting', reason: 'to be cancelled' });
		const before = await client.getTransactionCount({ address: SIGNER });
		await mine(dear);
		expect(await client.getTransactionCount({ address: SIGNER })).toBe(before);
		expect(dear.said).toContain('warn not mined, and its fee may not rise further');
	});

	it('is not outbid while all is stopped, nor on a frozen lane', async () => {
		const effect = await sent(stand);
		await waitLong(stand);
		await stand.store.db.execute(sql`update signer_lanes set frozen_reason = 'a test' where venue = '1'`);
		await advance(stand, effect);
		await stand.store.db.execute(sql`update signer_lanes set frozen_reason = null`);
		await stand.store.db.execute(sql`insert into stops (scope, stopped, actor, reason) values ('global', true, 'test', 'a test')`);
		await waitLong(stand);
		expect(await advance(stand, effect)).toMatchObject({ state: 'waiting', reason: 'stopped by an operator' });
		await stand.store.db.execute(sql`insert into stops (scope, stopped, actor, reason) values ('global', false, 'test', 'a test')`);
		expect(await attemptsOf(stand, effect)).toHaveLength(1);
	});
});

describe('the database', () => {
	const insert = (effect: Effect, { payloadHash, cancels }: { payloadHash: string; cancels: boolean }) =>
		stand.store.db.execute(sql`insert into attempts (hash, effect_id, raw, payload_hash, gas, max_fee_per_gas, max_priority_fee_per_gas, cancels)
			values (${randomHash()}, ${effect.id}, '0x02', ${payloadHash}, 1, 1, 1, ${cancels})`);

	it('refuses an attempt that does something else, a cancel that nobody has asked for, and other bytes for a hash', async () => {
		const effect = await sent(stand);
		const because = (text: string) => ({ cause: { message: expect.stringContaining(text) } });
		await expect(insert(effect, { payloadHash: randomHash(), cancels: false })).rejects.toMatchObject(because('another payload'));
		await expect(insert(effect, { payloadHash: randomHash(), cancels: true })).rejects.toMatchObject(because('no cancel was requested'));
		const changed = stand.store.db.execute(sql`update attempts set raw = '0x03' where effect_id = ${effect.id}`);
		await expect(changed).rejects.toMatchObject(because('frozen'));
	});
});

describe('a cancel', () => {
	it('spends the nonce by an empty transaction to ourselves, and the effect ends cancelled', async () => {
		const effect = await sent(stand);
		await requestCancel(stand.store.db, effect.id, CAUSE);
		await advance(stand, effect);
		const [first, cancel] = await attemptsOf(stand, effect);
		const empty = parseTransaction(cancel?.raw ?? '0x');
		expect([cancel?.cancels, empty.nonce, empty.to, empty.data ?? '0x', empty.value ?? 0n]).toEqual([
			...[true, parseTransaction(first?.raw ?? '0x').nonce, SIGNER.toLowerCase(), '0x', 0n],
		]);
		await mine(stand);
		const verdict = await advance(stand, effect);
		if (verdict.state !== 'verdict') throw new Error(`a verdict expected, not ${verdict.state}`);
		expect(verdict).toMatchObject({ to: 'cancelled', mined: { transactionHash: cancel?.hash } });
		const { blockNumber, transactionHash: hash } = verdict.mined;
		await inTransaction(stand.store.db, CAUSE, (tx) =>
			resolveEffect(tx, effect.id, { to: 'reverted', hash, blockNumber, logs: [], reason: null }),
		);
		expect(await readEffect(stand.store.db, effect.id)).toMatchObject({ status: 'cancelled', minedHash: hash });
	});

	it('comes to nothing when the transaction itself is mined first', async () => {
		const effect = await sent(stand);
		await requestCancel(stand.store.db, effect.id, CAUSE);
		await mine(stand);
		expect(await advance(stand, effect)).toMatchObject({ state: 'verdict', to: 'confirmed' });
		expect(await attemptsOf(stand, effect)).toHaveLength(1);
	});

	it('of what was not signed yet leaves it unsigned for ever, and of what was signed it leaves it unsent', async () => {
		for (const [status, cancelling] of [
			['reserved', [true]],
			['signed', [false, true]],
		] as const) {
			const [effect] = await effectsFrom1(stand, 'send');
			if (effect === undefined) throw new Error('an effect expected');
			const { signer } = stand.app.sending;
			const dies = () => Promise.reject(new Error('the process dies'));
			const sign = status === 'reserved' ? dies : (id: string) => signer.sign(id).then(dies);
			await advanceEffect({ ...stand.app.sending, signer: { ...signer, sign } }, effect.id, hooks).catch(() => {});
			expect((await readEffect(stand.store.db, effect.id)).status).toBe(status);
			await requestCancel(stand.store.db, effect.id, CAUSE);
			await advance(stand, effect);
			const attempts = await attemptsOf(stand, effect);
			expect(attempts.map(({ cancels }) => cancels)).toEqual(cancelling);
			expect(attempts.map(({ sentAgoMs }) => sentAgoMs !== null)).toEqual(cancelling);
			await mine(stand);
			expect(await advance(stand, effect)).toMatchObject({ state: 'verdict', to: 'cancelled' });
		}
	});

	it('is outbid like any other, and is signed once by twins', async () => {
		const effect = await sent(stand);
		await requestCancel(stand.store.db, effect.id, CAUSE);
		await Promise.allSettled(Array.from({ length: 5 }, () => advance(stand, effect)));
		expect((await attemptsOf(stand, effect)).map(({ cancels }) => cancels)).toEqual([false, true]);
		await waitLong(stand);
		await advance(stand, effect);
		expect((await attemptsOf(stand, effect)).map(({ cancels }) => cancels)).toEqual([false, true, true]);
	});

	it('is refused for what has no nonce and for what has ended', async () => {
		const [effect] = await effectsFrom1(stand, 'send');
		if (effect === undefined) throw new Error('an effect expected');
		await expect(requestCancel(stand.store.db, effect.id, CAUSE)).rejects.toThrow(/has no nonce/);
		const over = await sent(stand);
		await mine(stand);
		const hash = last(await attemptsOf(stand, over)).hash;
		await inTransaction(stand.store.db, CAUSE, (tx) =>
			resolveEffect(tx, over.id, { to: 'confirmed', hash, blockNumber: 1n, logs: [], reason: null }),
		);
		await expect(requestCancel(stand.store.db, over.id, CAUSE)).rejects.toThrow(/has ended/);
	});
});
