/** Which routes the planner may use now, as their breakers have it. Pure, but for what is told to the log. */
import type { RouteNews, RouteUses } from '../../leg/breaker-change.ts';
import type { Log } from '../../observe/log.ts';
import type { BatchPlan, Plan, PlannedLeg } from '../../plan/plan.ts';
import { isVia, type Route } from '../../plan/route.ts';
import type { Way } from './ways.ts';

/** The routes of a way that are off. */
export function offIn({ first, later }: Way, uses: RouteUses): string[] {
	return [first, ...later].map(({ id }) => id).filter((id) => uses.get(id)?.use === 'off');
}

/** Those that go over none of the routes that are off. */
export function usableOf(routes: readonly Route[], uses: RouteUses): Route[] {
	return routes.filter((route) => hopsOf(route).every((id) => uses.get(id)?.use !== 'off'));
}

/** Whether one of the plans goes over a route that is off. */
export function goesOverOff(plans: readonly Plan[], uses: RouteUses): boolean {
	return plans.some(({ legs }) => legs.some(({ hops }) => hops.some(({ route }) => uses.get(route)?.use === 'off')));
}

/** The routes of a plan that its legs would try, each as often as a leg goes over it. */
export function triedBy(legs: readonly Pick<PlannedLeg, 'hops'>[], uses: RouteUses): string[] {
	return legs.flatMap(({ hops }) => hops.map(({ route }) => route).filter((route) => uses.get(route)?.use === 'trial'));
}

/**
 * Only one leg may try a route, so no plan may go over it twice: as long as one would, all ways over that route but the first that it has chosen
 * are taken away, and it is planned again. After so many times nothing is tried.
 */
export function triedOnce(answer: (routes: readonly Route[]) => BatchPlan, routes: readonly Route[], uses: RouteUses): BatchPlan {
	let left = routes;
	for (let tries = 0; tries < MOST_TRIES; tries += 1) {
		const found = answer(left);
		if (found.plans.every(({ legs }) => twiceTried(legs, uses).length === 0)) return found;
		const others = found.plans.flatMap((plan) => otherWays(plan, left, uses));
		left = left.filter(({ id }) => !others.includes(id));
	}
	return answer(left.filter((route) => hopsOf(route).every((id) => uses.get(id)?.use !== 'trial')));
}

const MOST_TRIES = 3;

function otherWays({ legs }: Plan, routes: readonly Route[], uses: RouteUses): string[] {
	return twiceTried(legs, uses).flatMap((route) => {
		const chosen = legs.find(({ hops }) => hops.some((hop) => hop.route === route))?.route;
		return routes.filter((each) => each.id !== chosen && hopsOf(each).includes(route)).map(({ id }) => id);
	});
}

function twiceTried(legs: Plan['legs'], uses: RouteUses): string[] {
	const tried = triedBy(legs, uses);
	return [...new Set(tried.filter((route, index) => tried.indexOf(route) !== index))];
}

function hopsOf(route: Route): readonly string[] {
	return isVia(route) ? route.via : [route.id];
}

/** One line for each breaker that was opened or closed; told once the transaction has committed. */
export function tellRoutes(log: Log, news: readonly RouteNews[]): void {
	for (const { route, event, reason, until } of news) {
		if (event === 'opened') log.warn({ route, reason, until }, 'route off');
		if (event === 'closed') log.info({ route, reason }, 'route on again');
	}
}
