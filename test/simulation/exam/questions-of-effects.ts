/** Questions about effects, what was signed for them, and lanes. */
import type { Hex } from 'viem';
import { EFFECT_KINDS, EFFECT_STATUSES, type EffectOwner, effectStatesBefore } from '../../../src/leg/effect-state.ts';
import { intendReset, isBeingSpent } from '../../../src/store/allowances.ts';
import { readTrail } from '../../../src/store/attempts.ts';
import {
	claimEffect,
	dropEffects,
	intendEffects,
	readEffect,
	readEffectsOf,
	readMinedCall,
	recordBroadcast,
	refuseEffect,
	reserveNonce,
	resolveEffect,
	setSpend,
	storeAttempt,
} from '../../../src/store/effects.ts';
import { readHighestDecided, readNeglected, readSignedBetween } from '../../../src/store/lane-history.ts';
import {
	clearForeign,
	clearLaneForeign,
	freezeLane,
	laneExists,
	noteForeign,
	noteLaneForeign,
	noteMined,
	openLane,
	readLanes,
	requestCancel,
} from '../../../src/store/lanes.ts';
import { type Chance, SIGNER } from './chance.ts';
import type { InTransaction, OnConnection } from './questions.ts';

const CAUSE = { actor: 'examiner', reason: 'because it is asked' };

const effectOf = (of: Chance, ...statuses: readonly string[]) =>
	of.id(of.memory.effects, ({ status }) => statuses.length === 0 || statuses.includes(status));

function ownerOf(of: Chance): { ownerKind: EffectOwner; ownerId: string } {
	const ownerKind = of.one(['leg', 'earmark'] as const);
	return { ownerKind, ownerId: ownerKind === 'leg' ? of.id(of.memory.legs) : of.id(of.memory.earmarks) };
}

const draftOf = (of: Chance) => {
	const kind = of.one(EFFECT_KINDS);
	const key = { ...ownerOf(of), hop: of.below(2), kind, try: 1 + of.below(2) };
	return { ...key, venue: of.venue(), signer: SIGNER, spend: kind === 'claim' ? null : of.spend() };
};

/** One epoch before it is seldom. */
const epochOf = (of: Chance, effectId: string) => (of.memory.effects.find(({ id }) => id === effectId)?.epoch ?? 0) - (of.seldom() ? 1 : 0);

export const onEffects = {
	isBeingSpent: async (db, of) => isBeingSpent(db, await readEffect(db, effectOf(of))),
	readTrail: (db, of) => readTrail(db, effectOf(of, 'signed', 'tracking')),
	readEffect: (db, of) => readEffect(db, effectOf(of)),
	readEffectsOf: (db, of) => {
		const { ownerKind, ownerId } = ownerOf(of);
		return readEffectsOf(db, ownerKind, of.one([[ownerId], [], [ownerId, ownerOf(of).ownerId]]));
	},
	claimEffect: (db, of) => claimEffect(db, effectOf(of), of.one(EFFECT_STATUSES)),
	refuseEffect: (db, of) => refuseEffect(db, effectOf(of, 'intended'), `refused ${of.below(9)} times`),
	recordBroadcast: (db, of) => {
		const { effectId, hash } = of.row(of.memory.attempts);
		return recordBroadcast(db, { effectId, hash: of.seldom() ? of.hash() : (hash as Hex), error: of.one([null, 'timeout']) });
	},
	readMinedCall: (db, of) => readMinedCall(db, effectOf(of, 'confirmed')),
	readSignedBetween: (db, of) => readSignedBetween(db, { ...of.lane(), from: BigInt(of.below(3)), to: BigInt(of.below(9)) }),
	readHighestDecided: (db, of) => readHighestDecided(db, { ...of.lane(), from: BigInt(of.below(3)) }),
	readNeglected: (db, of) => readNeglected(db, { ...of.lane(), from: BigInt(of.below(3)), idleMs: of.ms() }),
	readLanes: (db) => readLanes(db),
	openLane: (db, of) => openLane(db, { ...of.lane(), next: BigInt(of.below(3)) }),
	laneExists: (db, of) => laneExists(db, { ...of.lane(), ...of.one([{}, { venue: '56' }]) }),
	noteMined: (db, of) => noteMined(db, of.lane(), BigInt(of.below(of.seldom() ? 9 : 3))),
	freezeLane: (db, of) => freezeLane(db, of.seldom() ? of.lane() : { venue: '56', signer: SIGNER }, CAUSE),
	noteForeign: (db, of) => noteForeign(db, effectOf(of)),
	clearForeign: (db, of) => clearForeign(db, effectOf(of)),
	noteLaneForeign: (db, of) => noteLaneForeign(db, of.lane(), BigInt(of.below(9))),
	clearLaneForeign: (db, of) => clearLaneForeign(db, of.lane()),
	requestCancel: (db, of) => requestCancel(db, effectOf(of, 'reserved', 'signed', 'tracking'), CAUSE),
} satisfies Record<string, OnConnection>;

export const inEffects = {
	intendReset: async (tx, of) => {
		const { ownerKind, ownerId } = ownerOf(of);
		return intendReset(tx, await readEffectsOf(tx, ownerKind, [ownerId]));
	},
	intendEffects: (tx, of) => intendEffects(tx, of.one([[], [draftOf(of)], [draftOf(of), draftOf(of), draftOf(of)]])),
	dropEffects: (tx, of) => {
		const { ownerKind, ownerId } = ownerOf(of);
		return dropEffects(tx, ownerKind, ownerId);
	},
	reserveNonce: async (tx, of) => {
		const effect = await readEffect(tx, effectOf(of, 'intended'));
		const payload = { target: SIGNER, value: 0n, gas: 50_000n, payloadHash: of.hash() };
		return reserveNonce(tx, { effect, epoch: epochOf(of, effect.id), payload: (waiting) => ({ ...payload, calldata: `0x${waiting}` }) });
	},
	storeAttempt: (tx, of) => {
		const row = of.row(of.memory.effects, ({ status }) => ['reserved', 'signed', 'tracking'].includes(status));
		const effectId = row.id;
		const payloadHash = (of.seldom() ? of.hash() : (row.payloadHash ?? of.hash())) as Hex;
		const cancels = (row.cancelRequestedAt !== null) !== of.seldom();
		const fees = { gas: 50_000n, maxFeePerGas: BigInt(of.below(99)), maxPriorityFeePerGas: 1n };
		const attempt = { hash: of.hash(), raw: of.hash(), payloadHash, ...fees, ...(cancels ? { cancels } : {}) };
		return storeAttempt(tx, { effectId, epoch: epochOf(of, effectId), attempt });
	},
	resolveEffect: (tx, of) => {
		const to = of.one(['confirmed', 'reverted', 'cancelled'] as const);
		const id = effectOf(of, ...effectStatesBefore(to));
		const signed = of.memory.attempts.filter(({ effectId }) => effectId === id).map(({ hash }) => hash as Hex);
		const verdict = { blockNumber: of.block(), logs: [{ topics: ['0x1'], data: '0x', removed: false }], reason: of.one([null, 'paused']) };
		const fee = of.one([{}, { feePaid: of.block() }]);
		return resolveEffect(tx, id, { ...fee, to, hash: of.one([...signed, of.hash()]), ...verdict });
	},
	setSpend: (tx, of) => setSpend(tx, effectOf(of, 'intended'), of.units()),
} satisfies Record<string, InTransaction>;
