/** What must hold of the rows, by plain SQL: after every event, and when nothing moves any more. Each question finds what is wrong, in words. */
import { type SQL, sql } from 'drizzle-orm';
import { NOT_ENOUGH } from './chain.ts';

const BOOKKEEPING = sql`array['next_action_at', 'generation', 'version', 'created_at', 'updated_at']`;
const AUDITED = ['earmarks', 'rebalance_operations', 'hops', 'holds'] as const;
const OF_AUDITED = AUDITED.map(
	(table) => sql`select ${table} as entity, id, to_jsonb(t) - ${BOOKKEEPING} as state from ${sql.identifier(table)} t`,
);

const OF_EARMARKS: readonly SQL[] = [
	sql`select 'audit: the log does not give back ' || entity || ' ' || id as breach from (
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
	sql`select 'demand: it is ' || d.status || ' and has ' || count(e.id) || ' active earmarks'
		from demands d left join earmarks e on e.demand_id = d.id and e.status in ('planned', 'moving', 'settling', 'compensating')
		group by d.id having count(e.id) <> case when d.status = 'earmarked' then 1 else 0 end`,
	sql`select 'purchase: a demand is ' || d.status || ' and has ' || count(r.id) || ' receivables'
		from demands d left join earmarks e on e.demand_id = d.id left join receivables r on r.earmark_id = e.id
		group by d.id having count(r.id) <> case when d.status = 'settled' then 1 else 0 end`,
	sql`select 'books: ' || e.status || ' earmark without its posting' from earmarks e
		where (e.status = 'settled') <> exists (select 1 from ledger_entries l where l.earmark_id = e.id and l.event = 'purchased')`,
];

/** The present hop of a leg is the first that has not ended; what it sends is held for it, and what it and those after it bring is awaited. */
const OF_LEGS: readonly SQL[] = [
	sql`select 'hops: they are ' || stages || ' and their leg is ' || status from (
			select o.status, string_agg(h.status || ',', '' order by h.index) as stages
			from rebalance_operations o join hops h on h.leg_id = o.id group by o.id) legs
		where stages !~ case status when 'planned' then '^(planned,)+$' when 'sending' then '^sending,(planned,)*$'
			when 'in_flight' then '^(in_flight|(delivered,)+(planned|sending|in_flight)),(planned,)*$' when 'delivered' then '^(delivered,)+$'
			when 'returned' then '^((delivered,)*returned|(delivered,)+(cancelled|failed)),(cancelled,)*$'
			when 'failed' then '^failed,(cancelled,)*$' else '^(cancelled,)+$' end`,
	sql`select 'inbound: ' || h.amount || ' are awaited at ' || h.venue || ', and no hop under way brings them' from holds h
		where h.state = 'inbound' and not exists (select 1 from hops p where p.leg_id = h.leg_id and p.destination = h.venue
			and p.status in ('planned', 'sending', 'in_flight') and h.amount <= p.receive)`,
	sql`select 'inbound: a hop to ' || p.destination || ' is ' || p.status || ', and ' || count(h.id) || ' holds await it'
		from hops p left join holds h on h.leg_id = p.leg_id and h.venue = p.destination and h.state = 'inbound'
		where p.status in ('planned', 'sending', 'in_flight') group by p.id having count(h.id) <> 1`,
	sql`select 'parked: a hop is to send ' || send || ' from ' || origin || ', and ' || held || ' are held for it there' from (
			select p.*, (select coalesce(sum(h.amount), 0) from holds h
				where h.leg_id = p.leg_id and h.venue = p.origin and h.state in ('confirmed', 'pending_out')) as held
			from hops p where p.status in ('planned', 'sending')
			and not exists (select 1 from hops b where b.leg_id = p.leg_id and b.index < p.index and b.status <> 'delivered')) present
		where held <> send`,
	sql`select 'parked: ' || h.amount || ' have left ' || h.venue || ' with a hop that is ' || p.status || ', and are held there, ' || h.state
		from hops p join holds h on h.leg_id = p.leg_id and h.venue = p.origin and h.state in ('inbound', 'confirmed')
		where p.status in ('in_flight', 'delivered', 'returned')`,
	sql`select 'parked: ' || h.amount || ' are held at ' || h.venue || ' for a leg that is ' || o.status
		from holds h join rebalance_operations o on o.id = h.leg_id join earmarks e on e.id = o.earmark_id
		where h.state in ('inbound', 'confirmed') and h.venue <> e.venue and o.status not in ('planned', 'sending', 'in_flight')`,
	sql`select 'books: ' || due.event || ' is posted ' || posted || ' times for a leg of which ' || count(h.id) || ' hops have' from hops h
		join (values ('sent', array['in_flight', 'delivered', 'returned']), ('delivered', array['delivered']), ('returned', array['returned']))
			as due (event, stages) on h.status = any (due.stages)
		full join (select leg_id, event, count(distinct posting) as posted from ledger_entries where leg_id is not null group by leg_id, event) l
			on l.leg_id = h.leg_id and l.event = due.event
		group by h.leg_id, l.leg_id, due.event, l.event, posted having count(h.id) <> coalesce(posted, 0)`,
];

const OF_EFFECTS: readonly SQL[] = [
	sql`select 'spent: a ' || kind || ' was refused: ' || reason from effects where refusals > 0 and reason like ${`%${NOT_ENOUGH}%`}`,
	sql`select 'effect: two of one act may have left: ' || kind || ' of ' || owner_kind || ' ' || owner_id from effects
		where kind in ('send', 'claim', 'purchase') and nonce is not null and status <> 'reverted'
		group by kind, owner_kind, owner_id, hop having count(*) > 1`,
	sql`select 'effect: ' || kind || ' names ' || coalesce(spend_amount::text, 'no allowance') from effects
		where (spend_amount is null) <> (kind = 'claim')`,
	sql`select 'claim: it is ' || f.status || ' with nonce ' || f.nonce || ', and its hop is ' || h.status from effects f
		join hops h on h.leg_id = f.owner_id and h.index = f.hop
		where f.kind = 'claim' and f.status in ('reserved', 'signed', 'tracking') and h.status <> 'in_flight'`,
];

export const ALWAYS: readonly SQL[] = [...OF_EARMARKS, ...OF_LEGS, ...OF_EFFECTS];

/** Only when nothing moves any more. */
export const AT_REST: readonly SQL[] = [
	sql`select 'rest: an earmark is still ' || status as breach from earmarks where status not in ('settled', 'cancelled')`,
	sql`select 'rest: ' || amount || ' at ' || venue || ' are still held, ' || state from holds where state <> 'released'`,
	sql`select 'rest: ' || kind || ' of ' || owner_kind || ' is still ' || status from effects
		where status not in ('confirmed', 'reverted', 'cancelled', 'dropped')`,
	sql`select 'lane: nonce ' || n || ' of ' || l.venue || ' has ' || count(f.id) || ' effects'
		from signer_lanes l cross join lateral generate_series(0, l.next - 1) n
		left join effects f on f.venue = l.venue and f.signer = l.signer and f.nonce = n group by l.venue, n having count(f.id) <> 1`,
];
