/** Questions about the breakers of routes. */
import { BREAKER_WORDS } from '../../../src/leg/breaker-state.ts';
import { readLeg } from '../../../src/store/legs.ts';
import { countEnds, type HopEnd, readRouteUses, secondsTaken, switchRoute, takeTrials } from '../../../src/store/route-breakers.ts';
import type { Chance } from './chance.ts';
import type { InTransaction, OnConnection } from './questions.ts';

const ROUTES = ['model-1-10-USDC', 'claiming-1-10-USDC'] as const;
const routeOf = (of: Chance) => ROUTES[of.seldom() ? 1 : 0];
/** Of legs that there are: rows name them. */
const legOf = (of: Chance) => of.row(of.memory.legs).id;

function endOf(of: Chance): HopEnd | null {
	if (of.seldom()) return null;
	const kind = of.one(['failed', 'failed', 'late', 'succeeded'] as const);
	return { legId: trialOf(of) ?? legOf(of), route: routeOf(of), kind, why: `seen ${of.below(9)} times` };
}

/** The leg that tries a route now, if there is one; most often it is its end that matters. */
function trialOf(of: Chance): string | null {
	const trials = of.memory.routeBreakers.flatMap(({ trialLeg }) => (trialLeg === null ? [] : [trialLeg]));
	return trials.length === 0 || of.seldom() ? null : of.one(trials);
}

export const onRoutes = {
	readRouteUses: (db) => readRouteUses(db),
	switchRoute: (db, of) =>
		switchRoute(
			db,
			{ route: routeOf(of), assets: ['USDC', 'WETH'], word: of.one(['auto', 'auto', ...BREAKER_WORDS]) },
			{ actor: 'examiner', reason: `because of ${of.below(9)}` },
		),
} satisfies Record<string, OnConnection>;

export const inRoutes = {
	countEnds: (tx, of) => {
		const trial = trialOf(of);
		return countEnds(tx, { end: endOf(of), over: trial === null || of.seldom() ? [] : [trial] });
	},
	takeTrials: (tx, of) => {
		// Pauses are longer than the moments between two questions.
		const due = of.memory.routeBreakers.find(({ state }) => state === 'open');
		const routes = of.seldom() ? [] : [due?.route ?? routeOf(of)];
		return takeTrials(
			tx,
			routes.map((route) => ({ route, legId: legOf(of) })),
		);
	},
	secondsTaken: async (tx, of) => {
		const [hop] = (await readLeg(tx, legOf(of))).hops;
		return hop === undefined ? 0 : secondsTaken(tx, hop);
	},
} satisfies Record<string, InTransaction>;
