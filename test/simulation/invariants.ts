/** What must hold after every event, and at the end (architecture, invariants 3, 4, 6, 7, 8 and 9): the rows among themselves, and with the outside. */
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../../src/store/db.ts';
import { LEAST, type Movement } from './deposits.ts';
import { type Outside, RESERVE } from './outside.ts';
import { ALWAYS, AT_REST } from './questions.ts';

interface Breach extends Record<string, unknown> {
	readonly breach: string;
}

const all = (questions: readonly SQL[]) => sql.join([...questions], sql` union all `);

/** A judge of one run; it remembers which holds it has seen. Every call answers with what is wrong, in words. */
export function createJudge(db: Db, outside: Outside) {
	const known = new Set<string>();
	const opening = new Map([...outside.chains].map(([venue, chain]) => [venue, chain.balance]));
	const total = outside.total();
	const always = async (): Promise<string[]> => {
		const now = outside.total();
		const found = await Promise.all([
			breaches(db, ALWAYS),
			overcommitted(db, known),
			promisedTwice(db, outside),
			misposted(db, outside.movements),
			misbought(db, outside),
		]);
		return [
			...outside.faults.map((fault) => `spent: ${fault}`),
			...(now === total ? [] : [`conservation: there were ${total}, there are ${now}`]),
			...found.flat(),
		];
	};
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
		if (state === 'inbound' && need !== null && BigInt(covered ?? 0) > BigInt(need) + LEAST)
			return [`brought twice: ${covered} are there or under way to ${venue}, where ${need} are needed`];
		return [];
	});
}

interface PlaceRow extends Record<string, unknown> {
	readonly venue: string;
	/** What everybody who spends may take there. */
	readonly free: string;
	/** Every hold on funds that are there, and the hashes by which they leave. */
	readonly holds: readonly { readonly amount: string; readonly hashes: readonly string[] }[];
}

/**
 * What is held is really there, whatever the snapshots say: and what is free is there beside it, beside what has landed for somebody who
 * has not recorded it yet, and beside the reserve.
 */
async function promisedTwice(db: Db, outside: Outside): Promise<string[]> {
	const rows = await db.execute<PlaceRow>(sql`
		select s.venue, greatest(s.amount - ${RESERVE.toString()}::numeric - coalesce(sum(h.amount) filter (where h.state <> 'inbound'), 0)
				- least(s.unclaimed, coalesce(sum(h.amount) filter (where h.state = 'inbound'), 0)), 0) as free,
			coalesce(jsonb_agg(jsonb_build_object('amount', h.amount::text, 'hashes', array(
				select a.hash from effects f join attempts a on a.effect_id = f.id where f.venue = h.venue and h.state = 'pending_out'
					and f.kind in ('send', 'purchase') and f.owner_id in (h.leg_id, h.earmark_id)))) filter (where h.state <> 'inbound'), '[]') as holds
		from balance_snapshots s left join holds h on h.venue = s.venue and h.asset = s.asset and h.state <> 'released' group by s.venue, s.asset`);
	const recorded = await db.execute<{ tx: string }>(
		sql`select evidence ->> 'tx' as tx from hops where status in ('delivered', 'returned')`,
	);
	const left = new Set<string>(outside.movements.filter(({ event }) => event === 'sent' || event === 'purchased').map(({ tx }) => tx));
	const landed = outside.deposits.all.filter(({ state, tx }) => state === 'filled' && !recorded.some((each) => each.tx === tx));
	return rows.flatMap(({ venue, free, holds }) => {
		const there = outside.chainAt(venue).balance - RESERVE;
		const held = holds.filter(({ hashes }) => !hashes.some((hash) => left.has(hash))).reduce((sum, each) => sum + BigInt(each.amount), 0n);
		const awaited = landed.filter(({ destination }) => destination === venue).reduce((sum, { paid }) => sum + paid, 0n);
		if (held > there) return [`held: ${held} at ${venue}, where ${there} are there beside the reserve`];
		const promised = held + awaited + BigInt(free);
		if (BigInt(free) === 0n || promised <= there) return [];
		return [
			`free: ${free} at ${venue}, where ${held} are held, ${awaited} have landed for somebody, and ${there} are there beside the reserve`,
		];
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
