/** `src/store/lane-history.ts` in memory. */
import type { Hex } from 'viem';
import type * as real from '../../../src/store/lane-history.ts';
import { type EffectRow, type Memory, tablesOf } from './memory.ts';

export const readSignedBetween: typeof real.readSignedBetween = async (db, { venue, signer, from, to }) => {
	const memory = await tablesOf(db);
	const rows = onLane(memory, { venue, signer, from }).filter(({ nonce }) => (nonce ?? to) < to);
	return rows.flatMap(({ id }) => memory.attempts.filter(({ effectId }) => effectId === id).slice(-1)).map(({ raw }) => raw as Hex);
};

const DECIDED: readonly string[] = ['confirmed', 'reverted', 'cancelled'];

export const readHighestDecided: typeof real.readHighestDecided = async (db, lane) =>
	onLane(await tablesOf(db), lane).findLast(({ status }) => DECIDED.includes(status))?.nonce ?? null;

export const readNeglected: typeof real.readNeglected = async (db, { idleMs, ...lane }) => {
	const memory = await tablesOf(db);
	const before = memory.now(-idleMs);
	const signedFor = (row: EffectRow) => memory.attempts.filter(({ effectId }) => effectId === row.id);
	const isIdle = (row: EffectRow) =>
		row.updatedAt < before && signedFor(row).every(({ broadcastAt }) => broadcastAt === null || broadcastAt < before);
	const isToCancel = (row: EffectRow) => row.cancelRequestedAt !== null && !signedFor(row).some(({ cancels }) => cancels);
	const open = onLane(memory, lane).filter(({ status }) => status === 'reserved' || status === 'signed' || status === 'tracking');
	return open.filter((row) => isIdle(row) || isToCancel(row)).map(({ id }) => id);
};

/** Effects with a nonce from there on, lowest first. */
function onLane(memory: Memory, { venue, signer, from }: { venue: string; signer: string; from: bigint }): EffectRow[] {
	const rows = memory.effects.filter((row) => row.venue === venue && row.signer === signer && row.nonce !== null && row.nonce >= from);
	return rows.sort((one, other) => Number((one.nonce ?? 0n) - (other.nonce ?? 0n)));
}
