/** `src/store/effects.ts` in memory. */
import type { Address, Hex } from 'viem';
import { InvariantError } from '../../../src/errors.ts';
import type { Effect } from '../../../src/leg/effect.ts';
import { type EffectKind, type EffectOwner, type EffectStatus, effectStatesBefore } from '../../../src/leg/effect-state.ts';
import type { Noted } from '../../../src/leg/leg.ts';
import { amount } from '../../../src/money/amount.ts';
import { theOne } from '../../../src/store/db.ts';
import * as real from '../../../src/store/effects.ts';
import { type EffectRow, type Memory, refuse, tablesOf } from './memory.ts';

export const { LaneClosedError, MAX_IN_FLIGHT, mayHaveLeft } = real;

const SPENDING: readonly string[] = ['send', 'claim', 'purchase'];
const stands = (row: EffectRow, before: readonly EffectStatus[]) => before.includes(row.status as EffectStatus);

export const intendEffects: typeof real.intendEffects = async (tx, drafts) => {
	const memory = await tablesOf(tx);
	for (const { spend, ...draft } of drafts) {
		const { ownerKind, ownerId, hop, kind } = draft;
		const isSame = (row: EffectRow) =>
			row.ownerKind === ownerKind && row.ownerId === ownerId && row.hop === hop && row.kind === kind && row.try === draft.try;
		// PostgreSQL takes an id for a row before it sees that it is there.
		const id = memory.id();
		if (memory.effects.some(isSame)) continue;
		const at = memory.now();
		memory.add(memory.effects, {
			...{ id, ...draft, status: 'intended', epoch: 0, target: null, calldata: null, gas: null, value: 0n, payloadHash: null },
			...{
				spendToken: spend?.token ?? null,
				spender: spend?.spender ?? null,
				spendAmount: spend?.amount ?? null,
				nonce: null,
				refusals: 0,
			},
			...{ requestKey: null, request: null, requestUntilMs: null, feePaid: null },
			...{ reason: null, minedHash: null, minedBlock: null, minedLogs: null, cancelRequestedAt: null, foreignSince: null, spentBy: null },
			...{ createdAt: at, updatedAt: at },
		});
	}
};

export const readEffect: typeof real.readEffect = async (db, id) => toEffect(rowOf(await tablesOf(db), id));

export const readEffectsOf: typeof real.readEffectsOf = async (db, ownerKind, ownerIds) => {
	const rows = (await tablesOf(db)).effects.filter((row) => row.ownerKind === ownerKind && ownerIds.includes(row.ownerId));
	rows.sort((one, other) => one.hop - other.hop || one.kind.localeCompare(other.kind) || one.try - other.try);
	return rows.map(toEffect);
};

export const claimEffect: typeof real.claimEffect = async (db, id, status) => {
	const memory = await tablesOf(db);
	const row = expected(memory, id, (each) => each.status === status);
	memory.change(row, { epoch: row.epoch + 1, updatedAt: memory.now() });
	return row.epoch;
};

export const refuseEffect: typeof real.refuseEffect = async (db, id, reason) => {
	const memory = await tablesOf(db);
	const row = expected(memory, id, (each) => each.status === 'intended');
	memory.change(row, { refusals: row.refusals + 1, reason, updatedAt: memory.now() });
	return row.refusals;
};

export const dropEffects: typeof real.dropEffects = async (tx, ownerKind, ownerId) => {
	const memory = await tablesOf(tx);
	for (const row of memory.effects)
		if (row.ownerKind === ownerKind && row.ownerId === ownerId && row.kind !== 'reset' && stands(row, effectStatesBefore('dropped')))
			memory.change(row, { status: 'dropped', updatedAt: memory.now() });
};

export const reserveNonce: typeof real.reserveNonce = async (tx, { effect, epoch, payload }) => {
	const memory = await tablesOf(tx);
	const { venue, signer } = effect;
	const lane = memory.lanes.find((each) => each.venue === venue && each.signer === signer);
	if (lane === undefined) throw new InvariantError(`no lane for ${signer} on ${venue}`);
	if (lane.frozenReason !== null) throw new InvariantError(`lane of ${signer} on ${venue} is frozen: ${lane.frozenReason}`);
	const underWay = lane.next - lane.mined;
	if (underWay >= MAX_IN_FLIGHT) throw new LaneClosedError(`${signer} on ${venue} has ${underWay} transactions under way`);
	if (underWay < 0n) throw new LaneClosedError(`${signer} on ${venue} has spent ${-underWay} nonces beyond its lane`);
	const nonce = lane.next;
	const built = payload(waitingSpend(memory, effect));
	const row = expected(memory, effect.id, (each) => stands(each, effectStatesBefore('reserved')) && each.epoch === epoch);
	if (memory.effects.some((each) => each.venue === venue && each.signer === signer && each.nonce === nonce)) refuse('effects_nonce');
	const { target, calldata, value, gas, payloadHash } = built;
	memory.change(row, { status: 'reserved', nonce, target, calldata, value, gas, payloadHash, updatedAt: memory.now() });
	memory.change(lane, { next: nonce + 1n, updatedAt: memory.now() });
	return nonce;
};

/** The sum of the sends that still wait to spend this allowance: those without a nonce. */
function waitingSpend(memory: Memory, { venue, signer, spend }: Effect) {
	const waiting = memory.effects.filter(
		(row) => row.venue === venue && row.signer === signer && row.spendToken === spend?.token && row.spender === spend?.spender,
	);
	const open = waiting.filter((row) => spend !== null && row.status === 'intended' && SPENDING.includes(row.kind));
	return amount(open.reduce((sum, row) => sum + (row.spendAmount ?? 0n), 0n));
}

export const storeAttempt: typeof real.storeAttempt = async (tx, { effectId, epoch, attempt }) => {
	const memory = await tablesOf(tx);
	const signable: readonly EffectStatus[] = ['reserved', 'signed', 'tracking'];
	const row = expected(memory, effectId, (each) => stands(each, signable) && each.epoch === epoch);
	const cancels = attempt.cancels ?? false;
	if (!cancels && attempt.payloadHash !== row.payloadHash) refuse('an attempt has the payload of its effect');
	if (cancels && row.cancelRequestedAt === null) refuse('a cancel was requested');
	memory.change(row, { status: row.status === 'reserved' ? 'signed' : row.status, updatedAt: memory.now() });
	if (memory.attempts.some((each) => each.hash === attempt.hash)) return;
	memory.add(memory.attempts, { effectId, ...attempt, cancels, broadcastAt: null, lastError: null, createdAt: memory.now() });
};

export const recordBroadcast: typeof real.recordBroadcast = async (db, { effectId, hash, error }) => {
	const memory = await tablesOf(db);
	const attempt = memory.attempts.find((each) => each.hash === hash);
	if (attempt !== undefined) memory.change(attempt, { broadcastAt: memory.instant(memory.nowMs), lastError: error });
	const row = memory.effects.find((each) => each.id === effectId && stands(each, effectStatesBefore('tracking')));
	if (row !== undefined) memory.change(row, { status: 'tracking', updatedAt: memory.now() });
};

export const resolveEffect: typeof real.resolveEffect = async (tx, id, { to, hash, blockNumber, logs, feePaid = null, reason }) => {
	const memory = await tablesOf(tx);
	const row = expected(memory, id, (each) => stands(each, effectStatesBefore(to)));
	const isAnothers = row.spentBy === hash || memory.attempts.some((each) => each.hash === hash && each.cancels);
	const mined = { minedHash: hash, minedBlock: blockNumber, minedLogs: logs, feePaid, reason, updatedAt: memory.now() };
	memory.change(row, { ...mined, status: to === 'reverted' && isAnothers ? 'cancelled' : to });
};

export const setSpend: typeof real.setSpend = async (tx, id, units) => {
	const memory = await tablesOf(tx);
	const row = memory.effects.find((each) => each.id === id);
	if (row !== undefined) memory.change(row, { spendAmount: units, updatedAt: memory.now() });
};

export const readMinedCall: typeof real.readMinedCall = async (db, id) => {
	const row = (await tablesOf(db)).effects.find((each) => each.id === id && each.status === 'confirmed');
	if (row === undefined || row.minedHash === null || row.minedBlock === null)
		throw new InvariantError(`effect ${id} is not confirmed, so nothing of it was mined`, { effectId: id });
	return { transactionHash: row.minedHash as Hex, blockNumber: row.minedBlock, logs: row.minedLogs as [] };
};

function rowOf(memory: Memory, id: string): EffectRow {
	const row = memory.effects.find((each) => each.id === id);
	if (row === undefined) throw new InvariantError(`effect ${id} does not exist`, { effectId: id });
	return row;
}

export function expected(memory: Memory, id: string, isExpected: (row: EffectRow) => boolean): EffectRow {
	return theOne(
		memory.effects.filter((each) => each.id === id && isExpected(each)),
		'effect',
		id,
	);
}

function toEffect(row: EffectRow): Effect {
	const { id, ownerId, hop, venue, epoch, nonce, refusals, reason, minedBlock, target, calldata, gas, value } = row;
	const { spendToken, spender, spendAmount } = row;
	const spends = spendToken !== null && spender !== null && spendAmount !== null;
	const spend = spends ? { token: spendToken as Address, spender: spender as Address, amount: amount(spendAmount) } : null;
	const hasPayload = target !== null && calldata !== null && gas !== null;
	// Spreading into an object costs ten times as much as writing it down, and effects are what is read most.
	return {
		id,
		ownerKind: row.ownerKind as EffectOwner,
		ownerId,
		hop,
		kind: row.kind as EffectKind,
		try: row.try,
		venue,
		signer: row.signer as Address,
		spend,
		status: row.status as EffectStatus,
		epoch,
		nonce,
		payload: hasPayload ? { target: target as Address, calldata: calldata as Hex, value, gas } : null,
		request: row.requestKey === null ? null : { key: row.requestKey, body: row.request as Noted, untilMs: row.requestUntilMs },
		refusals,
		reason,
		minedHash: row.minedHash as Hex | null,
		minedBlock,
	};
}
