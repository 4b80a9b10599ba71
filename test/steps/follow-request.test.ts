/** Withdrawals by the product's own steps, on real chains and an exchange that would pay twice if it were asked twice. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import { TransientError } from '../../src/errors.ts';
import { writeStop } from '../../src/store/stops.ts';
import { act, dueStep } from '../conformance/hop.ts';
import { type Fate, openWithdrawal, type WithdrawalStand } from './withdrawal-stand.ts';

let world: World;
let stand: WithdrawalStand;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {}, exchange: true });
});
afterEach(() => stand.close());
afterAll(() => world.stop());

const COIN = 10n ** 8n;
const DAY_MS = 86_400_000;
/** How long a call may be taken, and how long what was taken may be unlisted here. */
const [VALID_MS, LAG_MS] = [10_000, 2_000];

const hasEnded = async () => dueStep(await stand.room.leg()) === null;
const statuses = async () => (await stand.claims()).map(({ status }) => status);

/** Steps of one process until the request is stored, and nobody was asked. */
async function stored(): Promise<void> {
	while ((await statuses()).at(-1) !== 'requested') await stand.room.step(stand.one);
	expect(stand.calls).toEqual([]);
}

/** The product asks for the terms every few seconds. */
async function setTerms(terms: Parameters<WithdrawalStand['binance']['setTerms']>[2]): Promise<void> {
	stand.binance.setTerms('USDC', 'OPTIMISM', terms);
	await stand.room.pass(5_000);
}

async function expectPaidOnce(): Promise<void> {
	await stand.room.goTo(null, stand.one);
	expect(stand.paid()).toEqual([100n * COIN]);
	expect(stand.binance.duplicates).toBe(0);
	await stand.room.expectDelivered();
}

describe('a withdrawal', () => {
	it('that was never taken is asked for again under the same key, once no earlier call can be taken; one whose answer is lost is not', async () => {
		stand = await openWithdrawal(world);
		stand.fate = (number) => (number < 3 ? 'never' : 'lost');
		await expectPaidOnce();
		expect(new Set(stand.calls.map(({ key }) => key)).size).toBe(1);
		const [first, second, third] = stand.calls.map(({ atMs }) => atMs);
		expect(stand.calls).toHaveLength(3);
		expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(VALID_MS + LAG_MS);
		expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(VALID_MS + LAG_MS);
		expect(await stand.claims()).toMatchObject([{ status: 'confirmed', key: stand.calls[0]?.key, untilMs: `${(third ?? 0) + VALID_MS}` }]);
	});

	it('that the exchange has ended is asked for under the next key, however often, and one is paid', async () => {
		stand = await openWithdrawal(world);
		const { withdrawals, settings } = stand.binance;
		settings.outcome = ({ id }) =>
			(['cancelled', 'rejected', 'failed'] as const)[withdrawals().findIndex((each) => each.id === id)] ?? 'completed';
		await expectPaidOnce();
		expect(withdrawals().map(({ status }) => status)).toEqual([1, 3, 5, 6]);
		const claims = await stand.claims();
		expect(claims.map((each) => each.status)).toEqual(['rejected', 'rejected', 'rejected', 'confirmed']);
		expect(claims.map(({ key }) => key)).toEqual(withdrawals().map(({ orderId }) => orderId));
		expect(claims[0]?.reason).toMatch(/ended: status 1, cancelled/);
	});

	it('is asked for as stored when only the fee has changed, and what arrives counts', async () => {
		stand = await openWithdrawal(world);
		await stored();
		await setTerms({ withdrawFee: '0.5' });
		await stand.room.goTo(null, stand.one);
		expect(stand.calls).toHaveLength(1);
		expect(await statuses()).toEqual(['confirmed']);
		expect(await stand.room.leg()).toMatchObject({ status: 'delivered', delivered: 99_500_000n });
	});

	it('waits while everything is stopped, and while the fee is too dear, and is then asked for as stored', async () => {
		stand = await openWithdrawal(world);
		await stored();
		const { room, one } = stand;
		await writeStop(one.app.db, { stopped: true, actor: 'test', reason: 'a look' });
		expect(await room.step(one)).toMatchObject({ kind: 'snooze', reason: 'stopped by an operator' });
		await writeStop(one.app.db, { stopped: false, actor: 'test', reason: 'looked' });
		await setTerms({ withdrawFee: '1.5' });
		expect(await room.step(one)).toMatchObject({ kind: 'snooze', reason: expect.stringContaining('maximumFeeBps') });
		expect(await stand.claims()).toMatchObject([{ status: 'requested', untilMs: null }]);
		expect(stand.calls).toEqual([]);
		await setTerms({ withdrawFee: '0.1' });
		await expectPaidOnce();
		expect(await statuses()).toEqual(['confirmed']);
	});

	it('is given up before it is asked for when the step has changed, and the next try asks for whole steps', async () => {
		stand = await openWithdrawal(world);
		await stored();
		await setTerms({ withdrawIntegerMultiple: '30' });
		await stand.room.goTo(null, stand.one);
		expect(await stand.claims()).toMatchObject([
			{ try: 1, status: 'lapsed', amount: '100', untilMs: null, reason: 'never taken, and out of date' },
			{ try: 2, status: 'confirmed', amount: '90' },
		]);
		expect(stand.calls.map(({ amount }) => amount)).toEqual(['90']);
		expect(stand.paid()).toEqual([90n * COIN]);
		expect(await stand.room.leg()).toMatchObject({ status: 'delivered', delivered: 89_900_000n });
	});

	it('is found although it was asked for weeks ago, and asked for once more when it was not taken then', async () => {
		stand = await openWithdrawal(world);
		stand.fate = (number) => (number === 1 ? 'never' : 'lost');
		const { room } = stand;
		while (stand.calls.length < 1) await room.step(stand.one);
		await room.pass(23 * DAY_MS);
		while (stand.calls.length < 2) await room.step(stand.other);
		room.hold();
		await room.pass(23 * DAY_MS);
		expect(await room.step(room.enter())).toMatchObject({ kind: 'snooze', reason: expect.stringContaining('not sent yet') });
		await room.release();
		await expectPaidOnce();
		expect(stand.calls).toHaveLength(2);
	});
});

describe('two processes', () => {
	it('that go by turns ask for one withdrawal', async () => {
		stand = await openWithdrawal(world);
		stand.fate = (number) => (number === 1 ? 'never' : 'lost');
		for (let steps = 0; steps < 20 && !(await hasEnded()); steps += 1) await stand.room.step(steps % 2 === 0 ? stand.one : stand.other);
		await expectPaidOnce();
		expect(stand.calls).toHaveLength(2);
	});

	it('that do every step at once ask for one withdrawal, each on a look that is as old as that of the other', async () => {
		stand = await openWithdrawal(world);
		await stored();
		stand.binance.credit('USDC', '1000');
		const waiting: (() => void)[] = [];
		stand.afterLook = ({ state }) => {
			expect(state).toBe('absent');
			const both = new Promise<void>((go) => waiting.push(go));
			if (waiting.length === 2) for (const go of waiting) go();
			return both;
		};
		await stand.together();
		expect(waiting).toHaveLength(2);
		stand.afterLook = async () => {};
		expect(stand.calls).toHaveLength(1);
		for (let steps = 0; steps < 20 && !(await hasEnded()); steps += 1) await stand.together();
		await expectPaidOnce();
		expect(stand.calls).toHaveLength(1);
	});

	/** One process looks; before it does anything about that, the other one does `meanwhile`. Whatever the first does then fails. */
	async function overtaken(state: string, meanwhile: () => Promise<void>): Promise<void> {
		const { id } = await stand.room.leg();
		let isOvertaken = false;
		stand.afterLook = async (sight) => {
			if (isOvertaken || sight.state !== state) return;
			isOvertaken = true;
			await meanwhile();
		};
		await expect(act(stand.one, id)).rejects.toThrow(TransientError);
		expect(isOvertaken).toBe(true);
	}

	it('do not ask on a look that is older than the call of the other', async () => {
		stand = await openWithdrawal(world);
		await stored();
		stand.binance.credit('USDC', '1000');
		await overtaken('absent', async () => void (await stand.room.step(stand.other)));
		expect(stand.calls).toHaveLength(1);
		await expectPaidOnce();
	});

	it('do not give up as out of date what the other has asked for since', async () => {
		stand = await openWithdrawal(world);
		await stored();
		stand.binance.credit('USDC', '1000');
		await overtaken('absent', async () => {
			await stand.room.step(stand.other);
			await setTerms({ withdrawIntegerMultiple: '30' });
		});
		expect(await statuses()).toEqual(['requested']);
		await expectPaidOnce();
		expect(stand.calls).toHaveLength(1);
	});

	it('make one next try of what has ended', async () => {
		stand = await openWithdrawal(world);
		const { withdrawals, settings } = stand.binance;
		settings.outcome = ({ id }) => (withdrawals()[0]?.id === id ? 'rejected' : 'completed');
		while (stand.calls.length < 1) await stand.room.step(stand.one);
		await stand.room.release();
		await overtaken('rejected', async () => {
			while (stand.calls.length < 2) await stand.room.step(stand.other);
		});
		await expectPaidOnce();
		expect(await statuses()).toEqual(['rejected', 'confirmed']);
		expect(stand.calls).toHaveLength(2);
	});

	it('are not paid twice when one is held up with its call in hand until the other has made its own', async () => {
		stand = await openWithdrawal(world);
		await stored();
		stand.binance.credit('USDC', '1000');
		const { room } = stand;
		const { id } = await room.leg();
		let letGo = (): void => {};
		const heldUp = new Promise<void>((go) => {
			letGo = go;
		});
		stand.fate = async (number): Promise<Fate> => {
			if (number === 1) await heldUp;
			return 'taken';
		};
		const late = act(stand.one, id);
		while (stand.calls.length < 1) await turn();
		while (stand.calls.length < 2) await room.step(stand.other);
		expect(stand.binance.withdrawals()).toHaveLength(1);
		letGo();
		await late;
		expect(stand.binance.api.counts.get('POST /sapi/v1/capital/withdraw/apply')).toBe(2);
		expect(stand.binance.withdrawals()).toHaveLength(1);
		await expectPaidOnce();
	});
});
