import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/db.ts';
import { recordBroadcast } from '../../src/store/effects.ts';
import { freezeLane, openLane } from '../../src/store/lanes.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { testDatabase } from '../stack.ts';
import { CAUSE, earmarked, effectOf, legNonce, randomHash, SIGNER } from '../store/fixture.ts';
import { ballast as run } from './shell.ts';

let databaseUrl: string;
let store: Store;
let effectId: string;
beforeAll(async () => {
	databaseUrl = await testDatabase();
	store = openStore({ databaseUrl, pool: 4 });
	await openLane(store.db, { venue: '1', signer: SIGNER, next: 7n });
	const [leg] = await readLegsOf(store.db, (await earmarked(store.db, 1)).earmarkId);
	await legNonce(store.db, leg?.id ?? '', 'approve');
	effectId = (await effectOf(store.db, { leg: leg?.id ?? '' }, 'approve')).id;
});
afterAll(() => store.close());

const ballast = (...args: string[]) => run({ DATABASE_URL: databaseUrl }, 'lanes', ...args);
const events = () => store.db.execute(sql`select event, effect_id, actor, reason from lane_events order by id`);
const WHO = ['--actor', 'kim', '--reason', 'a drill'];
const thaw = (...more: string[]) => ballast('thaw', '--venue', '1', '--signer', SIGNER, ...WHO, ...more);

describe('ballast lanes', () => {
	it('lists every lane with what is under way on it', async () => {
		const { stdout } = await ballast('list');
		expect(stdout).toMatch(
			new RegExp(`^${SIGNER} on 1: next nonce 8\\n  7 approve tracking for \\d+ s, signed 1 times: effect ${effectId}\\n$`),
		);
		const [lane] = JSON.parse((await ballast('list', '--json')).stdout);
		expect(lane).toMatchObject({ venue: '1', next: '8', frozen: null, open: [{ effect: effectId, nonce: '7', cancelRequested: false }] });
	});

	it('says what the node has answered, as when the wallet cannot pay for gas', async () => {
		const [attempt] = await store.db.execute<{ hash: Hex }>(sql`select hash from attempts where effect_id = ${effectId}`);
		const hash = attempt?.hash ?? '0x';
		const error = 'insufficient funds for gas * price + value';
		await recordBroadcast(store.db, { effectId, hash, error });
		expect((await ballast('list')).stdout).toContain(`signed 1 times, the node says: ${error}: effect ${effectId}`);
		await recordBroadcast(store.db, { effectId, hash, error: null });
	});

	it('has an effect cancelled, and keeps who and why', async () => {
		expect(await ballast('cancel', effectId, ...WHO, '--json')).toMatchObject({
			code: 0,
			stdout: `${JSON.stringify({ effect: effectId, spentBy: null, actor: 'kim', reason: 'a drill' })}\n`,
		});
		expect((await ballast('list')).stdout).toContain('to be cancelled');
		expect((await events()).at(-1)).toEqual({ event: 'cancel_requested', effect_id: effectId, actor: 'kim', reason: 'a drill' });
	});

	it('takes the name of a transaction that has spent a nonce', async () => {
		const hash = randomHash();
		expect((await ballast('cancel', effectId, '--spent-by', hash, ...WHO)).code).toBe(0);
		const [row] = await store.db.execute(sql`select spent_by from effects where id = ${effectId}`);
		expect(row).toEqual({ spent_by: hash });
		expect((await events()).at(-1)).toMatchObject({ event: 'spent_by', reason: `${hash}: a drill` });
	});

	it('thaws a frozen lane, and keeps who and why; it never falls', async () => {
		await freezeLane(store.db, { venue: '1', signer: SIGNER }, { ...CAUSE, reason: 'a stranger' });
		expect((await ballast('list')).stdout).toContain('next nonce 8, FROZEN: a stranger\n');
		expect(await thaw('--next', '3')).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot fall from 8 to 3') });
		expect((await thaw('--next', '9')).code).toBe(0);
		expect((await ballast('list')).stdout).toMatch(/: next nonce 9\n/);
		expect((await events()).at(-1)).toMatchObject({ event: 'thawed', actor: 'kim', reason: 'a drill (next raised from 8 to 9)' });
		expect(await thaw()).toMatchObject({ code: 1, stderr: expect.stringContaining('no frozen lane') });
	});

	it('refuses what it cannot do, and what is not said rightly', async () => {
		const wrong = await Promise.resolve(ballast('cancel', 'x', ...WHO));
		expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("effect's id")]);
		expect((await ballast('cancel', effectId)).code).toBe(2);
		expect((await ballast('cancel', effectId, '--reason', ' ')).code).toBe(2);
		expect((await ballast('cancel', effectId, '--spent-by', '0x12', ...WHO)).code).toBe(2);
		expect(await ballast('cancel', randomUUID(), ...WHO)).toMatchObject({ code: 1, stderr: expect.stringContaining('does not exist') });
	});

	it('keeps what was decided for ever', async () => {
		await expect(store.db.execute(sql`delete from lane_events`)).rejects.toThrow();
		await expect(store.db.execute(sql`update lane_events set reason = 'another'`)).rejects.toThrow();
	});
});
