/** What else could have been done, for the rows of plans and refusals. It takes searches of its own, so it is found out before the locks are taken. */
import type { App } from '../../app.ts';
import type { Demand } from '../../invoice/demand.ts';
import type { Alternative } from '../../plan/explain/alternative.ts';
import { type Explanation, explainerOf } from '../../plan/explain/explain.ts';
import type { Waiting } from '../../store/demands.ts';
import type { Decision } from './decision.ts';
import { explain, isCertain, type Sight } from './refusal.ts';
import { stopAfter } from './stop-after.ts';

export interface Alternatives {
	/** By demand id, as those below. */
	readonly plans: ReadonlyMap<string, Explanation>;
	/** In words; of those that are refused as they were before it is known. */
	readonly refusals: ReadonlyMap<string, string>;
}

export const NO_ALTERNATIVES: Alternatives = { plans: new Map(), refusals: new Map() };

/** No plan waits longer for explanations. Plans come first; refusals that are left over follow in later runs. */
const MOST_MS = 500;
const SEPARATOR = '; ';
const MOST_LETTERS = 1_000;

interface Decided {
	readonly decision: Decision;
	/** Those that the decision was made for. */
	readonly demands: readonly Demand[];
	readonly sight: Sight;
}

/** Of plans and refusals that there is time for. Throws as the planner does. */
export function alternativesTo(app: App, { decision, demands, sight }: Decided): Alternatives {
	const { question, batch } = decision;
	const explainer = explainerOf({ ...question, goal: app.config.planning.goal }, batch);
	const unknown = batch.unplanned.filter((refusal) => {
		const demand = demands.find((each) => each.id === refusal.demand);
		if (demand === undefined) return false;
		const waiting = explain(app, demand, { refusal, ...sight });
		return isCertain(waiting) && !isSaid(demand, waiting);
	});
	const stop = stopAfter(app, MOST_MS);
	const plans = batch.plans.flatMap((plan) => (stop() ? [] : [[plan.demand, explainer.plan(plan)] as const]));
	const refusals = unknown.flatMap((refusal) => (stop() ? [] : [[refusal.demand, inWords(explainer.refusal(refusal))] as const]));
	return { plans: new Map(plans), refusals: new Map(refusals) };
}

/** The reason with its alternatives: those of now, or those that it was stored with. */
export function withAlternatives(demand: Demand, waiting: Waiting, found: string | undefined): Waiting {
	if (found === undefined) return isSaid(demand, waiting) ? { ...waiting, detail: demand.reasonDetail ?? '' } : waiting;
	const detail = [waiting.detail, ...(found === '' ? [] : [found])].join(SEPARATOR);
	return { ...waiting, detail: detail.slice(0, MOST_LETTERS) };
}

function isSaid({ reason, reasonDetail }: Demand, waiting: Waiting): boolean {
	return reason === waiting.reason && reasonDetail?.startsWith(`${waiting.detail}${SEPARATOR}`) === true;
}

/** As `at 56: SLIPPAGE (1.5 short); NO_FUNDS over across-1-10-USDC, across-56-10-USDC; 3 more`. */
function inWords({ alternatives, more }: Explanation): string {
	const routes = alternatives.filter(({ kind }) => kind === 'route');
	const codes = [...new Set(routes.map(({ code }) => code))];
	const over = codes.map((wanted) => routes.flatMap(({ name, code }) => (code === wanted ? [name] : [])).join(', '));
	return [
		...alternatives.filter(({ kind }) => kind !== 'route').map(wordsOf),
		...codes.map((code, index) => `${code} over ${over[index]}`),
		...(more > 0 ? [`${more} more`] : []),
	].join(SEPARATOR);
}

function wordsOf(alternative: Alternative): string {
	const { kind, name, code } = alternative;
	const subject = { destination: `at ${name}`, without: `without ${name}`, alone: 'alone', route: name }[kind];
	return `${subject}: ${code}${'short' in alternative ? ` (${alternative.short} short)` : ''}`;
}
