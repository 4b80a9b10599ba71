/** `src/store/db.ts` in memory: one transaction at a time, so every lock is held already. */
import * as real from '../../../src/store/db.ts';
import { tablesOf } from './memory.ts';

export const { ConflictError, theOne } = real;

export const inTransaction: typeof real.inTransaction = async (db, { reason }, work) => (await tablesOf(db)).transaction(work, reason);

export const lockInventory: typeof real.lockInventory = async () => {};

export const lockEarmarks: typeof real.lockEarmarks = async () => {};
