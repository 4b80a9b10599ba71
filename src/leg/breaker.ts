/**
 * The breaker of a route: it closes the planner's eyes to a route that fails or is late, and opens them again by itself. Pure; moments are Unix
 * milliseconds of the database's clock. Legs under way know nothing of it.
 */
import type { BreakerState, BreakerWord } from './breaker-state.ts';

export interface Breaker {
	readonly state: BreakerState;
	readonly word: BreakerWord;
	/** In a row; a success ends both rows. */
	readonly failures: number;
	readonly lates: number;
	/** Without a success between them. */
	readonly openings: number;
	/** From when on one leg may try an open one; null when it is closed. */
	readonly retryAtMs: number | null;
	/** The leg that tries it; null unless it is half open. */
	readonly trialLeg: string | null;
}

export const CLOSED: Breaker = { state: 'closed', word: 'auto', failures: 0, lates: 0, openings: 0, retryAtMs: null, trialLeg: null };

export type BreakerEvent =
	/** What became of a hop; `failed`: nothing has left, as the bridge did not take it, or it came back. */
	| { readonly kind: 'succeeded' | 'failed' | 'late'; readonly legId: string }
	/** A plan has committed a leg over it. */
	| { readonly kind: 'tried'; readonly legId: string }
	/** The leg has ended without having said anything about the route. */
	| { readonly kind: 'untried'; readonly legId: string }
	| { readonly kind: 'said'; readonly word: BreakerWord };

/** One may be bad luck; with two the next plan would still be made on it. What fails holds up its earmark, so no more than three are risked. */
const MOST_IN_A_ROW = 3;
/** Long enough for a hiccup to pass, short enough to cost an invoice little; then as long again every time. */
const FIRST_PAUSE_MS = 60_000;
/** Nobody repairs a bridge in less, and a route that works again is not missed for longer. */
const LONGEST_PAUSE_MS = 3_600_000;
/** A promise is what is usual, and a busy bridge keeps it a little later without being broken. */
const LATE_TIMES = 3;
/** What is promised in seconds also waits for blocks and for our own looks. */
const LATE_GRACE_SECONDS = 120;

/** From how many seconds under way on it counts against the bridge. */
export function lateAfterSeconds(promisedSeconds: number): number {
	return promisedSeconds * LATE_TIMES + LATE_GRACE_SECONDS;
}

/** How long it stays shut after so many openings in a row. */
export function pauseMs(openings: number): number {
	// Beyond this many it is the longest anyway, and a power of two that is too big is none.
	const doublings = Math.min(Math.max(openings - 1, 0), 16);
	return Math.min(FIRST_PAUSE_MS * 2 ** doublings, LONGEST_PAUSE_MS);
}

/** What the planner may do with it: use it, try it with one leg, or nothing. */
export function useOf({ state, word, retryAtMs }: Breaker, nowMs: number): 'on' | 'trial' | 'off' {
	if (word !== 'auto') return word;
	if (state === 'closed') return 'on';
	return state === 'open' && retryAtMs !== null && retryAtMs <= nowMs ? 'trial' : 'off';
}

/**
 * What it is after the event; the same object when nothing follows from it. While an operator's word stands nothing is counted, and only what
 * its trial has come to is noticed; released, it begins afresh.
 */
export function afterEvent(breaker: Breaker, event: BreakerEvent, nowMs: number): Breaker {
	switch (event.kind) {
		case 'said':
			return event.word === 'auto' ? CLOSED : { ...breaker, word: event.word };
		case 'tried':
			return useOf(breaker, nowMs) === 'trial' ? { ...breaker, state: 'half_open', trialLeg: event.legId } : breaker;
		case 'untried':
			return breaker.trialLeg === event.legId ? untried(breaker) : breaker;
		default:
			break;
	}
	const isTrial = breaker.trialLeg === event.legId;
	if (breaker.word !== 'auto') return isTrial ? untried(breaker) : breaker;
	if (breaker.state === 'closed') return counted(breaker, event.kind, nowMs);
	// What was sent before it opened has been counted, or says nothing about now.
	if (!isTrial) return breaker;
	return event.kind === 'succeeded' ? CLOSED : opened(breaker, nowMs);
}

/** The next leg may try it at once: the pause has passed. */
function untried(breaker: Breaker): Breaker {
	return { ...breaker, state: 'open', trialLeg: null };
}

function counted(breaker: Breaker, kind: 'succeeded' | 'failed' | 'late', nowMs: number): Breaker {
	if (kind === 'succeeded') return breaker.failures === 0 && breaker.lates === 0 ? breaker : CLOSED;
	const more = kind === 'failed' ? { ...breaker, failures: breaker.failures + 1 } : { ...breaker, lates: breaker.lates + 1 };
	return more.failures >= MOST_IN_A_ROW || more.lates >= MOST_IN_A_ROW ? opened(more, nowMs) : more;
}

function opened(breaker: Breaker, nowMs: number): Breaker {
	const openings = breaker.openings + 1;
	return { ...breaker, state: 'open', openings, retryAtMs: nowMs + pauseMs(openings), trialLeg: null };
}
