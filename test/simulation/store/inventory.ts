/** `src/store/inventory.ts` in memory. */
import { HOLDS_ON_CONFIRMED } from '../../../src/earmark/hold-state.ts';
import { type Position, positionKey } from '../../../src/inventory/venue.ts';
import { type Amount, add, amount, min, subtractToZero, ZERO } from '../../../src/money/amount.ts';
import type * as real from '../../../src/store/inventory.ts';
import { type HoldRow, type Memory, tablesOf } from './memory.ts';

export const saveBalances: typeof real.saveBalances = async (db, readings) => {
	for (const reading of readings) {
		const isStored = await db.transaction(async (tx) => saveBalance(await tablesOf(tx), reading));
		if (isStored) await db.transaction(async (tx) => absorb(await tablesOf(tx), reading));
	}
};

function saveBalance(memory: Memory, reading: real.BalanceReading): boolean {
	const { venue, asset, amount: units, blockNumber, blockHash } = reading;
	const before = snapshotAt(memory, reading);
	if (before !== undefined && before.blockNumber > blockNumber) return false;
	const unclaimed = unclaimedOf(memory, reading);
	if (unclaimed === null) return false;
	const values = { amount: units, unclaimed, blockNumber, blockHash, takenAt: memory.now() };
	if (before === undefined) memory.add(memory.snapshots, { venue, asset, ...values });
	else memory.change(before, values);
	return true;
}

/** With nothing inbound everything that came in is free. Null when it was not read what came in. */
function unclaimedOf(memory: Memory, reading: real.BalanceReading): Amount | null {
	const inbound = heldAt(memory, reading, ['inbound']);
	if (inbound === 0n) return ZERO;
	if (reading.incoming === null) return null;
	if (reading.incoming === 'lost') return inbound;
	const before = snapshotAt(memory, reading);
	const arrived = new Map<string, Amount>();
	for (const { transactionHash, blockNumber, amount: units } of reading.incoming)
		if (before === undefined || blockNumber > before.blockNumber)
			arrived.set(transactionHash, add(arrived.get(transactionHash) ?? ZERO, units));
	const start = before === undefined ? ZERO : amount(before.unclaimed);
	return [...arrived].reduce((sum, [hash, units]) => add(sum, subtractToZero(units, deliveredBy(memory, reading, hash))), start);
}

/** What hops have recorded as delivered or returned at the place by a transaction. */
function deliveredBy(memory: Memory, { venue, asset }: Position, hash: string): Amount {
	const place = (hop: Memory['hops'][number]) => (hop.status === 'returned' ? [hop.origin, hop.asset] : [hop.destination, hop.toAsset]);
	const there = memory.hops.filter((hop) => hop.deliveredTx === hash && place(hop)[0] === venue && place(hop)[1] === asset);
	return amount(there.reduce((sum, hop) => sum + (hop.delivered ?? 0n), 0n));
}

export const claimIncoming: typeof real.claimIncoming = async (tx, { venue, asset, ...delivery }) => {
	const memory = await tablesOf(tx);
	const snapshot = snapshotAt(memory, { venue, asset });
	if (snapshot === undefined || snapshot.blockNumber < delivery.blockNumber) return;
	memory.change(snapshot, { unclaimed: subtractToZero(amount(snapshot.unclaimed), delivery.amount) });
};

export const positionsAwaiting: typeof real.positionsAwaiting = async (db, venue) => {
	const memory = await tablesOf(db);
	const assets = new Set(memory.holds.filter((each) => each.venue === venue && each.state === 'inbound').map((each) => each.asset));
	return [...assets].map((asset) => {
		const snapshot = snapshotAt(memory, { venue, asset });
		return { asset, seenUpTo: snapshot === undefined ? null : { blockNumber: snapshot.blockNumber, blockHash: snapshot.blockHash } };
	});
};

export const readHoldings: typeof real.readHoldings = async (tx, asset, reserves) => {
	const memory = await tablesOf(tx);
	const now = memory.nowMs;
	return memory.snapshots
		.filter((each) => each.asset === asset)
		.map(({ venue, unclaimed, ...row }) => {
			const inbound = heldAt(memory, { venue, asset }, ['inbound']);
			const held = amount(heldAt(memory, { venue, asset }, HOLDS_ON_CONFIRMED) + min(amount(unclaimed), inbound));
			const reserve = reserves.get(positionKey({ venue, asset })) ?? ZERO;
			const { blockNumber, takenAt } = row;
			return { venue, asset, confirmed: amount(row.amount), reserve, held, inbound, blockNumber, ageMs: now - Date.parse(takenAt) };
		});
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

function absorb(
	memory: Memory,
	{ venue, asset, blockNumber }: Position & { blockNumber: bigint },
	isMeant: (hold: HoldRow) => boolean = () => true,
): void {
	for (const hold of memory.holds)
		if (hold.venue === venue && hold.asset === asset && hold.state === 'pending_out' && isMeant(hold))
			if (hold.leftAtBlock !== null && hold.leftAtBlock <= blockNumber)
				memory.change(hold, { state: 'released', updatedAt: memory.now(), version: hold.version + 1 });
}

function snapshotAt(memory: Memory, { venue, asset }: Position) {
	return memory.snapshots.find((each) => each.venue === venue && each.asset === asset);
}

function heldAt(memory: Memory, { venue, asset }: Position, states: readonly string[]): Amount {
	const there = memory.holds.filter((each) => each.venue === venue && each.asset === asset && states.includes(each.state));
	return amount(there.reduce((sum, each) => sum + each.amount, 0n));
}
