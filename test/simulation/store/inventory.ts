/** `src/store/inventory.ts` in memory. */
import { chainOf, type Position, positionKey } from '../../../src/inventory/venue.ts';
import type * as real from '../../../src/store/inventory.ts';
import { openBooks } from './books.ts';
import { type HoldRow, type Memory, tablesOf } from './memory.ts';

export const saveBalances: typeof real.saveBalances = async (db, readings) => {
	if (readings.length === 0) return new Set();
	const [stored, unopened] = await db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const fresh = readings.filter((reading) => isWanted(memory, reading));
		return [fresh, fresh.filter((reading) => saveSnapshot(memory, reading))] as const;
	});
	for (const position of unopened) await db.transaction((tx) => openBooks(tx, position));
	const memory = await tablesOf(db);
	const due = stored.filter((reading) => areDue(memory, reading));
	for (const reading of stored)
		if (memory.holds.some((hold) => hasLeft(hold, reading))) await db.transaction(async (tx) => absorb(await tablesOf(tx), reading));
	return new Set([...due, ...unopened].map(({ venue }) => chainOf(venue)));
};

function areDue(memory: Memory, position: Position): boolean {
	const settled = snapshotAt(memory, position)?.settledBlock ?? null;
	const chain = chainOf(position.venue);
	return settled !== null && memory.transfers.some((each) => each.chain === chain && !each.isBooked && each.blockNumber <= settled);
}

function hasLeft(hold: HoldRow, { blockNumber, ...position }: Position & { blockNumber: bigint }): boolean {
	return isLeavingFrom(hold, position) && hold.leftAtBlock !== null && hold.leftAtBlock <= blockNumber;
}

function isWanted(memory: Memory, reading: real.BalanceReading): boolean {
	const before = snapshotAt(memory, reading);
	if (before !== undefined && before.blockNumber > reading.blockNumber) return false;
	const isInbound = memory.holds.some((each) => positionKey(each) === positionKey(reading) && each.state === 'inbound');
	return !isInbound || (cursorOf(memory, reading) ?? -1n) >= reading.blockNumber;
}

function cursorOf(memory: Memory, { venue }: Position): bigint | null {
	return memory.cursors.find((each) => each.chain === chainOf(venue))?.blockNumber ?? null;
}

/** Whether its books are still to be opened. */
function saveSnapshot(memory: Memory, reading: real.BalanceReading): boolean {
	const { venue, asset, amount: units, blockNumber, blockHash, settled } = reading;
	const before = snapshotAt(memory, reading);
	const values = { amount: units, blockNumber, blockHash, takenAt: memory.now() };
	const watchedFrom = before?.watchedFrom ?? cursorOf(memory, reading);
	const settledValues = {
		settledAmount: settled?.amount ?? before?.settledAmount ?? null,
		settledBlock: settled?.blockNumber ?? before?.settledBlock ?? null,
	};
	if (before === undefined) memory.add(memory.snapshots, { venue, asset, ...values, ...settledValues, watchedFrom, openedBlock: null });
	else memory.change(before, { ...values, ...settledValues, watchedFrom });
	return before === undefined || before.openedBlock === null;
}

export const venuesMoving: typeof real.venuesMoving = async (db) =>
	new Set((await tablesOf(db)).holds.filter(({ state }) => state === 'inbound' || state === 'pending_out').map(({ venue }) => venue));

export const readAges: typeof real.readAges = async (db) => {
	const memory = await tablesOf(db);
	const now = memory.nowMs;
	return new Map(memory.snapshots.map((row) => [positionKey(row), now - Date.parse(row.takenAt)]));
};

export const snapshotBlocks: typeof real.snapshotBlocks = async (tx, asset) => {
	const rows = (await tablesOf(tx)).snapshots.filter((each) => each.asset === asset);
	return Object.fromEntries(rows.map((row) => [row.venue, row.blockNumber.toString()]));
};

export const absorbNow: typeof real.absorbNow = async (tx, { venue, asset, earmarkId }) => {
	const memory = await tablesOf(tx);
	const snapshot = snapshotAt(memory, { venue, asset });
	if (snapshot !== undefined) absorb(memory, { venue, asset, blockNumber: snapshot.blockNumber }, (hold) => hold.earmarkId === earmarkId);
};

function isLeavingFrom({ venue, asset, state, leftAtBlock }: HoldRow, position: Position): boolean {
	return venue === position.venue && asset === position.asset && state === 'pending_out' && leftAtBlock !== null;
}

function absorb(
	memory: Memory,
	{ venue, asset, blockNumber }: Position & { blockNumber: bigint },
	isMeant: (hold: HoldRow) => boolean = () => true,
): void {
	for (const hold of memory.holds)
		if (hasLeft(hold, { venue, asset, blockNumber }) && isMeant(hold))
			memory.change(hold, { state: 'released', updatedAt: memory.now(), version: hold.version + 1 });
}

function snapshotAt(memory: Memory, { venue, asset }: Position) {
	return memory.snapshots.find((each) => each.venue === venue && each.asset === asset);
}
