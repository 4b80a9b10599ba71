/** A breaker as its row, what an event changes in it, and what is told of it. Pure; moments are ISO text, and Unix milliseconds for `now`. */
import { afterEvent, type Breaker, type BreakerEvent, useOf } from './breaker.ts';
import type { BreakerState, BreakerWord } from './breaker-state.ts';

export interface BreakerRow extends Omit<Breaker, 'retryAtMs'> {
	readonly route: string;
	readonly retryAt: string | null;
	/** Why it was opened, closed or switched last, by whom, and when. */
	readonly reason: string | null;
	readonly actor: string | null;
	readonly since: string;
}

/** A route that the planner may not simply use. */
export interface RouteUse {
	readonly use: 'trial' | 'off';
	readonly reason: string;
	/** When one leg may try it, as ISO text; null when no moment is known. */
	readonly until: string | null;
}

/** By route id; whatever is not in it is used. */
export type RouteUses = ReadonlyMap<string, RouteUse>;

/** What has become of a breaker, for the log and for its events. */
export interface RouteNews {
	readonly route: string;
	readonly event: 'opened' | 'tried' | 'untried' | 'closed' | 'switched_off' | 'switched_on' | 'released';
	readonly reason: string;
	readonly until: string | null;
}

interface BreakerChange {
	readonly values: Omit<BreakerRow, 'route'>;
	/** Null when it has only counted. */
	readonly news: RouteNews | null;
}

export interface Happened {
	readonly event: BreakerEvent;
	readonly actor: string;
	readonly why: string;
}

/** Null when nothing follows from it. */
export function changeOf(row: BreakerRow, { event, actor, why }: Happened, nowMs: number): BreakerChange | null {
	const before = breakerOf(row);
	const after = afterEvent(before, event, nowMs);
	if (after === before) return null;
	const { retryAtMs, ...rest } = after;
	const retryAt = retryAtMs === null ? null : isoOf(retryAtMs);
	const name = eventOf(before, after, event);
	const reason = reasonOf({ before, after, event, why });
	const isTold = name !== null && name !== 'tried' && name !== 'untried';
	const said = isTold ? { reason, actor, since: isoOf(nowMs) } : { reason: row.reason, actor: row.actor, since: row.since };
	return { values: { ...rest, retryAt, ...said }, news: name === null ? null : { route: row.route, event: name, reason, until: retryAt } };
}

function eventOf(before: Breaker, after: Breaker, event: BreakerEvent): RouteNews['event'] | null {
	if (event.kind === 'said') return ({ auto: 'released', off: 'switched_off', on: 'switched_on' } as const)[event.word];
	if (after.state === before.state) return null;
	if (after.state === 'closed') return 'closed';
	if (after.state === 'half_open') return 'tried';
	return after.openings > before.openings ? 'opened' : 'untried';
}

function reasonOf({ before, after, event, why }: { before: Breaker; after: Breaker; event: BreakerEvent; why: string }): string {
	if (event.kind === 'said' || event.kind === 'tried' || event.kind === 'untried') return why;
	if (before.state !== 'closed') return `tried again: ${why}`;
	return event.kind === 'late' ? `late ${after.lates} times in a row: ${why}` : `failed ${after.failures} times in a row: ${why}`;
}

/** A breaker as it stands, for a reader. */
export interface BreakerReport extends RouteUseNow {
	readonly state: BreakerState;
	readonly word: BreakerWord;
	readonly failures: number;
	readonly lates: number;
	readonly actor: string | null;
	/** ISO text; null when nothing was ever said or counted. */
	readonly since: string | null;
}

interface RouteUseNow {
	readonly use: 'on' | 'trial' | 'off';
	readonly reason: string | null;
	readonly until: string | null;
}

/** Of a route of which nothing was ever counted or said. */
export const UNTOUCHED: BreakerReport = {
	...{ use: 'on', reason: null, until: null, state: 'closed', word: 'auto', failures: 0, lates: 0, actor: null, since: null },
};

export function reportOf(row: BreakerRow, nowMs: number): BreakerReport {
	const { state, word, failures, lates, actor } = row;
	const now = usesOf([row], nowMs).get(row.route) ?? { use: 'on', reason: row.reason, until: null };
	return { ...now, state, word, failures, lates, actor, since: isoOf(Date.parse(row.since)) };
}

/** Of these breakers, those that the planner may not simply use. */
export function usesOf(rows: readonly BreakerRow[], nowMs: number): RouteUses {
	return new Map(
		rows.flatMap((row) => {
			const use = useOf(breakerOf(row), nowMs);
			return use === 'on' ? [] : [[row.route, { use, ...whyOff(row) }] as const];
		}),
	);
}

function whyOff({ state, word, retryAt, trialLeg, reason, actor }: BreakerRow): Pick<RouteUse, 'reason' | 'until'> {
	if (word === 'off') return { reason: `switched off by ${actor}: ${reason}`, until: null };
	if (state === 'half_open') return { reason: `${reason}; leg ${trialLeg} tries it`, until: null };
	return { reason: reason ?? '', until: retryAt === null ? null : isoOf(Date.parse(retryAt)) };
}

/** As `off: failed 3 times in a row: RETURNED, until 2026-01-01T00:00:00.000Z`. */
export function offWords({ reason, until }: Pick<RouteUse, 'reason' | 'until'>): string {
	return `off: ${reason}${until === null ? '' : `, until ${until}`}`;
}

function breakerOf({ state, word, failures, lates, openings, retryAt, trialLeg }: BreakerRow): Breaker {
	return { state, word, failures, lates, openings, retryAtMs: retryAt === null ? null : Date.parse(retryAt), trialLeg };
}

const isoOf = (ms: number) => new Date(ms).toISOString();
