/** What must hold after every event, and at the end (architecture, invariants 1 to 4 and 7 to 9): the rows among themselves, and with the outside. */
import { TransientError } from '../../src/errors.ts';
import type { Outcome } from '../../src/outcome.ts';
import { LEAST, type Movement } from './deposits.ts';
import { type Outside, RESERVE } from './outside.ts';
import { alwaysOfRows, restOfRows } from './rows.ts';
import { holdingOf } from './store/holdings.ts';
import type { EffectRow, HoldRow, Memory } from './store/memory.ts';

/** A judge of one run; it remembers which holds it has seen. Every call throws with what is wrong, in words. */
export function createJudge(memory: Memory, outside: Outside) {
	const known = new Set<string>();
	const outdated = createOutdated(memory, outside);
	const total = outside.total();
	const judged = { writes: -1, movements: -1 };
	/** What was asked of the same rows is answered as before. */
	const ofRows = (): string[] => {
		if (judged.writes === memory.writes && judged.movements === outside.movements.length) return [];
		judged.writes = memory.writes;
		judged.movements = outside.movements.length;
		return [
			...alwaysOfRows(memory),
			...overcommitted(memory, known),
			...misposted(memory, outside.movements),
			...misbought(memory, outside),
		];
	};
	const always = (): string[] => {
		const now = outside.total();
		return [
			...outside.faults.map((fault) => `spent: ${fault}`),
			...(now === total ? [] : [`conservation: there were ${total}, there are ${now}`]),
			...ofRows(),
			...promisedTwice(memory, outside),
			...outdated(),
		];
	};
	const complain = (breaches: readonly string[]) => {
		if (breaches.length > 0) throw new Error(breaches.join('\n'));
	};
	return {
		check: () => complain(always()),
		checkAtRest: () => complain([...always(), ...restOfRows(memory), ...unbalanced(memory, outside), ...leftOver(outside)]),
		/** A step may not get to ask again, or lose a race; whatever else it throws is ours. */
		refuse: (outcome: Outcome) => {
			if (outcome.kind === 'retry' && !(outcome.error instanceof TransientError)) throw outcome.error;
		},
	};
}

const sumOf = (rows: readonly { readonly amount: bigint }[]) => rows.reduce((sum, { amount }) => sum + amount, 0n);

/**
 * Invariant 4: where an event has made a new hold on confirmed funds, all such holds and the reserve are within what is confirmed.
 * And nothing is brought twice: where it has sent for more funds, what an earmark has and awaits is no more than it needs.
 */
function overcommitted(memory: Memory, known: Set<string>): string[] {
	const active = memory.holds.filter(({ state }) => state !== 'released');
	const fresh = active.filter(({ id }) => !known.has(id));
	for (const { id } of active) known.add(id);
	return fresh.flatMap((hold) => {
		const { venue, state, earmarkId } = hold;
		const there = active.filter((each) => each.venue === venue);
		const snapshot = memory.snapshots.find((each) => each.venue === venue);
		const { held, confirmed } = snapshot === undefined ? NOTHING_SEEN : holdingOf(memory, snapshot, { now: 0, reserves: new Map() });
		if (state === 'confirmed' && held + RESERVE > confirmed)
			return [`overcommitted: ${held} are held at ${venue} of ${confirmed}, where ${RESERVE} are reserved`];
		const earmark = memory.earmarks.find((each) => each.id === earmarkId);
		const covered = sumOf(there.filter((each) => each.earmarkId === earmarkId && (each.state === 'confirmed' || each.state === 'inbound')));
		if (state === 'inbound' && earmark?.venue === venue && covered > earmark.amount + LEAST)
			return [`brought twice: ${covered} are there or under way to ${venue}, where ${earmark.amount} are needed`];
		return [];
	});
}

const NOTHING_SEEN = { held: 0n, confirmed: 0n };

/**
 * What is held is really there, whatever the snapshots say: and what is free is there beside it, beside what has landed for somebody who
 * has not recorded it yet, and beside the reserve.
 */
function promisedTwice(memory: Memory, outside: Outside): string[] {
	const left = new Set<string>(outside.movements.filter(({ event }) => event === 'sent' || event === 'purchased').map(({ tx }) => tx));
	const recorded = new Set(
		memory.hops
			.filter(({ status }) => status === 'delivered' || status === 'returned')
			.map(({ evidence }) => (evidence as { tx?: string } | null)?.tx),
	);
	const landed = outside.deposits.all.filter(({ state, tx }) => state === 'filled' && !recorded.has(tx));
	return memory.snapshots.flatMap((snapshot) => {
		const { venue } = snapshot;
		const there = outside.chainAt(venue).balance - RESERVE;
		const active = memory.holds.filter((hold) => hold.venue === venue && hold.state !== 'released');
		const onConfirmed = active.filter(({ state }) => state !== 'inbound');
		const held = sumOf(onConfirmed.filter((hold) => !hashesOf(memory, hold).some((hash) => left.has(hash))));
		if (held > there) return [`held: ${held} at ${venue}, where ${there} are there beside the reserve`];
		const awaited = landed.filter(({ destination }) => destination === venue).reduce((sum, { paid }) => sum + paid, 0n);
		const isThere = (units: bigint) => units <= 0n || held + awaited + units <= there;
		// At most so much is free, which is quicker to say than how much it is.
		if (isThere(snapshot.amount - RESERVE - sumOf(onConfirmed.filter(({ state }) => state === 'confirmed')))) return [];
		const { confirmed, held: taken } = holdingOf(memory, snapshot, { now: 0, reserves: new Map() });
		const free = confirmed - RESERVE - taken;
		if (isThere(free)) return [];
		return [
			`free: ${free} at ${venue}, where ${held} are held, ${awaited} have landed for somebody, and ${there} are there beside the reserve`,
		];
	});
}

/** By which what is leaving leaves. */
function hashesOf(memory: Memory, { state, venue, legId, earmarkId }: HoldRow): string[] {
	if (state !== 'pending_out') return [];
	const acts = memory.effects.filter(
		(each) =>
			each.venue === venue && (each.kind === 'send' || each.kind === 'purchase') && (each.ownerId === legId || each.ownerId === earmarkId),
	);
	return memory.attempts.filter(({ effectId }) => acts.some(({ id }) => id === effectId)).map(({ hash }) => hash);
}

/** Invariant 3: every posting is a movement that has happened outside, with exactly its amounts, and none is posted twice. */
function misposted(memory: Memory, movements: readonly Movement[]): string[] {
	const postings = new Map<string, string>();
	for (const { posting, tx, event, account, venue, amount } of memory.ledger) {
		// What the product has seen others do is compared with the chains at rest.
		if (event === 'opened' || event === 'external') continue;
		const before = postings.get(posting);
		const entry = `${account} ${venue} ${amount}`;
		postings.set(posting, before === undefined ? `${tx} ${event}: ${entry}` : `${before}, ${entry}`);
	}
	const real = movements.map(({ tx, event, entries }) => `${tx} ${event}: ${entries.join(', ')}`);
	return [...postings.values()].flatMap((posting) => {
		const index = real.indexOf(posting);
		if (index < 0) return [`books: posted, but it has not happened, or not so: ${posting}`];
		real.splice(index, 1);
		return [];
	});
}

/** All or nothing: what was paid is what the invoice has asked for there at some time. */
function misbought(memory: Memory, outside: Outside): string[] {
	return memory.receivables.flatMap(({ earmarkId, origin, amount }) => {
		const demandId = memory.earmarks.find(({ id }) => id === earmarkId)?.demandId;
		const invoice = outside.invoices.find(({ id }) => id === memory.demands.find((each) => each.id === demandId)?.externalId);
		const paid = `${origin} ${amount}`;
		return invoice?.asked.has(paid) === true ? [] : [`purchase: nobody ever asked for ${paid}`];
	});
}

/**
 * Nothing is paid on old news: a payment's nonce commits only for what its invoice has asked for since its last approval was confirmed, because
 * the product asks again in between.
 */
function createOutdated(memory: Memory, outside: Outside): () => string[] {
	let checks = 0;
	/** When each need was last seen, and when each earmark's last approval was first seen: counted in checks. */
	const [asked, approved] = [new Map<string, number>(), new Map<string, number>()];
	const seen = new Set<string>();
	return () => {
		checks += 1;
		for (const { id, listed, amounts } of outside.invoices)
			if (listed) for (const [venue, units] of amounts) asked.set(`${id} ${venue} ${units}`, checks);
		const isNew = ({ id }: EffectRow) => !seen.has(id) && seen.add(id).has(id);
		for (const effect of memory.effects)
			if (effect.ownerKind === 'earmark' && effect.kind === 'approve' && effect.status === 'confirmed' && isNew(effect))
				approved.set(effect.ownerId, checks);
		const paying = memory.effects.filter((effect) => effect.kind === 'purchase' && effect.nonce !== null && isNew(effect));
		return paying.flatMap(({ ownerId, venue, spendAmount }) => {
			const demandId = memory.earmarks.find(({ id }) => id === ownerId)?.demandId;
			const invoiceId = memory.demands.find(({ id }) => id === demandId)?.externalId;
			const last = asked.get(`${invoiceId} ${venue} ${spendAmount}`) ?? 0;
			// What was asked for at the check before may have been asked for until the very moment of the approval.
			return last >= (approved.get(ownerId) ?? checks) - 1
				? []
				: [`purchase: ${spendAmount} are paid at ${venue}, for which nobody has asked since the approval`];
		});
	};
}

/** Every movement is in the books, ours and those of others, and they say what the chains say. */
function unbalanced(memory: Memory, outside: Outside): string[] {
	const booked = (account: string, venue: string) =>
		sumOf(memory.ledger.filter((entry) => entry.account === account && entry.venue === venue));
	const venues = [...outside.chains.keys()];
	const owed = venues.reduce((sum, venue) => sum + booked('receivable', venue), 0n);
	return [
		...venues.flatMap((venue) => {
			const there = outside.chainAt(venue).balance;
			const should = booked('wallet', venue);
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
