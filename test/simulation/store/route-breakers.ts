/** `src/store/route-breakers.ts` in memory. */
import { type BreakerRow, changeOf, type Happened, type RouteNews, usesOf } from '../../../src/leg/breaker-change.ts';
import * as real from '../../../src/store/route-breakers.ts';
import { type Memory, type RouteBreakerRow, tablesOf } from './memory.ts';

export const countEnds: typeof real.countEnds = async (tx, ends) => {
	const memory = await tablesOf(tx);
	const { end, over } = ends;
	const isConcerned = ({ route, trialLeg }: RouteBreakerRow) => route === end?.route || (trialLeg !== null && over.includes(trialLeg));
	if (real.isNothing(rowsOf(memory).filter(isConcerned).map(asBreaker), ends)) return [];
	if (end !== null) breakerIn(memory, end.route);
	return rowsOf(memory)
		.filter(isConcerned)
		.flatMap((row) => real.happenedTo(asBreaker(row), ends).flatMap((happened) => write(memory, row, happened) ?? []));
};

export const takeTrials: typeof real.takeTrials = async (tx, trials) => {
	const memory = await tablesOf(tx);
	for (const row of rowsOf(memory))
		for (const { legId } of trials.filter(({ route }) => route === row.route)) {
			const happened: Happened = { event: { kind: 'tried', legId }, actor: `leg ${legId}`, why: 'it tries the route' };
			if (write(memory, row, happened) === null) real.refuseUnlessOn(asBreaker(row), memory.nowMs);
		}
};

export const readRouteUses: typeof real.readRouteUses = async (db) => {
	const memory = await tablesOf(db);
	return usesOf(rowsOf(memory).map(asBreaker), memory.nowMs);
};

export const secondsTaken: typeof real.secondsTaken = async (tx, { legId, index, changedAt }) => {
	const memory = await tablesOf(tx);
	const isClaim = (row: Memory['effects'][number]) =>
		row.ownerId === legId && row.hop === index && row.kind === 'claim' && row.requestKey === null;
	const proven = memory.effects.filter(isClaim).map(({ createdAt }) => Date.parse(createdAt));
	return (Math.min(...proven, ...(proven.length === 0 ? [memory.nowMs] : [])) - Date.parse(changedAt)) / 1_000;
};

export const switchRoute: typeof real.switchRoute = (db, { route, word }, { actor, reason }) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		write(memory, breakerIn(memory, route), { event: { kind: 'said', word }, actor, why: reason });
	});

/** By route, as they are locked. */
function rowsOf(memory: Memory): RouteBreakerRow[] {
	return memory.routeBreakers.toSorted((one, other) => (one.route < other.route ? -1 : 1));
}

function breakerIn(memory: Memory, route: string): RouteBreakerRow {
	const found = memory.routeBreakers.find((each) => each.route === route);
	if (found !== undefined) return found;
	const closed = { state: 'closed', word: 'auto', failures: 0, lates: 0, openings: 0, retryAt: null, trialLeg: null };
	const row = { route, ...closed, reason: null, actor: null, since: memory.now(), updatedAt: memory.now() };
	memory.add(memory.routeBreakers, row);
	return row;
}

function write(memory: Memory, row: RouteBreakerRow, happened: Happened): RouteNews | null {
	const change = changeOf(asBreaker(row), happened, memory.nowMs);
	if (change === null) return null;
	memory.change(row, { ...change.values, updatedAt: memory.instant(memory.nowMs) });
	if (change.news === null) return null;
	memory.add(memory.routeEvents, { id: memory.serial(), ...real.eventRow(change.news, happened), at: memory.now() });
	return change.news;
}

function asBreaker({ updatedAt: _, ...row }: RouteBreakerRow): BreakerRow {
	return row as BreakerRow;
}
