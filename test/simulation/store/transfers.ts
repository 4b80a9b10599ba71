/** `src/store/transfers.ts` in memory. */
import { chainOf, type Position } from '../../../src/inventory/venue.ts';
import type * as real from '../../../src/store/transfers.ts';
import { type Memory, type TransferRow, tablesOf } from './memory.ts';
import { wake } from './outbox.ts';

export const readCursor: typeof real.readCursor = async (db, chain) => {
	const row = (await tablesOf(db)).cursors.find((each) => each.chain === chain);
	return row === undefined ? null : { blockNumber: row.blockNumber, blockHash: row.blockHash };
};

export const claimLook: typeof real.claimLook = async (db, chain, everyMs) => {
	const memory = await tablesOf(db);
	const row = memory.cursors.find((each) => each.chain === chain);
	if (row === undefined) return true;
	const isDue = Date.parse(row.lookedAt) <= memory.nowMs - everyMs;
	if (isDue) memory.change(row, { lookedAt: memory.now() });
	return isDue;
};

export const saveMovements: typeof real.saveMovements = (db, { chain, before, fromBlock, upTo, movements }) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		if (!moveCursor(memory, { chain, before, upTo })) return false;
		if (before !== null && fromBlock <= before.blockNumber) takeBack(memory, { chain, fromBlock, upTo, movements });
		const fresh = movements.map((each) => upsert(memory, chain, each));
		const isOpen = memory.demands.some((each) => each.status === 'open');
		if (isOpen && fresh.some((row) => row !== null && row.incoming > 0n)) await wake(tx, { topic: 'plan' });
		return true;
	});

function moveCursor(memory: Memory, { chain, before, upTo }: Pick<real.Followed, 'chain' | 'before' | 'upTo'>): boolean {
	const { blockNumber, blockHash } = upTo;
	const row = memory.cursors.find((each) => each.chain === chain);
	if (before === null) {
		if (row === undefined) memory.add(memory.cursors, { chain, blockNumber, blockHash, lookedAt: memory.now() });
		return row === undefined;
	}
	if (row === undefined || row.blockNumber !== before.blockNumber || row.blockHash !== before.blockHash) return false;
	memory.change(row, { blockNumber, blockHash });
	return true;
}

function takeBack(memory: Memory, { chain, fromBlock, upTo, movements }: Omit<real.Followed, 'before'>): void {
	for (const row of memory.snapshots)
		if (chainOf(row.venue) === chain && row.blockNumber >= fromBlock && row.blockHash !== upTo.blockHash)
			memory.change(row, { takenAt: memory.instant(0) });
	const reopened = new Set<string>();
	for (const row of memory.snapshots) {
		if (chainOf(row.venue) !== chain || row.openedBlock === null || row.openedBlock < fromBlock) continue;
		memory.change(row, { openedBlock: null, watchedFrom: upTo.blockNumber });
		reopened.add(row.venue);
	}
	for (const row of memory.transfers) if (reopened.has(row.venue)) memory.change(row, { isBooked: false });
	const hashes = new Set<string>(movements.map(({ blockHash }) => blockHash));
	for (const row of memory.transfers)
		if (row.chain === chain && row.blockNumber >= fromBlock && row.blockHash !== null && !hashes.has(row.blockHash))
			memory.change(row, { incoming: 0n, outgoing: 0n, blockHash: null, isBooked: false });
}

/** Null when it was known so. */
function upsert(memory: Memory, chain: string, movement: real.Movement): TransferRow | null {
	const { venue, asset, transactionHash: tx, incoming, outgoing, blockNumber, blockHash } = movement;
	const values = { incoming, outgoing, blockNumber, blockHash, isBooked: false };
	const row = rowOf(memory, { venue, asset }, tx);
	if (row === undefined) {
		const fresh = { venue, asset, tx, chain, ...values, seenAt: memory.now() };
		memory.add(memory.transfers, fresh);
		return fresh;
	}
	if (row.blockHash === blockHash) return null;
	memory.change(row, values);
	return row;
}

function rowOf(memory: Memory, { venue, asset }: Position, tx: string): TransferRow | undefined {
	return memory.transfers.find((each) => each.tx === tx && each.venue === venue && each.asset === asset);
}

export const noteBooking: typeof real.noteBooking = async (tx, rows) => {
	const memory = await tablesOf(tx);
	for (const { venue, asset, tx: hash, blockNumber } of rows) {
		const row = rowOf(memory, { venue, asset }, hash);
		const nothing = { incoming: 0n, outgoing: 0n, blockNumber, blockHash: null, isBooked: false };
		if (row !== undefined) memory.change(row, { isBooked: false });
		else memory.add(memory.transfers, { venue, asset, tx: hash, chain: chainOf(venue), ...nothing, seenAt: memory.now() });
	}
};
