/** All that a proof of funds compares, as it was at one moment of the database. */
import { sql } from 'drizzle-orm';
import type { LedgerAccount } from '../inventory/moves.ts';
import type { Position } from '../inventory/venue.ts';
import type { Tx } from './db.ts';
import { type Replayed, replayLedger } from './replay.ts';

/** What the chain said last of a position; amounts in base units there. */
export interface SeenPosition extends Position {
	readonly latest: bigint;
	readonly block: bigint;
	readonly settled: bigint | null;
	readonly settledBlock: bigint | null;
	/** Where the books begin; null as long as they have not begun. */
	readonly openedBlock: bigint | null;
	readonly ageMs: number;
}

/** A transaction of which chain and ledger do not say the same yet. */
export interface OpenTransfer extends Position {
	readonly tx: string;
	readonly block: bigint;
	/** Base units: what the chain says up to the snapshot's block, less what is posted. */
	readonly difference: bigint;
	/** Whose it is: an effect of ours, in words, with its state. Null for somebody else's. */
	readonly own: string | null;
}

/** What is under way by the rows, of one account at one position. */
interface UnderWay extends Position {
	readonly account: LedgerAccount;
	readonly units: bigint;
	readonly count: number;
}

/** What stands in an account of a bridge: arrived there, and not proven to have left it. */
interface Parked extends Position {
	readonly bridge: string;
	/** Base units at the origin. */
	readonly units: bigint;
	/** Whether the service was asked to bring it away: it may have, and nobody has seen it arrive yet. */
	readonly isAsked: boolean;
}

export interface Facts {
	readonly replayed: Replayed;
	readonly seen: readonly SeenPosition[];
	readonly open: readonly OpenTransfer[];
	readonly underWay: readonly UnderWay[];
	readonly parked: readonly Parked[];
}

/** In a transaction of the caller that sees one moment. `onPage` hears how many entries of the ledger were read. */
export async function readFacts(tx: Tx, onPage: (entries: number) => void): Promise<Facts> {
	return {
		replayed: await replayLedger(tx, onPage),
		seen: await readSeen(tx),
		open: await readOpen(tx),
		underWay: await readUnderWay(tx),
		parked: await readParked(tx),
	};
}

async function readSeen(tx: Tx): Promise<SeenPosition[]> {
	const rows = await tx.execute<
		Record<'venue' | 'asset' | 'amount' | 'block' | 'age', string> & Record<'settled' | 'settled_block' | 'opened', string | null>
	>(sql`
		select venue, asset, amount::text, block_number::text as block, settled_amount::text as settled, settled_block::text, opened_block::text as opened,
			(extract(epoch from clock_timestamp() - taken_at) * 1000)::text as age
		from balance_snapshots order by asset, venue`);
	return rows.map((row) => ({
		...{ venue: row.venue, asset: row.asset, latest: BigInt(row.amount), block: BigInt(row.block) },
		...{ settled: bigintOrNull(row.settled), settledBlock: bigintOrNull(row.settled_block), openedBlock: bigintOrNull(row.opened) },
		ageMs: Number(row.age),
	}));
}

/** What was compared and found equal is left out, unless it is above the snapshot's block. */
async function readOpen(tx: Tx): Promise<OpenTransfer[]> {
	const rows = await tx.execute<Record<'venue' | 'asset' | 'tx' | 'block' | 'difference', string> & { own: string | null }>(sql`
		select * from (
			select t.venue, t.asset, t.tx, t.block_number::text as block,
				(case when t.block_number > s.opened_block and t.block_number <= s.block_number then t.incoming - t.outgoing else 0 end - coalesce((
					select sum(l.amount) from ledger_entries l where l.tx = t.tx and l.venue = t.venue and l.asset = t.asset and l.account = 'wallet'), 0)
				)::text as difference,
				(select concat(e.kind, ' of ', e.owner_kind, ' ', e.owner_id, ', ', e.status) from attempts a join effects e on e.id = a.effect_id where a.hash = t.tx) as own
			from transfers t join balance_snapshots s on s.venue = t.venue and s.asset = t.asset
			where s.opened_block is not null and (not t.is_booked or t.block_number > s.block_number)
		) compared where difference <> '0' order by block::numeric, tx`);
	return rows.map(({ block, difference, ...row }) => ({ ...row, block: BigInt(block), difference: BigInt(difference) }));
}

async function readUnderWay(tx: Tx): Promise<UnderWay[]> {
	const rows = await tx.execute<{ account: LedgerAccount; venue: string; asset: string; units: string; count: number }>(sql`
		select 'in_flight' as account, origin as venue, asset, sum(send)::text as units, count(*)::int as count from hops where status = 'in_flight' group by origin, asset
		union all
		select 'receivable', origin, asset, sum(amount)::text, count(*)::int from receivables where status <> 'settled' group by origin, asset`);
	return rows.map(({ units, ...row }) => ({ ...row, units: BigInt(units) }));
}

/** A hop that has its proof and is still in flight waits at the other side of its bridge. */
async function readParked(tx: Tx): Promise<Parked[]> {
	const rows = await tx.execute<{ bridge: string; venue: string; asset: string; units: string; asked: boolean }>(sql`
		select h.bridge, h.origin as venue, h.asset, h.send::text as units, exists (
			select 1 from effects e where e.owner_kind = 'leg' and e.owner_id = h.leg_id and e.hop = h.index and e.kind = 'claim'
				and e.status in ('requested', 'confirmed')) as asked
		from hops h where h.status = 'in_flight' and h.proof is not null`);
	return rows.map(({ units, asked, ...row }) => ({ ...row, units: BigInt(units), isAsked: asked }));
}

function bigintOrNull(text: string | null): bigint | null {
	return text === null ? null : BigInt(text);
}
