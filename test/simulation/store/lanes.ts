/** `src/store/lanes.ts` in memory. */
import type { Address } from 'viem';
import type * as real from '../../../src/store/lanes.ts';
import { expected } from './effects.ts';
import { type LaneRow, type Memory, tablesOf } from './memory.ts';

export const readLanes: typeof real.readLanes = async (db) =>
	(await tablesOf(db)).lanes.map(({ venue, signer, next, mined, frozenReason, foreignSince }) => ({
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

export const freezeLane: typeof real.freezeLane = (db, lane, { reason }) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const row = laneIn(memory, lane);
		if (row === undefined || row.frozenReason !== null) return false;
		memory.change(row, { frozenReason: reason, updatedAt: memory.now() });
		return true;
	});

export const noteForeign: typeof real.noteForeign = async (db, effectId) => {
	const memory = await tablesOf(db);
	const row = expected(memory, effectId, () => true);
	const since = row.foreignSince ?? memory.now();
	memory.change(row, { foreignSince: since });
	return memory.nowMs - Date.parse(since);
};

export const clearForeign: typeof real.clearForeign = async (db, effectId) => {
	const memory = await tablesOf(db);
	memory.change(
		expected(memory, effectId, () => true),
		{ foreignSince: null },
	);
};

export const noteLaneForeign: typeof real.noteLaneForeign = async (db, lane, spent) => {
	const memory = await tablesOf(db);
	const row = laneIn(memory, lane);
	if (row === undefined || row.next >= spent) return null;
	const since = row.foreignSince ?? memory.now();
	memory.change(row, { foreignSince: since });
	return memory.nowMs - Date.parse(since);
};

export const clearLaneForeign: typeof real.clearLaneForeign = async (db, lane) => {
	const memory = await tablesOf(db);
	const row = laneIn(memory, lane);
	if (row !== undefined) memory.change(row, { foreignSince: null });
};

export const requestCancel: typeof real.requestCancel = (db, effectId) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const row = expected(memory, effectId, ({ status }) => status === 'reserved' || status === 'signed' || status === 'tracking');
		memory.change(row, { cancelRequestedAt: row.cancelRequestedAt ?? memory.now(), updatedAt: memory.now() });
	});

function laneIn(memory: Memory, { venue, signer }: real.LaneKey): LaneRow | undefined {
	return memory.lanes.find((each) => each.venue === venue && each.signer === signer);
}
