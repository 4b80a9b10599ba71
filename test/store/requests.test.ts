import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/leg/effect.ts';
import { EFFECT_STATUSES, type EffectStatus } from '../../src/leg/effect-state.ts';
import type { Hop, Leg } from '../../src/leg/leg.ts';
import { BASE_UNIT } from '../../src/money/amount.ts';
import { ConflictError, type Db, inTransaction, type Store } from '../../src/store/db.ts';
import { claimEffect, dropEffects, readEffect, readEffectsOf, reserveNonce } from '../../src/store/effects.ts';
import { deliverHop, hopProven, returnHop } from '../../src/store/leg-events.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { claimCall, commitRequest, intendAnew, noteAnswer, requestDone } from '../../src/store/requests.ts';
import {
	bringLegTo,
	CAUSE,
	DECIMALS,
	earmarked,
	effectOf,
	hopOf,
	randomHash,
	SIGNER,
	TOKEN,
	testStoreWithLanes,
	tried,
} from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStoreWithLanes();
});
afterAll(() => store.close());

const UNTIL_MS = 1_760_000_000_000;
const BODY = { exchange: 'binance', coin: 'USDC', network: 'OPTIMISM', address: SIGNER, amount: '40' };
const PROOF = { credited: '41' };

interface Claiming {
	readonly leg: Leg;
	readonly hop: Hop;
	readonly effect: Effect;
}

async function claimOf(db: Db, legId: string): Promise<Claiming> {
	return { ...(await hopOf(db, legId)), effect: await effectOf(db, { leg: legId }, 'claim') };
}

/** A hop that is proven, and whose claim is intended. */
async function proven(db: Db): Promise<Claiming> {
	const { earmarkId } = await earmarked(db, 1);
	const [leg] = await readLegsOf(db, earmarkId);
	if (leg === undefined) throw new Error('a leg expected');
	await bringLegTo(db, leg.id, 'in_flight');
	const part = await hopOf(db, leg.id);
	await inTransaction(db, CAUSE, (tx) => hopProven(tx, { ...part, proof: PROOF, signer: SIGNER }));
	return claimOf(db, leg.id);
}

async function commit(db: Db, { effect }: Claiming, key: string = randomHash()): Promise<void> {
	const epoch = await claimEffect(db, effect.id, 'intended');
	await inTransaction(db, CAUSE, (tx) => commitRequest(tx, { effect, epoch, request: { key, body: BODY, untilMs: null } }));
}

async function requested(db: Db): Promise<Claiming> {
	const claiming = await proven(db);
	await commit(db, claiming);
	return claimOf(db, claiming.leg.id);
}

const events = {
	commitRequest: (db: Db, { effect }: Claiming) =>
		inTransaction(db, CAUSE, (tx) =>
			commitRequest(tx, { effect, epoch: effect.epoch, request: { key: randomHash(), body: BODY, untilMs: null } }),
		),
	claimCall: (db: Db, { effect }: Claiming) => claimCall(db, { effect, untilMs: UNTIL_MS }),
	requestDone: (db: Db, claiming: Claiming) =>
		inTransaction(db, CAUSE, (tx) => requestDone(tx, { ...claiming, proof: { ...PROOF, withdrawTx: '0x' } })),
	reject: (db: Db, claiming: Claiming) =>
		inTransaction(db, CAUSE, (tx) => intendAnew(tx, { ...claiming, to: 'rejected', reason: 'cancelled' })),
	lapse: (db: Db, claiming: Claiming) =>
		inTransaction(db, CAUSE, (tx) => intendAnew(tx, { ...claiming, to: 'lapsed', reason: 'out of date' })),
};
type Event = keyof typeof events;

/** Where an event leads from a state; what is not here is refused. */
const LEADS: Partial<Record<EffectStatus, Partial<Record<Event, EffectStatus>>>> = {
	intended: { commitRequest: 'requested' },
	requested: { claimCall: 'requested', requestDone: 'confirmed', reject: 'rejected', lapse: 'lapsed' },
};

describe('in every state, every event', () => {
	const rows = EFFECT_STATUSES.flatMap((state) => (Object.keys(events) as Event[]).map((event) => [state, event] as const));
	it.each(rows)('%s, %s leads where it may or changes nothing', async (state, event) => {
		const answer = await tried(store.db, async (db) => {
			const claiming = state === 'intended' ? await proven(db) : await requested(db);
			const { id } = claiming.effect;
			if (state !== 'requested') await db.execute(sql`update effects set status = ${state} where id = ${id}`);
			const before = await readEffect(db, id);
			const outcome = await events[event](db, { ...claiming, effect: before }).then(
				() => 'done' as const,
				(error: unknown) => error,
			);
			return {
				outcome,
				before,
				after: await readEffect(db, id),
				tries: (await readEffectsOf(db, 'leg', [claiming.leg.id])).filter(isClaim).length,
			};
		});
		const leads = LEADS[state]?.[event];
		if (leads === undefined) {
			expect(answer.outcome).toBeInstanceOf(Error);
			expect(answer.after).toEqual(answer.before);
		} else {
			expect(answer.outcome).toBe('done');
			expect(answer.after.status).toBe(leads);
		}
		expect(answer.tries).toBe(leads === 'rejected' || leads === 'lapsed' ? 2 : 1);
	});
});

const isClaim = ({ kind }: Effect) => kind === 'claim';

describe('a request', () => {
	it('is stored with its key and body, before there was any call', async () => {
		const { effect } = await requested(store.db);
		expect(effect.request).toEqual({ key: expect.any(String), body: BODY, untilMs: null });
	});

	it('is refused to whoever was overtaken between claiming and committing', async () => {
		const { effect } = await proven(store.db);
		const stale = await claimEffect(store.db, effect.id, 'intended');
		await claimEffect(store.db, effect.id, 'intended');
		const late = inTransaction(store.db, CAUSE, (tx) =>
			commitRequest(tx, { effect, epoch: stale, request: { key: randomHash(), body: BODY, untilMs: null } }),
		);
		await expect(late).rejects.toThrow(ConflictError);
		expect((await readEffect(store.db, effect.id)).request).toBeNull();
	});

	it('has its key alone, among all effects and for ever', async () => {
		const key = randomHash();
		await commit(store.db, await proven(store.db), key);
		await expect(proven(store.db).then((other) => commit(store.db, other, key))).rejects.toMatchObject({
			cause: { message: expect.stringContaining('effects_request') },
		});
	});

	it('is done together with the proof of it', async () => {
		const claiming = await requested(store.db);
		const proof = { ...PROOF, withdrawTx: '0x12' };
		await inTransaction(store.db, CAUSE, (tx) => requestDone(tx, { ...claiming, proof }));
		expect((await hopOf(store.db, claiming.leg.id)).hop.proof).toEqual(proof);
		expect(await readEffect(store.db, claiming.effect.id)).toMatchObject({ status: 'confirmed', reason: null });
	});

	it('that came to nothing is intended once more, as it was, and once however often that is noticed', async () => {
		const claiming = await requested(store.db);
		const reject = () => inTransaction(store.db, CAUSE, (tx) => intendAnew(tx, { ...claiming, to: 'rejected', reason: 'ended' }));
		const results = await Promise.allSettled([reject(), reject(), reject()]);
		expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
		const { ownerId, venue, signer, hop } = claiming.effect;
		const claims = (await readEffectsOf(store.db, 'leg', [ownerId])).filter(isClaim);
		expect(claims).toMatchObject([
			{ try: 1, status: 'rejected', reason: 'ended' },
			{ try: 2, status: 'intended', request: null, nonce: null, venue, signer, hop },
		]);
	});

	it('that lapsed leaves its key to the next one, and one that was rejected does not', async () => {
		for (const to of ['lapsed', 'rejected'] as const) {
			const claiming = await requested(store.db);
			await inTransaction(store.db, CAUSE, (tx) => intendAnew(tx, { ...claiming, to, reason: 'over' }));
			const again = await claimOf(store.db, claiming.leg.id);
			const committed = commit(store.db, again, claiming.effect.request?.key);
			if (to === 'lapsed') await committed;
			else await expect(committed).rejects.toMatchObject({ cause: { constraint_name: 'effects_request' } });
		}
	});

	it('notes what was said to a call as long as it is open, and no longer', async () => {
		const claiming = await requested(store.db);
		await noteAnswer(store.db, claiming.effect.id, 'accepted');
		expect((await readEffect(store.db, claiming.effect.id)).reason).toBe('accepted');
		await inTransaction(store.db, CAUSE, (tx) => intendAnew(tx, { ...claiming, to: 'rejected', reason: 'cancelled' }));
		await noteAnswer(store.db, claiming.effect.id, 'late words');
		expect((await readEffect(store.db, claiming.effect.id)).reason).toBe('cancelled');
	});
});

describe('the right to a call', () => {
	it("is one process's, of all that have read the same row", async () => {
		const { effect } = await requested(store.db);
		const results = await Promise.allSettled(
			Array.from({ length: 8 }, (_, index) => claimCall(store.db, { effect, untilMs: UNTIL_MS + index })),
		);
		expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
		for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConflictError);
		const winner = results.findIndex(({ status }) => status === 'fulfilled');
		expect(await readEffect(store.db, effect.id)).toMatchObject({ epoch: effect.epoch + 1, request: { untilMs: UNTIL_MS + winner } });
	});

	it('outlives whoever gives up or finishes on an older reading', async () => {
		const claiming = await requested(store.db);
		await claimCall(store.db, { effect: claiming.effect, untilMs: UNTIL_MS });
		for (const event of ['reject', 'lapse', 'requestDone'] as const)
			await expect(events[event](store.db, claiming)).rejects.toThrow(ConflictError);
		expect(await claimOf(store.db, claiming.leg.id)).toMatchObject({ effect: { status: 'requested', try: 1 }, hop: { proof: PROOF } });
	});
});

describe('what has committed', () => {
	const broken = async (effect: Effect, change: ReturnType<typeof sql>): Promise<string> => {
		const error: unknown = await store.db
			.execute(sql`update effects set ${change} where id = ${effect.id}`)
			.catch((caught: unknown) => caught);
		const cause = error instanceof Error ? error.cause : null;
		return cause instanceof postgres.PostgresError ? cause.message : 'nothing was refused';
	};

	it('can never ask for anything else, nor take a call back', async () => {
		const { effect } = await requested(store.db);
		await claimCall(store.db, { effect, untilMs: UNTIL_MS });
		expect(await broken(effect, sql`request_key = 'another'`)).toMatch(/what it asks for is frozen/);
		expect(await broken(effect, sql`request = jsonb_set(request, '{amount}', '"41"')`)).toMatch(/what it asks for is frozen/);
		expect(await broken(effect, sql`request_key = null, request = null`)).toMatch(/what it asks for is frozen/);
		expect(await broken(effect, sql`request_until_ms = ${UNTIL_MS - 1}`)).toMatch(/cannot be taken back/);
		expect(await broken(effect, sql`request_until_ms = null`)).toMatch(/cannot be taken back/);
		expect(await broken(effect, sql`request_until_ms = ${UNTIL_MS + 1}`)).toBe('nothing was refused');
		await expect(
			readEffect(store.db, effect.id).then((again) => claimCall(store.db, { effect: again, untilMs: UNTIL_MS })),
		).rejects.toMatchObject({ cause: { message: expect.stringContaining('cannot be taken back') } });
	});

	it('is a nonce or a request, and a request is a key and a body', async () => {
		const { effect } = await requested(store.db);
		expect(await broken(effect, sql`nonce = 7, target = '0x', calldata = '0x', value = 0, gas = 1, payload_hash = '0x'`)).toMatch(
			/effects_nonce_or_request/,
		);
		const { effect: other } = await proven(store.db);
		expect(await broken(other, sql`request_key = 'k'`)).toMatch(/effects_request_has_body/);
		expect(await broken(other, sql`request = '{}'`)).toMatch(/effects_request_has_body/);
		expect(await broken(other, sql`status = 'requested'`)).toMatch(/effects_past_intent_has_nonce/);
	});

	it('gets no nonce, and what has a nonce no request', async () => {
		const reserve = async (effect: Effect, epoch: number) =>
			inTransaction(store.db, CAUSE, (tx) =>
				reserveNonce(tx, {
					effect,
					epoch,
					payload: () => ({ target: TOKEN, calldata: '0x12', value: 0n, gas: 1n, payloadHash: randomHash() }),
				}),
			);
		const { effect } = await requested(store.db);
		await expect(reserve(effect, effect.epoch)).rejects.toThrow(ConflictError);
		const reserved = await proven(store.db);
		const epoch = await claimEffect(store.db, reserved.effect.id, 'intended');
		await reserve(reserved.effect, epoch);
		const late = inTransaction(store.db, CAUSE, (tx) =>
			commitRequest(tx, { effect: reserved.effect, epoch, request: { key: randomHash(), body: BODY, untilMs: null } }),
		);
		await expect(late).rejects.toThrow(ConflictError);
	});

	it('is followed to its end: nobody drops it, and nobody ends the hop beside it', async () => {
		const claiming = await requested(store.db);
		const { leg, hop, effect } = claiming;
		await inTransaction(store.db, CAUSE, (tx) => dropEffects(tx, 'leg', leg.id));
		expect((await readEffect(store.db, effect.id)).status).toBe('requested');
		const delivery = { venue: hop.destination, amount: BASE_UNIT, transactionHash: randomHash(), blockNumber: 9n };
		const arrived = { leg, hop, proof: {}, delivery, decimals: DECIMALS };
		const deliver = (part: typeof arrived) =>
			inTransaction(store.db, CAUSE, (tx) => deliverHop(tx, { ...part, next: null, signer: SIGNER }));
		await expect(deliver(arrived)).rejects.toThrow(/has a claim under way/);
		const returned = inTransaction(store.db, CAUSE, (tx) => returnHop(tx, { ...arrived, delivery: { ...delivery, venue: hop.origin } }));
		await expect(returned).rejects.toThrow(/has a claim under way/);
		await inTransaction(store.db, CAUSE, (tx) => requestDone(tx, { ...claiming, proof: PROOF }));
		await deliver({ ...arrived, ...(await hopOf(store.db, leg.id)) });
		expect((await hopOf(store.db, leg.id)).leg.status).toBe('delivered');
	});
});
