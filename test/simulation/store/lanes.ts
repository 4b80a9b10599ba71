/** `src/store/lanes.ts` in memory. */
import type { Address } from 'viem';
import { InvariantError, PermanentError } from '../../../src/errors.ts';
import { EFFECT_TRANSITIONS, type EffectStatus } from '../../../src/leg/effect-state.ts';
import type * as real from '../../../src/store/lanes.ts';
import { expected } from './effects.ts';
import { type EffectRow, type LaneRow, type Memory, tablesOf } from './memory.ts';

export const readLanes: typeof real.readLanes = async (db) =>
	(await tablesOf(db)).lanes
		.toSorted((one, other) => one.venue.localeCompare(other.venue) || one.signer.localeCompare(other.signer))
		.map(({ venue, signer, next, mined, frozenReason, foreignSince }) => ({
			...{ venue, signer: signer as Address, next, mined, frozen: frozenReason, isSuspect: foreignSince !== null },
		}));

export const openLane: typeof real.openLane = async (db, { venue, signer, next }) => {
	const memory = await tablesOf(db);
	if (laneIn(memory, { venue, signer }) !== undefined) return;
	memory.add(memory.lanes, { venue, signer, next, mined: next, frozenReason: null, foreignSince: null, updatedAt: memory.now() });
};

export const laneExists: typeof real.laneExists = async (db, lane) => laneIn(await tablesOf(db), lane) !== undefined;

export const noteMined: typeof real.noteMined = async (db, lane, mined) => {
	const memory = await tablesOf(db);
	const row = laneIn(memory, lane);
	if (row !== undefined && row.mined < mined) memory.change(row, { mined });
};

export const freezeLane: typeof real.freezeLane = (db, lane, { actor, reason }) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const row = laneIn(memory, lane);
		if (row === undefined || row.frozenReason !== null) return false;
		memory.change(row, { frozenReason: reason, updatedAt: memory.now() });
		tellLane(memory, { ...lane, event: 'frozen', effectId: null, actor, reason });
		return true;
	});

export const noteForeign: typeof real.noteForeign = async (db, effectId) => {
	const memory = await tablesOf(db);
	const row = expected(memory, effectId, () => true);
	return suspect(memory, row);
};

export const clearForeign: typeof real.clearForeign = async (db, effectId) => {
	const memory = await tablesOf(db);
	const row = memory.effects.find((each) => each.id === effectId);
	if (row !== undefined) memory.change(row, { foreignSince: null });
};

export const noteLaneForeign: typeof real.noteLaneForeign = async (db, lane, spent) => {
	const memory = await tablesOf(db);
	const row = laneIn(memory, lane);
	if (row === undefined || row.next >= spent) return null;
	return suspect(memory, row);
};

export const clearLaneForeign: typeof real.clearLaneForeign = async (db, lane) => {
	const memory = await tablesOf(db);
	const row = laneIn(memory, lane);
	if (row !== undefined) memory.change(row, { foreignSince: null, mined: row.mined < row.next ? row.mined : row.next });
};

export const requestCancel: typeof real.requestCancel = (db, effectId, cause) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const row = memory.effects.find((each) => each.id === effectId);
		if (row === undefined) throw new InvariantError(`effect ${effectId} does not exist`, { effectId });
		const { venue, signer, status } = row;
		if (row.nonce === null) throw new PermanentError(`effect ${effectId} is ${status}: it has no nonce, so nothing of it can be mined`);
		if (EFFECT_TRANSITIONS[status as EffectStatus].length === 0) throw new PermanentError(`effect ${effectId} is ${status}: it has ended`);
		memory.change(row, { cancelRequestedAt: row.cancelRequestedAt ?? memory.now(), updatedAt: memory.now() });
		tellLane(memory, { venue, signer, event: 'cancel_requested', effectId, ...cause });
	});

function tellLane(memory: Memory, told: Omit<Memory['laneEvents'][number], 'id' | 'at'>): void {
	memory.add(memory.laneEvents, { id: memory.serial(), ...told, at: memory.now() });
}

/** Milliseconds since the first of the looks in a row that say so. */
function suspect(memory: Memory, row: EffectRow | LaneRow): number {
	const since = row.foreignSince ?? memory.instant(memory.nowMs);
	memory.change<EffectRow | LaneRow>(row, { foreignSince: since });
	return memory.nowMs - Date.parse(since);
}

function laneIn(memory: Memory, { venue, signer }: real.LaneKey): LaneRow | undefined {
	return memory.lanes.find((each) => each.venue === venue && each.signer === signer);
}
