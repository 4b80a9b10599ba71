/** From proposed uses to whole, legal sends that fit: what rounding has broken is mended option by option, or given up. */
import { ceilDivide } from '../exact.ts';
import { arrivalOf, pathSendUpTo, smallestPathSend } from '../one/path.ts';
import type { Arena, Option } from './arena.ts';
import { aimAt, type Entrant } from './relaxed-program.ts';

interface Draft {
	readonly arena: Arena;
	readonly entrants: readonly Entrant[];
	readonly sends: bigint[];
}

/** Base units by entrant, or null when no fit was found; there may be one all the same. */
export function repaired(arena: Arena, entrants: readonly Entrant[], uses: Float64Array): readonly bigint[] | null {
	const sends = entrants.map((entrant, index) => {
		const send = pathSendUpTo(entrant.option.candidate.path, aimAt(entrant, uses[index] ?? 0));
		return send === null || send < entrant.low ? entrant.low : send;
	});
	const draft: Draft = { arena, entrants, sends };
	for (let turns = 4 * entrants.length + 4; turns > 0; turns -= 1) {
		const over = overdraft(draft);
		if (over === null && isCovered(draft)) return trimmed(draft);
		if (over === null ? !cheapen(draft) : !raise(draft, over) && !lower(draft, over)) return null;
	}
	return null;
}

interface Overdraft {
	readonly place: number;
	readonly units: bigint;
}

/** What the legs leave uncovered of each post; below zero when they bring more than is asked for. */
function missingAt({ arena, entrants, sends }: Draft): bigint[] {
	const missing = arena.posts.map(({ amount }): bigint => amount);
	for (const [index, { option }] of entrants.entries())
		missing[option.post] = (missing[option.post] ?? 0n) - arrivalOf(option.candidate.path, sends[index] ?? 0n);
	return missing;
}

/** What is taken at each place: sends from there, and what the legs leave uncovered there. */
function takenAt(draft: Draft): bigint[] {
	const { arena, entrants, sends } = draft;
	const taken = arena.capacities.map(() => 0n);
	for (const [index, { option }] of entrants.entries()) taken[option.origin] = (taken[option.origin] ?? 0n) + (sends[index] ?? 0n);
	const missing = missingAt(draft);
	for (const [post, { place }] of arena.posts.entries()) {
		const short = missing[post] ?? 0n;
		if (short > 0n) taken[place] = (taken[place] ?? 0n) + short;
	}
	return taken;
}

function overdraft(draft: Draft): Overdraft | null {
	for (const [place, units] of takenAt(draft).entries()) {
		const over = units - (draft.arena.capacities[place] ?? 0n);
		if (over > 0n) return { place, units: over };
	}
	return null;
}

/** Brings more to a post at the place: from an origin that has some left, or else from one that may be brought more itself. */
function raise(draft: Draft, over: Overdraft): boolean {
	return raiseWithin(draft, over, 'what is left') || raiseWithin(draft, over, 'what is legal');
}

function raiseWithin(draft: Draft, over: Overdraft, limit: 'what is left' | 'what is legal'): boolean {
	const { arena, entrants, sends } = draft;
	const taken = takenAt(draft);
	const missing = missingAt(draft);
	for (const [index, { option, high }] of entrants.entries()) {
		const short = missing[option.post] ?? 0n;
		if (arena.posts[option.post]?.place !== over.place || option.origin === over.place || short <= 0n) continue;
		const send = sends[index] ?? 0n;
		const free = (arena.capacities[option.origin] ?? 0n) - (taken[option.origin] ?? 0n);
		const top = limit === 'what is legal' ? high : least(high, free > 0n ? send + free : send);
		const raised = raisedBy(option, { send, by: least(short, over.units), top });
		if (raised === null || raised <= send) continue;
		sends[index] = raised;
		return true;
	}
	return false;
}

/** The smallest send that brings so much more, or the largest that is allowed. */
function raisedBy({ candidate: { path } }: Option, { send, by, top }: { send: bigint; by: bigint; top: bigint }): bigint | null {
	const wanted = smallestPathSend(path, arrivalOf(path, send) + by);
	return wanted !== null && wanted <= top ? wanted : pathSendUpTo(path, top);
}

function least(a: bigint, b: bigint): bigint {
	return a < b ? a : b;
}

function lower({ entrants, sends }: Draft, { place, units }: Overdraft): boolean {
	for (const [index, { option, low }] of entrants.entries()) {
		if (option.origin !== place) continue;
		const send = sends[index] ?? 0n;
		const lowered = pathSendUpTo(option.candidate.path, send - units);
		if (lowered === null || lowered < low || lowered >= send) continue;
		sends[index] = lowered;
		return true;
	}
	return false;
}

/** Every post has a leg, and its plan is worth what it costs. */
function isCovered(draft: Draft): boolean {
	const { arena, entrants } = draft;
	const costs = costsOf(draft);
	return arena.posts.every(
		({ maxCost }, post) => entrants.some(({ option }) => option.post === post) && (maxCost === null || (costs[post] ?? 0n) <= maxCost),
	);
}

function costsOf({ arena, entrants, sends }: Draft): bigint[] {
	const costs = arena.posts.map(() => 0n);
	for (const [index, { option }] of entrants.entries()) {
		const { candidate, post } = option;
		const send = sends[index] ?? 0n;
		const arrived = (arrivalOf(candidate.path, send) * arena.moneyScale) / (arena.posts[post]?.unitsPerToken ?? 1n);
		costs[post] = (costs[post] ?? 0n) + send * candidate.sendWeight - arrived + candidate.gas;
	}
	return costs;
}

/** Sends less for a post whose plan costs too much, so that others have to send more. */
function cheapen(draft: Draft): boolean {
	const { arena, entrants, sends } = draft;
	const costs = costsOf(draft);
	for (const [index, { option, low }] of entrants.entries()) {
		const { maxCost } = arena.posts[option.post] ?? { maxCost: null };
		const excess = maxCost === null ? 0n : (costs[option.post] ?? 0n) - maxCost;
		const { path, sendWeight, arriveWeight } = option.candidate;
		// What each unit less saves: the unit itself, less what arrives of it.
		const saved = sendWeight * path.divisor - arriveWeight * path.slope;
		if (excess <= 0n || saved <= 0n) continue;
		const send = sends[index] ?? 0n;
		const lowered = pathSendUpTo(path, send - ceilDivide(excess * path.divisor, saved));
		if (lowered === null || lowered < low || lowered >= send) continue;
		sends[index] = smallestPathSend(path, arrivalOf(path, lowered)) ?? lowered;
		return true;
	}
	return false;
}

/** Nobody brings more than is missing, if less is legal. */
function trimmed(draft: Draft): readonly bigint[] {
	const { arena, entrants, sends } = draft;
	for (const [index, { option, low }] of [...entrants.entries()].reverse()) {
		const { path } = option.candidate;
		const post = arena.posts[option.post];
		const send = sends[index] ?? 0n;
		const arrived = entrants.reduce(
			(sum, each, other) => (each.option.post === option.post ? sum + arrivalOf(each.option.candidate.path, sends[other] ?? 0n) : sum),
			0n,
		);
		const excess = arrived - (post?.amount ?? 0n);
		const enough = excess > 0n ? smallestPathSend(path, arrivalOf(path, send) - excess) : smallestPathSend(path, arrivalOf(path, send));
		if (enough !== null && enough >= low && enough < send) sends[index] = enough;
	}
	return sends;
}
