/** `src/store/attempts.ts` in memory. */
import type { Hex } from 'viem';
import { InvariantError } from '../../../src/errors.ts';
import * as real from '../../../src/store/attempts.ts';
import { tablesOf } from './memory.ts';

export const { isDue, wantsCancel } = real;

export const readTrail: typeof real.readTrail = async (db, effectId) => {
	const memory = await tablesOf(db);
	const row = memory.effects.find((each) => each.id === effectId);
	if (row === undefined) throw new InvariantError(`effect ${effectId} does not exist`, { effectId });
	const now = memory.nowMs;
	const since = (at: string) => now - Date.parse(at);
	const attempts = memory.attempts.filter((each) => each.effectId === effectId);
	return {
		attempts: attempts.map(({ hash, raw, cancels, maxFeePerGas, maxPriorityFeePerGas, createdAt, broadcastAt }) => ({
			...{ hash: hash as Hex, raw: raw as Hex, cancels, maxFeePerGas, maxPriorityFeePerGas },
			...{ ageMs: since(createdAt), sentAgoMs: broadcastAt === null ? null : since(broadcastAt) },
		})),
		cancelRequested: row.cancelRequestedAt !== null,
		isSuspect: row.foreignSince !== null,
		spentBy: row.spentBy as Hex | null,
		frozen: memory.lanes.find((each) => each.venue === row.venue && each.signer === row.signer)?.frozenReason ?? null,
	};
};
