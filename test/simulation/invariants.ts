/** What must hold after every event, and at the end (architecture, invariants 3, 4, 6, 7, 8 and 9). Asked of the rows by plain SQL. */
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../../src/store/db.ts';
import { NOT_ENOUGH } from './chain.ts';
import { LEAST, type Movement, type Outside, RESERVE } from './outside.ts';

interface Breach extends Record<string, unknown> {
	readonly breach: string;
}

const BOOKKEEPING = sql`array['next_action_at', 'generation', 'version', 'created_at', 'updated_at']`;
const AUDITED = ['earmarks', 'rebalance_operations', 'hops', 'holds'] as const;
const OF_AUDITED = AUDITED.map(
	(table) => sql`select ${table} as entity, id, to_jsonb(t) - ${BOOKKEEPING} as state from ${sql.identifier(table)} t`,
);

/** Each finds what is wrong, in words. */
const ALWAYS: readonly SQL[] = [
	sql`select 'inbound: a hold of ' || h.amount || ' at ' || h.venue || ', and its leg is ' || coalesce(o.status, 'nowhere') || ' and brings '
			|| coalesce(o.receive, 0) || ' to ' || coalesce(o.destination, 'nowhere') as breach
		from holds h left join rebalance_operations o on o.id = h.leg_id
		where h.state = 'inbound' and (o.status in ('planned', 'sending', 'in_flight') and h.amount <= o.receive and h.venue = o.destination) is not true`,
	sql`select 'audit: the log does not give back ' || entity || ' ' || id from (
			${sql.join(OF_AUDITED, sql` union all `)}) rows full join (
			select distinct on (entity, entity_id) entity, entity_id as id, after from earmark_audit_log order by entity, entity_id, seq desc
		) replayed using (entity, id) where state is distinct from after`,
	sql`select 'audit: the chain of earmark ' || earmark_id || ' breaks at ' || seq from (
			select *, lag(hash, 1, '') over chain as last_hash, lag(seq, 1, 0) over chain as last_seq from earmark_audit_log
			window chain as (partition by earmark_id order by seq)) log
		where previous_hash <> last_hash or seq <> last_seq + 1 or hash <> encode(sha256(convert_to(concat_ws('|', previous_hash, earmark_id, seq,
			entity, entity_id, actor, reason, coalesce(before::text, ''), after::text), 'UTF8')), 'hex')`,
	sql`select 'ended: an earmark is ' || e.status || ' and has a leg that is ' || o.status
		from earmarks e join rebalance_operations o on o.earmark_id = e.id
		where e.status in ('settled', 'cancelled') and o.status in ('planned', 'sending', 'in_flight')`,
	sql`select 'ended: an earmark is ' || e.status || ' and holds ' || h.amount || ' at ' || h.venue || ', ' || h.state
		from earmarks e join holds h on h.earmark_id = e.id
		where e.status in ('settled', 'cancelled') and h.state not in ('released', 'pending_out')`,
	sql`select 'settling: a leg of the earmark is ' || o.status from earmarks e join rebalance_operations o on o.earmark_id = e.id
		where e.status in ('settling', 'settled') and o.status in ('planned', 'sending', 'in_flight')`,
	sql`select 'planned: a leg of the earmark is ' || o.status from earmarks e join rebalance_operations o on o.earmark_id = e.id
		where e.status = 'planned' and o.status not in ('planned', 'cancelled')`,
	sql`select 'hop: it is ' || h.status || ' and its leg is ' || o.status from hops h join rebalance_operations o on o.id = h.leg_id
		where h.status <> o.status`,
	sql`select 'demand: it is ' || d.status || ' and has ' || count(e.id) || ' active earmarks'
		from demands d left join earmarks e on e.demand_id = d.id and e.status in ('planned', 'moving', 'settling', 'compensating')
		group by d.id having count(e.id) <> case when d.status = 'earmarked' then 1 else 0 end`,
	sql`select 'purchase: a demand is ' || d.status || ' and has ' || count(r.id) || ' receivables'
		from demands d left join earmarks e on e.demand_id = d.id left join receivables r on r.earmark_id = e.id
		group by d.id having count(r.id) <> case when d.status = 'settled' then 1 else 0 end`,
	sql`select 'spent: a ' || kind || ' was refused: ' || reason from effects where refusals > 0 and reason like ${`%${NOT_ENOUGH}%`}`,
	sql`select 'effect: two of one act may have left: ' || kind || ' of ' || owner_kind || ' ' || owner_id from effects
		where kind in ('send', 'purchase') and nonce is not null and status <> 'reverted' group by kind, owner_kind, owner_id having count(*) > 1`,
	sql`select 'books: ' || o.status || ' leg without its posting ' || event from rebalance_operations o cross join (values
			('sent', array['in_flight', 'delivered', 'returned']), ('delivered', array['delivered']), ('returned', array['returned'])) as due (event, stages)
		where (o.status = any (due.stages)) <> exists (select 1 from ledger_entries l where l.leg_id = o.id and l.event = due.event)`,
	sql`select 'books: ' || e.status || ' earmark without its posting' from earmarks e
		where (e.status = 'settled') <> exists (select 1 from ledger_entries l where l.earmark_id = e.id and l.event = 'purchased')`,
];

/** Only when nothing moves any more. */
const AT_REST: readonly SQL[] = [
	sql`select 'rest: an earmark is still ' || status as breach from earmarks where status not in ('settled', 'cancelled')`,
	sql`select 'rest: ' || amount || ' at ' || venue || ' are still held, ' || state from holds where state <> 'released'`,
	sql`select 'rest: ' || kind || ' of ' || owner_kind || ' is still ' || status from effects
		where status not in ('confirmed', 'reverted', 'cancelled', 'dropped')`,
	sql`select 'lane: nonce ' || n || ' of ' || l.venue || ' has ' || count(f.id) || ' effects'
		from signer_lanes l cross join lateral generate_series(0, l.next - 1) n
		left join effects f on f.venue = l.venue and f.signer = l.signer and f.nonce = n group by l.venue, n having count(f.id) <> 1`,
];

const all = (questions: readonly SQL[]) => sql.join([...questions], sql` union all `);

/** A judge of one run; it remembers which holds it has seen. Every call answers with what is wrong, in words. */
export function createJudge(db: Db, outside: Outside) {
	const known = new Set<string>();
	const opening = new Map([...outside.chains].map(([venue, chain]) => [venue, chain.balance]));
	const total = outside.total();
	const always = async (): Promise<string[]> => [
		...outside.faults.map((fault) => `spent: ${fault}`),
		...(outside.total() === total ? [] : [`conservation: there were ${total}, there are ${outside.total()}`]),
		...(await breaches(db, ALWAYS)),
		...(await overcommitted(db, known)),
		...(await misposted(db, outside.movements)),
		...(await misbought(db, outside)),
	];
	return {
		always,
		atRest: async () => [
			...(await always()),
			...(await breaches(db, AT_REST)),
			...(await unbalanced(db, outside, opening)),
			...leftOver(outside),
		],
	};
}

async function breaches(db: Db, questions: readonly SQL[]): Promise<string[]> {
	return (await db.execute<Breach>(all(questions))).map((row) => row.breach);
}

interface HoldRow extends Record<string, unknown> {
	readonly id: string;
	readonly venue: string;
	readonly state: string;
	/** On confirmed funds at the venue, by all earmarks, and what its snapshot confirms. */
	readonly held: string | null;
	readonly confirmed: string | null;
	/** What its earmark holds and awaits at this venue, and needs, when this is the venue where it pays. */
	readonly covered: string | null;
	readonly need: string | null;
}

/**
 * Invariant 4: where an event has made a new hold on confirmed funds, all such holds and the reserve are within what is confirmed.
 * And nothing is brought twice: where it has sent for more funds, what an earmark has and awaits is no more than it needs.
 */
async function overcommitted(db: Db, known: Set<string>): Promise<string[]> {
	const rows = await db.execute<HoldRow>(sql`
		select h.id, h.venue, h.state, s.amount as confirmed, case when h.venue = e.venue then e.amount end as need,
			sum(h.amount) filter (where h.state in ('confirmed', 'pending_out')) over (partition by h.venue) as held,
			sum(h.amount) filter (where h.state in ('confirmed', 'inbound')) over (partition by h.venue, h.earmark_id) as covered
		from holds h join earmarks e on e.id = h.earmark_id
		left join balance_snapshots s on s.venue = h.venue and s.asset = h.asset where h.state <> 'released'`);
	const fresh = rows.filter(({ id }) => !known.has(id));
	for (const { id } of rows) known.add(id);
	return fresh.flatMap(({ venue, state, held, confirmed, covered, need }) => {
		if (state === 'confirmed' && BigInt(held ?? 0) + RESERVE > BigInt(confirmed ?? 0))
			return [`overcommitted: ${held} are held at ${venue} of ${confirmed}, where ${RESERVE} are reserved`];
		if (state === 'inbound' && BigInt(covered ?? 0) > BigInt(need ?? 0) + LEAST)
			return [`brought twice: ${covered} are there or under way to ${venue}, where ${need} are needed`];
		return [];
	});
}

/** Invariant 3: every posting is a movement that has happened outside, with exactly its amounts, and none is posted twice. */
async function misposted(db: Db, movements: readonly Movement[]): Promise<string[]> {
	const rows = await db.execute<{ posting: string }>(sql`
		select tx || ' ' || event || ': ' || string_agg(account || ' ' || venue || ' ' || amount, ', ' order by id) as posting
		from ledger_entries group by posting, tx, event`);
	const real = movements.map(({ tx, event, entries }) => `${tx} ${event}: ${entries.join(', ')}`);
	return rows.flatMap(({ posting }) => {
		const index = real.indexOf(posting);
		if (index < 0) return [`books: posted, but it has not happened, or not so: ${posting}`];
		real.splice(index, 1);
		return [];
	});
}

/** All or nothing: what was paid is what the invoice has asked for there at some time. */
async function misbought(db: Db, outside: Outside): Promise<string[]> {
	const rows = await db.execute<{ invoice: string; paid: string }>(sql`
		select d.external_id as invoice, r.origin || ' ' || r.amount as paid
		from receivables r join earmarks e on e.id = r.earmark_id join demands d on d.id = e.demand_id`);
	return rows
		.filter(({ invoice, paid }) => outside.invoices.find(({ id }) => id === invoice)?.asked.has(paid) !== true)
		.map(({ paid }) => `purchase: nobody ever asked for ${paid}`);
}

/** Every movement is in the books, and they say what the chains say. */
async function unbalanced(db: Db, outside: Outside, opening: ReadonlyMap<string, bigint>): Promise<string[]> {
	const rows = await db.execute<{ account: string; venue: string; sum: string }>(sql`
		select account, venue, sum(amount) as sum from ledger_entries group by account, venue`);
	const booked = (account: string, venue: string) => BigInt(rows.find((row) => row.account === account && row.venue === venue)?.sum ?? 0);
	const venues = [...outside.chains.keys()];
	const owed = venues.reduce((sum, venue) => sum + booked('receivable', venue), 0n);
	return [
		...venues.flatMap((venue) => {
			const there = outside.chainAt(venue).balance - outside.givenAt(venue);
			const should = (opening.get(venue) ?? 0n) + booked('wallet', venue);
			const wallet = there === should ? [] : [`books: ${should} at ${venue}, and ${there} are there`];
			const underWay = booked('in_flight', venue);
			return underWay === 0n ? wallet : [...wallet, `books: ${underWay} from ${venue} are in flight`];
		}),
		...(owed === outside.owed ? [] : [`books: ${owed} are owed, and the hub owes ${outside.owed}`]),
	];
}

function leftOver(outside: Outside): string[] {
	return [...outside.chains].flatMap(([venue, { allowances }]) =>
		[...allowances].flatMap(([spender, units]) => (units === 0n ? [] : [`allowance: ${spender} may still take ${units} at ${venue}`])),
	);
}
