/** What the planner answers, for a person: each demand with what it got, and under it what else was thought of. */

import { formatExact } from '../../plan/exact.ts';
import type { Alternative } from '../../plan/explain/alternative.ts';
import type { Explainer, Explanation } from '../../plan/explain/explain.ts';
import type { BatchPlan, Plan, Proof, RefusalReason } from '../../plan/plan.ts';
import { columns } from '../columns.ts';
import { shownBound, type Text, textIn } from './answer.ts';
import type { PlanFile } from './read-plan-file.ts';

/** How many demands of a list are shown; `--json` has all of them. */
const MOST_SHOWN = 200;
/** How many of these are explained: each takes a few searches. */
const MOST_EXPLAINED = 20;

const REASONS: Readonly<Record<RefusalReason, string>> = {
	NO_ROUTE: 'no route ends at any of its destinations',
	TIME_BUDGET: 'the search was cut off',
	UNPROFITABLE: 'covered, if it might cost more than its maxCost',
	RESERVE: 'covered, if there were no reserves',
	ABOVE_MAXIMUM: 'covered, if routes had no maximum',
	BELOW_MINIMUM: 'covered, if routes had no minimum',
	SLIPPAGE: 'covered, if any slippage were tolerated',
	INSUFFICIENT_FUNDS: 'not covered, even if one limit were lifted',
};

/** Throws `RangeError` when the result is of other demands, or its places are unknown. */
export function tableOf(file: PlanFile, result: BatchPlan, explainer: Explainer): string {
	const { plans, payable, unplanned, proof } = result;
	const assets = new Map(file.demands.map(({ id, asset }) => [id, asset]));
	const text = textIn(file);
	const amountAt = (units: Plan['amount'], demand: string, venue: string) => {
		const asset = assets.get(demand) ?? '';
		return `${text(units, { venue, asset })} ${asset}`;
	};
	const explained = (index: number, explain: () => Explanation) => (index < MOST_EXPLAINED ? alternativesOf(explain()) : []);
	return [
		...section('paid at once', payable, ({ id, venue, amount }) => [`${id}  ${amountAt(amount, id, venue)} at ${venue}`]),
		...section('planned', plans, (plan, index) => [
			`${plan.demand}  ${amountAt(plan.amount, plan.demand, plan.destination)} at ${plan.destination}: ${priceOf({ ...plan, cost: formatExact(plan.cost) })}`,
			...legsOf(plan, text),
			...explained(index, () => explainer.plan(plan)),
		]),
		...section('not planned', unplanned, (refused, index) => [
			`${refused.demand}  ${refused.reason}, ${amountAt(refused.short, refused.demand, refused.destination)} short at ${refused.destination}: ${REASONS[refused.reason]}`,
			...explained(index, () => explainer.refusal(refused)),
		]),
		proofText(proof),
	]
		.map(printable)
		.join('\n');
}

function section<T>(title: string, entries: readonly T[], show: (entry: T, index: number) => readonly string[]): readonly string[] {
	const hidden = entries.length - MOST_SHOWN;
	const more = hidden > 0 ? [`and ${hidden} more: see --json`] : [];
	return [`${title}: ${entries.length}`, ...[...entries.slice(0, MOST_SHOWN).flatMap(show), ...more].map((line) => `  ${line}`), ''];
}

function legsOf({ asset, destination, local, legs }: Plan, text: Text): readonly string[] {
	const rows = legs.flatMap((leg) => {
		const hops = leg.hops.length === 1 ? [] : leg.hops;
		return [leg, ...hops].map((hop, index) => [
			index === 0 ? hop.route : `  hop ${hop.route}`,
			...['sends', text(hop.send, { venue: hop.origin, asset: hop.asset })],
			...['delivers', text(hop.receive, { venue: hop.destination, asset: hop.toAsset })],
		]);
	});
	const there = local > 0n ? [[`there already`, '', '', 'gives', text(local, { venue: destination, asset })]] : [];
	return columns([...rows, ...there]).map((line) => `  ${line}`);
}

function alternativesOf({ alternatives, more }: Explanation): readonly string[] {
	const names = alternatives.map(({ kind, name }) => `${KINDS[kind]} ${name}`);
	const width = Math.max(0, ...names.map(({ length }) => length));
	const codes = Math.max(0, ...alternatives.map(({ code }) => code.length));
	const lines = alternatives.map((alternative, index) => {
		return `${names[index]?.padEnd(width)}  ${alternative.code.padEnd(codes)}  ${detailOf(alternative)}`.trimEnd();
	});
	return [...lines, ...(more > 0 ? [`and up to ${more} more`] : [])].map((line) => `  - ${line}`);
}

const KINDS: Readonly<Record<Alternative['kind'], string>> = {
	alone: 'alone, at',
	destination: 'at',
	without: 'without',
	route: 'route',
};

function detailOf(alternative: Alternative): string {
	if ('short' in alternative) return `${alternative.short} short`;
	if (alternative.kind === 'route') return '';
	const { way } = alternative;
	return `${priceOf(way)}: ${way.legs.map(({ route, send }) => `${send} over ${route}`).join(', ')}`;
}

interface Price {
	readonly cost: string;
	readonly operations: number;
	readonly seconds: number;
}

function priceOf({ cost, operations, seconds }: Price): string {
	return `cost ${cost}, ${operations} ${operations === 1 ? 'operation' : 'operations'}, ${seconds} s`;
}

function proofText({ bound }: Proof): string {
	if (bound === null) return 'proven: no other result is better';
	const { goal, ...rest } = shownBound(bound);
	const limit = 'demand' in rest ? `it is not proven that ${rest.demand} cannot be covered` : `no better than ${rest.value} is possible`;
	return `not proven: in goal ${goal}, ${limit}`;
}

/** A file may name anything, also what a terminal obeys. */
function printable(line: string): string {
	return line.replace(/\p{Cc}/gu, '\uFFFD');
}
