/** `src/store/legs.ts` in memory. */
import { InvariantError } from '../../../src/errors.ts';
import type { Hop, Leg, Noted } from '../../../src/leg/leg.ts';
import { type LegStatus, legStatesBefore } from '../../../src/leg/state.ts';
import { amount } from '../../../src/money/amount.ts';
import { theOne } from '../../../src/store/db.ts';
import type * as real from '../../../src/store/legs.ts';
import { type HopRow, type LegRow, type Memory, tablesOf } from './memory.ts';

export const readLeg: typeof real.readLeg = async (db, legId) => {
	const memory = await tablesOf(db);
	const row = memory.legs.find((each) => each.id === legId);
	if (row === undefined) throw new InvariantError(`leg ${legId} does not exist`, { legId });
	return toLeg(memory, row);
};

export const readLegsOf: typeof real.readLegsOf = async (db, earmarkId) => {
	const memory = await tablesOf(db);
	const rows = memory.legs.filter((each) => each.earmarkId === earmarkId);
	rows.sort((one, other) => one.createdAt.localeCompare(other.createdAt) || one.route.localeCompare(other.route));
	return rows.map((row) => toLeg(memory, row));
};

export const setLegStatus: typeof real.setLegStatus = async (tx, { id, to, ...said }) => {
	const memory = await tablesOf(tx);
	const row = theOne(
		memory.legs.filter((each) => each.id === id && legStatesBefore(to).includes(each.status as LegStatus)),
		'leg',
		id,
	);
	memory.change(row, { ...said, status: to, updatedAt: memory.now(), version: row.version + 1 });
};

export const setHopStatus: typeof real.setHopStatus = async (tx, { id, to, ...learned }) => {
	const memory = await tablesOf(tx);
	const row = hopIn(memory, id, (each) => legStatesBefore(to).includes(each.status as LegStatus));
	const sent = to === 'sending' ? { sentAt: memory.now() } : {};
	memory.change(row, { ...learned, ...sent, status: to, updatedAt: memory.now(), version: row.version + 1 });
};

export const passOn: typeof real.passOn = async (tx, { id, send, receive }) => {
	const memory = await tablesOf(tx);
	const row = hopIn(memory, id, (each) => each.status === 'planned');
	memory.change(row, { send, receive, updatedAt: memory.now(), version: row.version + 1 });
};

export const noteProof: typeof real.noteProof = async (tx, { hop, proof }) => {
	const memory = await tablesOf(tx);
	const row = hopIn(memory, hop.id, (each) => each.status === 'in_flight' && (each.proof === null) === (hop.proof === null));
	memory.change(row, { proof, version: row.version + 1 });
};

export const noteLate: typeof real.noteLate = async (tx, hopId, seconds) => {
	const memory = await tablesOf(tx);
	const now = memory.now();
	const isDue = (row: HopRow) => Date.parse(row.updatedAt) < Date.parse(now) - seconds * 1_000;
	const row = memory.hops.find((each) => each.id === hopId && each.status === 'in_flight' && each.lateAt === null && each.proof === null);
	if (row === undefined || !isDue(row)) return false;
	memory.change(row, { lateAt: now });
	return true;
};

export const expectLegWithin: typeof real.expectLegWithin = async (db, legId, ms) => {
	const memory = await tablesOf(db);
	const row = memory.legs.find((each) => each.id === legId);
	if (row !== undefined) memory.change(row, { nextActionAt: memory.now(ms) });
};

export const markOverdue: typeof real.markOverdue = async (tx, { id }) => {
	const memory = await tablesOf(tx);
	const row = theOne(
		memory.legs.filter((each) => each.id === id && each.status === 'in_flight' && each.overdueAt === null),
		'leg',
		id,
	);
	memory.change(row, { overdueAt: memory.now(), updatedAt: memory.now() });
};

function hopIn(memory: Memory, id: string, isExpected: (row: HopRow) => boolean): HopRow {
	return theOne(
		memory.hops.filter((each) => each.id === id && isExpected(each)),
		'hop',
		id,
	);
}

function toLeg(memory: Memory, row: LegRow): Leg {
	const { id, earmarkId, asset, origin, destination, route, reason, overdueAt, generation } = row;
	return {
		id,
		earmarkId,
		asset,
		origin,
		destination,
		route,
		send: amount(row.send),
		receive: amount(row.receive),
		delivered: row.delivered === null ? null : amount(row.delivered),
		status: row.status as LegStatus,
		reason,
		overdueAt,
		generation,
		hops: memory.hops.filter((each) => each.legId === id).map(toHop),
	};
}

function toHop(row: HopRow): Hop {
	const { id, legId, index, bridge, origin, destination, asset, toAsset, seconds } = row;
	return {
		id,
		legId,
		index,
		bridge,
		origin,
		destination,
		asset,
		toAsset,
		send: amount(row.send),
		receive: amount(row.receive),
		delivered: row.delivered === null ? null : amount(row.delivered),
		status: row.status as LegStatus,
		seconds,
		evidence: row.evidence as Noted | null,
		proof: row.proof as Noted | null,
		changedAt: row.updatedAt,
		lateAt: row.lateAt,
	};
}
