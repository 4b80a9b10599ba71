/** `src/store/holdings.ts` in memory. */
import { HOLDS_ON_CONFIRMED } from '../../../src/earmark/hold-state.ts';
import { type Arrival, landedOf } from '../../../src/inventory/available.ts';
import { type Position, positionKey } from '../../../src/inventory/venue.ts';
import { type Amount, add, amount, subtractToZero, ZERO } from '../../../src/money/amount.ts';
import type * as real from '../../../src/store/holdings.ts';
import { type HoldRow, type Memory, tablesOf } from './memory.ts';

type Snapshot = Memory['snapshots'][number];

export const readHoldings: typeof real.readHoldings = async (tx, asset, reserves) => {
	const memory = await tablesOf(tx);
	const now = memory.nowMs;
	return memory.snapshots.filter((each) => each.asset === asset).map((snapshot) => holdingOf(memory, snapshot, { now, reserves }));
};

export function holdingOf(memory: Memory, snapshot: Snapshot, { now, reserves }: { now: number; reserves: ReadonlyMap<string, Amount> }) {
	const { venue, asset, blockNumber, takenAt } = snapshot;
	const there = memory.holds.filter((each) => each.venue === venue && each.asset === asset);
	const awaiting = there.filter((each) => each.state === 'inbound');
	const inbound = sumOf(awaiting);
	const onConfirmed = there.filter((each) => HOLDS_ON_CONFIRMED.some((state) => state === each.state));
	const gone = onConfirmed.filter((each) => each.state === 'pending_out' && hasLeft(memory, each, snapshot));
	const arrivals = awaiting.length === 0 ? [] : arrivalsAt(memory, snapshot, awaiting);
	const awaited = awaiting.map((each) => ({ amount: amount(each.amount), since: each.createdAt }));
	return {
		...{ venue, asset, confirmed: amount(snapshot.amount), reserve: reserves.get(positionKey(snapshot)) ?? ZERO },
		...{ held: add(subtractToZero(sumOf(onConfirmed), sumOf(gone)), landedOf(arrivals, awaited)), inbound },
		...{ blockNumber, ageMs: now - Date.parse(takenAt) },
	};
}

function hasLeft(memory: Memory, hold: HoldRow, snapshot: Snapshot): boolean {
	const acts = new Set(
		memory.effects
			.filter((each) =>
				each.ownerKind === 'leg'
					? each.ownerId === hold.legId && each.kind === 'send'
					: each.ownerId === hold.earmarkId && each.kind === 'purchase',
			)
			.map(({ id }) => id),
	);
	const hashes = new Set(memory.attempts.filter(({ effectId }) => acts.has(effectId)).map(({ hash }) => hash));
	return memory.transfers.some((each) => hashes.has(each.tx) && isSeen(each, snapshot) && each.outgoing > 0n);
}

function arrivalsAt(memory: Memory, snapshot: Snapshot, awaiting: readonly HoldRow[]): Arrival[] {
	const since = awaiting.reduce((first, { createdAt }) => (createdAt < first ? createdAt : first), awaiting[0]?.createdAt ?? '');
	return memory.transfers
		.filter((each) => isSeen(each, snapshot) && each.incoming > 0n && each.seenAt >= since)
		.map((each) => ({ incoming: amount(each.incoming), claimed: claimedOf(memory, each), seenAt: each.seenAt }));
}

function isSeen(row: Memory['transfers'][number], { venue, asset, blockNumber }: Snapshot): boolean {
	return row.venue === venue && row.asset === asset && row.blockNumber <= blockNumber;
}

/** What hops have recorded as delivered or returned at the place by a transaction. */
function claimedOf(memory: Memory, { venue, asset, tx }: Position & { tx: string }): Amount {
	const place = (hop: Memory['hops'][number]) => (hop.status === 'returned' ? [hop.origin, hop.asset] : [hop.destination, hop.toAsset]);
	const there = memory.hops.filter((hop) => hop.deliveredTx === tx && place(hop)[0] === venue && place(hop)[1] === asset);
	return amount(there.reduce((sum, hop) => sum + (hop.delivered ?? 0n), 0n));
}

function sumOf(rows: readonly HoldRow[]): Amount {
	return amount(rows.reduce((sum, each) => sum + each.amount, 0n));
}
