/** What is there, and what of it is spoken for: the one reading of everybody who spends. */
import { and, eq, inArray, type SQLWrapper, sql } from 'drizzle-orm';
import { holds } from '../../drizzle/schema/earmarks.ts';
import { balanceSnapshots } from '../../drizzle/schema/inventory.ts';
import { HOLDS_ON_CONFIRMED, type HoldState } from '../earmark/hold-state.ts';
import { type Arrival, type Awaited, type Holding, landedOf } from '../inventory/available.ts';
import { positionKey, type VenueId } from '../inventory/venue.ts';
import { type Amount, add, amount, subtractToZero, ZERO } from '../money/amount.ts';
import type { Db, Tx } from './db.ts';

/**
 * Every position of the asset that has ever been read, with its holds. A position that was never read is not in the list:
 * it is unknown, not empty.
 */
export async function readHoldings(tx: Db | Tx, asset: string, reserves: ReadonlyMap<string, Amount>): Promise<Holding[]> {
	const rows = await tx
		.select({
			venue: balanceSnapshots.venue,
			confirmed: balanceSnapshots.amount,
			blockNumber: balanceSnapshots.blockNumber,
			ageMs: sql<string>`extract(epoch from clock_timestamp() - ${balanceSnapshots.takenAt}) * 1000`,
		})
		.from(balanceSnapshots)
		.where(eq(balanceSnapshots.asset, asset));
	const held = await heldByVenue(tx, asset);
	const [gone, arrivals] = [await absorbedByVenue(tx, { asset, held }), await arrivalsByVenue(tx, { asset, held })];
	return rows.map(({ venue, confirmed, blockNumber, ageMs }) => {
		const { awaited, onConfirmed } = held.get(venue) ?? NOTHING;
		const inbound = add(...awaited.map((each) => each.amount));
		const landed = landedOf(arrivals.get(venue) ?? [], awaited);
		return {
			...{ venue, asset, confirmed: amount(confirmed), reserve: reserves.get(positionKey({ venue, asset })) ?? ZERO },
			...{ held: add(subtractToZero(onConfirmed, gone.get(venue) ?? ZERO), landed), inbound },
			...{ blockNumber, ageMs: Number(ageMs) },
		};
	});
}

interface Held {
	readonly awaited: readonly Awaited[];
	readonly onConfirmed: Amount;
	readonly isLeaving: boolean;
}

const NOTHING: Held = { awaited: [], onConfirmed: ZERO, isLeaving: false };

async function heldByVenue(tx: Db | Tx, asset: string): Promise<ReadonlyMap<VenueId, Held>> {
	const rows = await tx
		.select({ venue: holds.venue, state: holds.state, amount: holds.amount, since: sortable(holds.createdAt) })
		.from(holds)
		.where(and(eq(holds.asset, asset), inArray(holds.state, ['inbound', ...HOLDS_ON_CONFIRMED])));
	const all = new Map<VenueId, Held>();
	for (const { venue, state, since, ...row } of rows) {
		const held = all.get(venue) ?? NOTHING;
		const units = amount(row.amount);
		if (state === 'inbound') all.set(venue, { ...held, awaited: [...held.awaited, { amount: units, since }] });
		else {
			const isLeaving = held.isLeaving || (state as HoldState) === 'pending_out';
			all.set(venue, { ...held, onConfirmed: add(held.onConfirmed, units), isLeaving });
		}
	}
	return all;
}

/** An instant as text that sorts as instants do, whatever the time zone of the database. */
function sortable(instant: SQLWrapper) {
	return sql<string>`to_char(${instant} at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.US')`;
}

interface OfAsset {
	readonly asset: string;
	readonly held: ReadonlyMap<VenueId, Held>;
}

/** What holds say is leaving and the snapshot has seen leave: by the hash of what was signed for it. */
async function absorbedByVenue(tx: Db | Tx, { asset, held }: OfAsset): Promise<ReadonlyMap<VenueId, Amount>> {
	if (![...held.values()].some(({ isLeaving }) => isLeaving)) return new Map();
	const rows = await tx.execute<{ venue: string; sum: string }>(sql`
		select h.venue, sum(h.amount)::text as sum from holds h
		join balance_snapshots s on s.venue = h.venue and s.asset = h.asset
		where h.asset = ${asset} and h.state = 'pending_out' and exists (
			select 1 from effects e
			join attempts a on a.effect_id = e.id
			join transfers t on t.tx = a.hash and t.venue = h.venue and t.asset = h.asset
			where ((e.owner_kind = 'leg' and e.owner_id = h.leg_id and e.kind = 'send')
				or (e.owner_kind = 'earmark' and e.owner_id = h.earmark_id and e.kind = 'purchase'))
				and t.outgoing > 0 and t.block_number <= s.block_number)
		group by h.venue`);
	return new Map(rows.map(({ venue, sum }) => [venue, amount(BigInt(sum))]));
}

/** What has come in, as far as snapshots have seen it, since something has been on its way, and that nobody has recorded as delivered or returned. */
async function arrivalsByVenue(tx: Db | Tx, { asset, held }: OfAsset): Promise<ReadonlyMap<VenueId, Arrival[]>> {
	if (![...held.values()].some(({ awaited }) => awaited.length > 0)) return new Map();
	const rows = await tx.execute<{ venue: string; incoming: string; seen: string; claimed: string }>(sql`
		select t.venue, t.incoming::text, ${sortable(sql`t.seen_at`)} as seen, coalesce((
			select sum(p.delivered) from hops p where p.delivered_tx = t.tx
				and case when p.status = 'returned' then p.asset else p.to_asset end = t.asset
				and case when p.status = 'returned' then p.origin else p.destination end = t.venue), 0)::text as claimed
		from transfers t
		join balance_snapshots s on s.venue = t.venue and s.asset = t.asset
		join (select venue, min(created_at) as since from holds where asset = ${asset} and state = 'inbound' group by venue) h on h.venue = t.venue
		where t.asset = ${asset} and t.incoming > 0 and t.seen_at >= h.since and t.block_number <= s.block_number`);
	const arrivals = new Map<VenueId, Arrival[]>();
	for (const { venue, incoming, claimed, seen } of rows) {
		const arrival = { incoming: amount(BigInt(incoming)), claimed: amount(BigInt(claimed)), seenAt: seen };
		arrivals.set(venue, [...(arrivals.get(venue) ?? []), arrival]);
	}
	return arrivals;
}
