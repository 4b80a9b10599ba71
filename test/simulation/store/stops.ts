/** `src/store/stops.ts` in memory. */
import type * as real from '../../../src/store/stops.ts';
import { tablesOf } from './memory.ts';

export const readStop: typeof real.readStop = async (db) => {
	const row = (await tablesOf(db)).stops.findLast(({ scope }) => scope === 'global');
	return row === undefined ? null : { stopped: row.stopped, actor: row.actor, reason: row.reason, at: row.at };
};

export const isStopped: typeof real.isStopped = async (db) => (await readStop(db))?.stopped ?? false;

export const writeStop: typeof real.writeStop = async (db, stop) => {
	const memory = await tablesOf(db);
	memory.add(memory.stops, { id: memory.serial(), scope: 'global', ...stop, at: memory.now() });
};
