import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchangeKeysOf } from '../../src/config/env.ts';
import { BusyError, ConfigError, InvariantError, PermanentError, TransientError } from '../../src/errors.ts';
import type { Exchange, WithdrawalRequest } from '../../src/exchange/exchange.ts';
import { createExchanges } from '../../src/exchange/registry.ts';
import { createRequester, noRequester } from '../../src/exchange/requester.ts';
import type { Effect } from '../../src/leg/effect.ts';
import { createLog } from '../../src/observe/log.ts';
import { ConflictError, inTransaction, type Store } from '../../src/store/db.ts';
import { claimEffect, readEffect, readEffectsOf } from '../../src/store/effects.ts';
import { hopProven } from '../../src/store/leg-events.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { claimCall, commitRequest } from '../../src/store/requests.ts';
import { writeStop } from '../../src/store/stops.ts';
import { bringLegTo, CAUSE, earmarked, effectOf, hopOf, POOL, randomHash, SIGNER, testStoreWithLanes } from '../store/fixture.ts';

const NOW_MS = 1_760_000_000_000;
const BODY = { exchange: 'binance', coin: 'USDC', network: 'OPTIMISM', address: SIGNER.toLowerCase(), amount: '40.5' };

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

interface Asked {
	readonly request: WithdrawalRequest;
	/** What the row said when the exchange was called. */
	readonly row: Effect;
}

const asked: Asked[] = [];
let answer: () => void;
beforeEach(() => {
	asked.length = 0;
	answer = () => {};
});

const refuse = () => Promise.reject(new Error('nobody was to ask for this'));
const account: Exchange = {
	...{ networks: refuse, depositAddress: refuse, balance: refuse, findDeposit: refuse, findWithdrawal: refuse },
	nowMs: async () => NOW_MS,
	async withdraw(request) {
		const rows = await store.db.execute<{ id: string }>(sql`select id from effects where request_key = ${request.key}`);
		asked.push({ request, row: await readEffect(store.db, rows[0]?.id ?? '') });
		answer();
	},
};
const requesterWith = (exchange: Exchange) =>
	createRequester({ db: store.db, log: createLog('silent', 'test'), wallet: SIGNER, exchange: () => exchange });
const requester = () => requesterWith(account);

async function requested(body: Readonly<Record<string, string>> = BODY): Promise<Effect> {
	const { earmarkId } = await earmarked(store.db, 1);
	const [leg] = await readLegsOf(store.db, earmarkId);
	if (leg === undefined) throw new Error('a leg expected');
	await bringLegTo(store.db, leg.id, 'in_flight');
	const part = await hopOf(store.db, leg.id);
	await inTransaction(store.db, CAUSE, (tx) => hopProven(tx, { ...part, proof: {}, signer: SIGNER }));
	const effect = await effectOf(store.db, { leg: leg.id }, 'claim');
	const epoch = await claimEffect(store.db, effect.id, 'intended');
	await inTransaction(store.db, CAUSE, (tx) => commitRequest(tx, { effect, epoch, request: { key: randomHash(), body, untilMs: null } }));
	return readEffect(store.db, effect.id);
}

describe('a withdrawal', () => {
	it('is claimed before it is asked for, with the times that are stored', async () => {
		const effect = await requested();
		expect(await requester().ask(effect)).toBe('asked');
		const { exchange: _, ...withdrawal } = BODY;
		const times = { atMs: NOW_MS, untilMs: NOW_MS + 10_000 };
		expect(asked).toEqual([
			{
				request: { ...withdrawal, key: effect.request?.key, ...times },
				row: expect.objectContaining({ epoch: effect.epoch + 1, request: { ...effect.request, untilMs: times.untilMs } }),
			},
		]);
		expect(await readEffect(store.db, effect.id)).toMatchObject({ status: 'requested', reason: 'accepted' });
	});

	it.each([
		['no answer', () => new TransientError('no answer within 10000 ms')],
		['a clear refusal', () => new PermanentError('answers 400: -1021')],
		['something unheard of', () => new TypeError('fetch failed')],
	])('is asked for, whatever became of it, after %s', async (_case, error) => {
		const effect = await requested();
		answer = () => {
			throw error();
		};
		expect(await requester().ask(effect)).toBe('asked');
		const after = await readEffect(store.db, effect.id);
		expect(after).toMatchObject({ status: 'requested', reason: error().message, request: { untilMs: NOW_MS + 10_000 } });
	});

	it.each([
		['the exchange wants to be left alone', () => new BusyError('answers 429', 7_000)],
		['the call may not be made', () => new InvariantError('"coin" is not a plain name')],
	])('is claimed, and its caller told, when %s', async (_case, error) => {
		const effect = await requested();
		answer = () => {
			throw error();
		};
		await expect(requester().ask(effect)).rejects.toThrow(error());
		expect(await readEffect(store.db, effect.id)).toMatchObject({ status: 'requested', reason: error().message });
	});

	it('is not asked for while an operator has stopped everything', async () => {
		const effect = await requested();
		await writeStop(store.db, { stopped: true, actor: 'test', reason: 'a look' });
		expect(await requester().ask(effect)).toBe('stopped');
		await writeStop(store.db, { stopped: false, actor: 'test', reason: 'looked' });
		expect(asked).toEqual([]);
		expect(await readEffect(store.db, effect.id)).toEqual(effect);
	});

	it('is not asked for when the effect was claimed since it was read', async () => {
		const effect = await requested();
		await claimCall(store.db, { effect, untilMs: NOW_MS });
		await expect(requester().ask(effect)).rejects.toThrow(ConflictError);
		expect(asked).toEqual([]);
	});

	it('is not claimed when the exchange does not tell its time', async () => {
		const effect = await requested();
		const timeless = { ...account, nowMs: () => Promise.reject(new TransientError('no time')) };
		await expect(requesterWith(timeless).ask(effect)).rejects.toThrow('no time');
		expect(await readEffect(store.db, effect.id)).toEqual(effect);
	});

	it.each<[string, Readonly<Record<string, string>>, RegExp]>([
		['another address', { ...BODY, address: POOL }, /is not our wallet/],
		['no address', { ...BODY, address: '0x12' }, /0x12 is not our wallet/],
		['an amount that is none', { ...BODY, amount: '-1' }, /its request is none: amount/],
		['an amount with an exponent', { ...BODY, amount: '4e1' }, /its request is none: amount/],
		['more than a withdrawal', { ...BODY, walletType: '1' }, /its request is none/],
		['less than a withdrawal', { coin: 'USDC' }, /its request is none: exchange/],
	])('to %s is neither claimed nor asked for', async (_case, body, rule) => {
		const effect = await requested(body);
		await expect(requester().ask(effect)).rejects.toThrow(InvariantError);
		await expect(requester().ask(effect)).rejects.toThrow(rule);
		expect(asked).toEqual([]);
		expect(await readEffect(store.db, effect.id)).toEqual(effect);
	});

	it('belongs to the claim of a leg', async () => {
		const effect = await requested();
		for (const other of [{ kind: 'send' }, { ownerKind: 'earmark' }, { request: null }] as const)
			await expect(requester().ask({ ...effect, ...other })).rejects.toThrow(InvariantError);
		expect(asked).toEqual([]);
		expect((await readEffectsOf(store.db, 'leg', [effect.ownerId])).find(({ id }) => id === effect.id)).toEqual(effect);
	});
});

describe('without keys', () => {
	const settings = { apiUrl: 'http://exchange.test', uidWeightPerMinute: 180_000, ipWeightPerMinute: 12_000 };
	const budget = () => ({ enter: refuse, pause: refuse });
	const exchanges = (mustHaveKeys: boolean) =>
		createExchanges({ keys: exchangeKeysOf({ DATABASE_URL: '' } as never), budget, nowMs: Date.now, mustHaveKeys });

	it('whoever moves funds does not start, and is told which key is missing', () => {
		expect(() => exchanges(true).open('binance', settings)).toThrow(ConfigError);
		expect(() => exchanges(true).open('binance', settings)).toThrow(/BALLAST_BINANCE_API_KEY: is not set/);
	});

	it('whoever only shows what is there starts, and asks nothing', async () => {
		const opened = exchanges(false);
		const exchange = opened.open('binance', settings);
		for (const ask of [() => exchange.nowMs(), () => exchange.balance('USDC'), () => opened.named('binance').networks('USDC')])
			await expect(ask()).rejects.toThrow(/BALLAST_BINANCE_API_KEY/);
		expect(() => opened.named('kraken')).toThrow(/"kraken" is not configured/);
	});

	it('a process asks for no withdrawal', async () => {
		const effect = await requested();
		await expect(noRequester().ask(effect)).rejects.toThrow(PermanentError);
		expect(await readEffect(store.db, effect.id)).toEqual(effect);
	});
});
