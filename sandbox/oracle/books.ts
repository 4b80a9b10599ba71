/**
 * Judges the product's database by plain SQL, as an auditor who has only the books: it imports no product code. Answers with the
 * problems found, each naming its rows. Meant for a product at rest; while funds move, the holds' check may be ahead of a snapshot.
 */
import type postgres from 'postgres';

/** What the chain says of a wallet, in base units there. */
interface VenueBalances {
	readonly venue: string;
	readonly asset: string;
	/** Before the books begin. */
	readonly opening: bigint;
	readonly closing: bigint;
}

const AUDITED = ['earmarks', 'rebalance_operations', 'hops', 'holds'];
/** Columns that say when somebody looks again, and nothing about the world: the log leaves them out. */
const BOOKKEEPING = ['next_action_at', 'generation', 'version', 'created_at', 'updated_at'];

/** With `balances` the ledger is compared with the chains, too. */
export async function checkBooks(sql: postgres.Sql, balances: readonly VenueBalances[] = []): Promise<string[]> {
	const found = await Promise.all([
		checkEnded(sql),
		checkLog(sql),
		...AUDITED.map((table) => checkReplay(sql, table)),
		checkLanes(sql),
		checkHolds(sql),
		checkEffects(sql),
		checkLedger(sql, balances),
	]);
	return found.flat();
}

/** An earmark that has ended has no leg under way, and holds nothing that could still be spent. */
async function checkEnded(sql: postgres.Sql): Promise<string[]> {
	const legs = await sql`
		select e.id, e.status, o.id as leg, o.status as leg_status from earmarks e join rebalance_operations o on o.earmark_id = e.id
		where e.status in ('settled', 'cancelled') and o.status not in ('delivered', 'returned', 'failed', 'cancelled')`;
	const holds = await sql`
		select e.id, e.status, h.id as hold, h.state from earmarks e join holds h on h.earmark_id = e.id
		where e.status in ('settled', 'cancelled') and h.state in ('inbound', 'confirmed')`;
	return [
		...legs.map((row) => `earmark ${row.id} is ${row.status}, and its leg ${row.leg} is ${row.leg_status}`),
		...holds.map((row) => `earmark ${row.id} is ${row.status}, and its hold ${row.hold} is ${row.state}`),
	];
}

/** Every entry follows from the one before: in its chain by number and hash, and in its row's life by content. */
async function checkLog(sql: postgres.Sql): Promise<string[]> {
	const broken = await sql`
		select earmark_id, seq, entity, entity_id, is_chained, is_hashed, before is not distinct from state_before as is_continued from (
			select *,
				seq = row_number() over chain and previous_hash = coalesce(lag(hash) over chain, '') as is_chained,
				hash = encode(sha256(convert_to(concat_ws('|', previous_hash, earmark_id, seq, entity, entity_id, actor, reason,
					coalesce(before::text, ''), after::text), 'UTF8')), 'hex') as is_hashed,
				lag(after) over (partition by entity, entity_id order by seq) as state_before
			from earmark_audit_log window chain as (partition by earmark_id order by seq)
		) entries
		where not is_chained or not is_hashed or before is distinct from state_before order by earmark_id, seq`;
	return broken.map((row) => {
		const entry = `entry ${row.seq} of earmark ${row.earmark_id} (${row.entity} ${row.entity_id})`;
		if (!row.is_hashed) return `${entry} does not have the hash of its content`;
		return row.is_chained
			? `${entry} does not begin where the one before has ended`
			: `${entry} does not follow the one before in its chain`;
	});
}

/** The log replayed from zero gives exactly the rows that are there; of an operation without an earmark it never speaks. */
async function checkReplay(sql: postgres.Sql, table: string): Promise<string[]> {
	const different = await sql`
		select coalesce(now.id, replayed.id) as id, now.state as is, replayed.state as should_be
		from (
			select t.id, to_jsonb(t) - ${BOOKKEEPING}::text[] as state from ${sql(table)} t
			where ${table} <> 'rebalance_operations' or to_jsonb(t) -> 'earmark_id' <> 'null'
		) now
		full join (
			select distinct on (entity_id) entity_id as id, after as state from earmark_audit_log where entity = ${table} order by entity_id, seq desc
		) replayed on replayed.id = now.id
		where now.state is distinct from replayed.state`;
	return different.map((row) => `${table} ${row.id} is ${JSON.stringify(row.is)}, the log replayed says ${JSON.stringify(row.should_be)}`);
}

/** Every nonce of a lane, from the first used to the last given out, belongs to an effect; and none lies beyond. */
async function checkLanes(sql: postgres.Sql): Promise<string[]> {
	const gaps = await sql`
		select l.venue, l.signer, n as nonce from signer_lanes l
		cross join lateral (select min(nonce) as first from effects e where e.venue = l.venue and e.signer = l.signer) used
		cross join lateral generate_series(used.first, l.next - 1) n
		where not exists (select 1 from effects e where e.venue = l.venue and e.signer = l.signer and e.nonce = n)`;
	const beyond = await sql`
		select e.id, e.venue, e.nonce, l.next from effects e left join signer_lanes l on l.venue = e.venue and l.signer = e.signer
		where e.nonce is not null and (l.next is null or e.nonce >= l.next)`;
	return [
		...gaps.map((row) => `lane of ${row.signer} on ${row.venue}: nonce ${row.nonce} has no owner`),
		...beyond.map((row) => `effect ${row.id} has nonce ${row.nonce} on ${row.venue}, where the next one is ${row.next}`),
	];
}

/** What is held of confirmed funds is there. */
async function checkHolds(sql: postgres.Sql): Promise<string[]> {
	const uncovered = await sql`
		select h.venue, h.asset, sum(h.amount) as held, s.amount as there from holds h
		left join balance_snapshots s on s.venue = h.venue and s.asset = h.asset
		where h.state in ('confirmed', 'pending_out') group by h.venue, h.asset, s.amount having sum(h.amount) > coalesce(s.amount, 0)`;
	return uncovered.map((row) => `${row.held} ${row.asset} are held on ${row.venue}, where ${row.there ?? 'nothing'} was seen`);
}

/** A hash has one effect, with the same payload; and what moves money has happened once at most, whatever the number of tries. */
async function checkEffects(sql: postgres.Sql): Promise<string[]> {
	const strangers = await sql`
		select a.hash from attempts a left join effects e on e.id = a.effect_id
		where e.id is null or (not a.cancels and a.payload_hash is distinct from e.payload_hash)`;
	const shared = await sql`
		select lower(hash) as hash from (
			select hash, effect_id from attempts union select mined_hash, id from effects where mined_hash is not null
		) named group by lower(hash) having count(distinct effect_id) > 1`;
	const unwritten = await sql`
		select id, mined_hash from effects e where mined_hash is not null and not exists (select 1 from attempts a where a.hash = e.mined_hash)`;
	const twice = await sql`
		select owner_kind, owner_id, hop, kind, count(*) as times from effects where status = 'confirmed' and kind in ('send', 'claim', 'purchase')
		group by owner_kind, owner_id, hop, kind having count(*) > 1`;
	return [
		...strangers.map((row) => `attempt ${row.hash} has no effect with its payload`),
		...shared.map((row) => `hash ${row.hash} belongs to several effects`),
		...unwritten.map((row) => `effect ${row.id} was mined in ${row.mined_hash}, which was never written down`),
		...twice.map((row) => `${row.kind} of ${row.owner_kind} ${row.owner_id}, hop ${row.hop}, is confirmed ${row.times} times`),
	];
}

/** Every posting sums to zero at each position, and what the wallets have gained by the ledger is what the chains say. */
async function checkLedger(sql: postgres.Sql, balances: readonly VenueBalances[]): Promise<string[]> {
	const uneven = await sql`
		select posting, event, venue, asset, sum(amount) as rest from ledger_entries
		group by posting, event, venue, asset having sum(amount) <> 0`;
	const sums = await sql<{ venue: string; asset: string; gained: string }[]>`
		select venue, asset, sum(amount)::text as gained from ledger_entries where account = 'wallet' group by venue, asset`;
	const opened = await sql<{ venue: string; asset: string }[]>`select venue, asset from balance_snapshots where opened_block is not null`;
	const gains = new Map(sums.map(({ venue, asset, gained }) => [`${venue} ${asset}`, BigInt(gained)]));
	const gainedAt = ({ venue, asset }: VenueBalances) => gains.get(`${venue} ${asset}`) ?? 0n;
	// Once they are opened the books begin with what was there.
	const begun = new Set(opened.map(({ venue, asset }) => `${venue} ${asset}`));
	const openingOf = ({ venue, asset, opening }: VenueBalances) => (begun.has(`${venue} ${asset}`) ? 0n : opening);
	const wrong = balances.filter((each) => openingOf(each) + gainedAt(each) !== each.closing);
	return [
		...uneven.map((row) => `posting ${row.posting} (${row.event}) leaves ${row.rest} ${row.asset} on ${row.venue}`),
		...wrong.map((each) => {
			const { venue, asset, closing } = each;
			return `the ledger says that ${openingOf(each)} and ${gainedAt(each)} ${asset} are on ${venue}, the chain says ${closing}`;
		}),
	];
}
