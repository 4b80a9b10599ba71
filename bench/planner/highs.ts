/** One demand as a mixed-integer program, solved by HiGHS: a referee that shares nothing with the search but the definition of a route. */
import { createRequire } from 'node:module';
import type { Highs } from 'highs';
import { positionKey } from '../../src/inventory/venue.ts';
import { availableOf } from '../../src/plan/available.ts';
import type { Demand } from '../../src/plan/demand.ts';
import type { Exact } from '../../src/plan/exact.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import type { Path } from '../../src/plan/one/path.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { roundedPlan, type Use } from './witness.ts';

/** By `require`, because the types of the package know no other way to call it. */
const loadHighs: typeof import('highs')['default'] = createRequire(import.meta.url)('highs');

/** Which plans are compared: with how many operations, and of which routes. */
export interface Setting {
	readonly operations: { readonly exactly: number } | { readonly most: number } | null;
	readonly fastOnly: boolean;
}

interface Model {
	readonly text: string;
	readonly legs: readonly Leg[];
}

interface Leg {
	readonly name: string;
	readonly path: Path;
	readonly destination: string;
}

export async function openHighs(): Promise<Highs> {
	return loadHighs();
}

const SETTINGS = { output_flag: false, mip_rel_gap: 1e-9, mip_abs_gap: 1e-7, time_limit: 20 } as const;

/** The cheapest plan that HiGHS finds, in exact units; `null` when it finds none, or none that holds to the last unit. */
export function witnessOf(highs: Highs, model: Model, { input, demand }: { input: PlanInput; demand: Demand }): Plan | null {
	const { Columns: columns } = solve(highs, model);
	const primalOf = (name: string): number => columns[name]?.Primal ?? 0;
	const chosen = model.legs.filter(({ name }) => primalOf(`y${name}`) > 0.5);
	const [first] = chosen;
	const place = demand.destinations.find(({ venue }) => venue === first?.destination);
	if (first === undefined || place === undefined) return null;
	const local = availableOf(input.inventory, new Map()).get(positionKey({ venue: place.venue, asset: demand.asset })) ?? 0n;
	const near = chosen.map(({ name, path }): Use => ({ path, send: unitsNear(primalOf(`s${name}`), path.hops[0].originDecimals) }));
	return roundedPlan({ input, used: new Map(), demand, destination: place.venue }, place.amount - local, near);
}

export function solve(highs: Highs, { text }: Model): { readonly Columns: Readonly<Record<string, { readonly Primal?: number }>> } {
	const found = highs.solve(text, SETTINGS);
	return found.Status === 'Optimal' ? (found as never) : { Columns: {} };
}

/** The program: `y` uses a leg, `s` tokens leave its origin, `z` is the destination. Every hop is linear in both. */
export function modelOf({ input, demand, paths }: { input: PlanInput; demand: Demand; paths: readonly Path[] }, setting: Setting): Model {
	const available = availableOf(input.inventory, new Map());
	const legs = paths
		.filter((path) => path.toAsset === demand.asset && (!setting.fastOnly || path.seconds <= input.fastWindowSeconds))
		.flatMap((path, index) =>
			demand.destinations.some(({ venue }) => venue === path.destination)
				? [{ name: `${index}`, path, destination: path.destination }]
				: [],
		);
	const rows: string[] = [];
	const cost: string[] = [];
	const arriving = new Map<string, string[]>();
	const leaving = new Map<string, string[]>();
	const hops = new Map<string, string[]>();
	for (const leg of legs) {
		const line = followLeg(leg, rows);
		cost.push(`${term(line.cost)} s${leg.name} ${term(line.fixed)} y${leg.name}`);
		push(arriving, leg.destination, `${term(line.kept)} s${leg.name} ${term(-line.lost)} y${leg.name}`);
		push(leaving, leg.path.originKey, `+ s${leg.name}`);
		for (const hop of leg.path.hops) push(hops, hop.route.id, `+ y${leg.name}`);
		rows.push(`y${leg.name} - z${leg.destination} <= 0`);
	}
	for (const [key, terms] of leaving) rows.push(`${terms.join(' ')} <= ${tokens(available.get(key) ?? 0n, decimalsOf(input, key))}`);
	for (const terms of hops.values()) if (terms.length > 1) rows.push(`${terms.join(' ')} <= 1`);
	for (const { venue, amount } of demand.destinations) {
		const key = positionKey({ venue, asset: demand.asset });
		const need = tokens(amount - (available.get(key) ?? 0n), decimalsOf(input, key));
		rows.push(`${(arriving.get(venue) ?? []).join(' ')} - ${need} z${venue} >= 0`);
	}
	rows.push(`${demand.destinations.map(({ venue }) => `+ z${venue}`).join(' ')} = 1`);
	if (demand.maxCost !== null) rows.push(`${cost.join(' ')} <= ${ratioOf(demand.maxCost)}`);
	const counted = legs.map(({ name, path }) => `+ ${path.hops.length} y${name}`).join(' ');
	if (setting.operations !== null && counted !== '') rows.push(`${counted} ${limitOf(setting.operations)}`);
	return { text: programText({ rows, cost, legs, demand }), legs };
}

function programText({
	rows,
	cost,
	legs,
	demand,
}: {
	rows: readonly string[];
	cost: readonly string[];
	legs: readonly Leg[];
	demand: Demand;
}): string {
	const binaries = [...legs.map(({ name }) => `y${name}`), ...demand.destinations.map(({ venue }) => `z${venue}`)];
	const goal = cost.length === 0 ? '0 z' : cost.join('\n ');
	return `Minimize\n obj: ${goal}\nSubject To\n${rows.map((row, index) => ` c${index}: ${row}`).join('\n')}\nBinary\n ${binaries.join('\n ')}\nEnd\n`;
}

function limitOf(operations: { exactly: number } | { most: number }): string {
	return 'exactly' in operations ? `= ${operations.exactly}` : `<= ${operations.most}`;
}

/** What a leg costs and brings per token sent and at all; the limits of each of its hops become rows. */
function followLeg({ name, path }: Leg, rows: string[]): { cost: number; fixed: number; kept: number; lost: number } {
	let [kept, lost, gas] = [1, 0, 0];
	for (const { route } of path.hops) {
		const row = (limit: number): string => `${term(kept)} s${name} ${term(-lost - limit)} y${name}`;
		rows.push(`${row(ratioOf(route.minimum))} >= 0`, `${row(ratioOf(route.maximum))} <= 0`);
		const room = ratioOf(route.tolerance) - ratioOf(route.fee);
		rows.push(`${term(room * kept)} s${name} ${term(-room * lost - ratioOf(route.fixedFee))} y${name} >= 0`);
		gas += ratioOf(route.gasCost);
		lost = lost * (1 - ratioOf(route.fee)) + ratioOf(route.fixedFee);
		kept *= 1 - ratioOf(route.fee);
	}
	return { cost: 1 - kept, fixed: lost + gas, kept, lost };
}

function push(map: Map<string, string[]>, key: string, text: string): void {
	const known = map.get(key);
	if (known === undefined) map.set(key, [text]);
	else known.push(text);
}

function term(value: number): string {
	return `${value < 0 ? '-' : '+'} ${plain(Math.abs(value))}`;
}

function plain(value: number): string {
	return Number(value.toPrecision(15)).toString();
}

function ratioOf({ numerator, denominator }: Exact): number {
	return Number(numerator) / Number(denominator);
}

function tokens(units: bigint, decimals: number): string {
	return plain(Number(units) / 10 ** decimals);
}

function decimalsOf(input: PlanInput, key: string): number {
	const decimals = input.decimals.get(key);
	if (decimals === undefined) throw new RangeError(`decimals of ${key} are unknown`);
	return decimals;
}

/** Nearest from above, because a float may be below the grid point that it means; rounding down to what is legal follows. */
function unitsNear(sent: number, decimals: number): bigint {
	return (
		(BigInt(Math.round(Math.max(0, sent) * 1e6 + 0.5)) * 10n ** BigInt(Math.max(0, decimals - 6))) /
		10n ** BigInt(Math.max(0, 6 - decimals))
	);
}
