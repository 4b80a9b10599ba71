/** Builds planner input from decimal text, as short as a test can say it. */
import { positionKey } from '../../src/inventory/venue.ts';
import { ZERO } from '../../src/money/amount.ts';
import { parseBps } from '../../src/money/rate.ts';
import { parseAmount } from '../../src/money/units.ts';
import type { Demand } from '../../src/plan/demand.ts';
import { parseExact } from '../../src/plan/exact.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import type { DirectRoute, Route, ViaRoute } from '../../src/plan/route.ts';

export interface RouteText {
	readonly id: string;
	readonly origin: string;
	readonly destination: string;
	readonly asset?: string;
	readonly toAsset?: string;
	readonly bridge?: string;
	readonly minimum?: string;
	readonly maximum?: string;
	readonly step?: string;
	readonly fixedFee?: string;
	readonly feeBps?: string;
	readonly gasCost?: string;
	readonly toleranceBps?: string;
	readonly seconds?: number;
}

export interface ViaText {
	readonly asset?: string;
	readonly id: string;
	readonly origin: string;
	readonly destination: string;
	readonly via: readonly string[];
}

export interface InstanceText {
	/** Decimals of "USDC" at each venue, or of "ASSET@VENUE". */
	readonly decimals: Readonly<Record<string, number>>;
	/** Confirmed token units of "USDC" at each venue, or of "ASSET@VENUE"; or with reserve and held. */
	readonly funds: Readonly<Record<string, string | { confirmed: string; reserve?: string; held?: string }>>;
	readonly routes: readonly (RouteText | ViaText)[];
	readonly fastWindowSeconds?: number;
}

export function instance(text: InstanceText): PlanInput {
	const decimals = new Map(Object.entries(text.decimals).map(([place, value]) => [keyOf(place), value]));
	const inventory = Object.entries(text.funds).map(([place, funds]) => {
		const [asset = '', venue = ''] = keyOf(place).split('@');
		const parse = (units: string) => parseAmount(units, decimals.get(keyOf(place)) ?? Number.NaN);
		const { confirmed, reserve = '0', held = '0' } = typeof funds === 'string' ? { confirmed: funds } : funds;
		return { venue, asset, confirmed: parse(confirmed), reserve: parse(reserve), held: parse(held) };
	});
	return { decimals, inventory, routes: text.routes.map(routeOf), fastWindowSeconds: text.fastWindowSeconds ?? 300 };
}

export interface DemandText {
	readonly id?: string;
	readonly asset?: string;
	readonly enqueuedAt?: number;
	readonly maxCost?: string;
	/** Token units per venue. */
	readonly at: Readonly<Record<string, string>>;
}

export function demandOf(input: PlanInput, text: DemandText): Demand {
	const asset = text.asset ?? 'USDC';
	return {
		id: text.id ?? 'inv-1',
		asset,
		enqueuedAt: text.enqueuedAt ?? 1_700_000_000,
		maxCost: text.maxCost === undefined ? null : parseExact(text.maxCost),
		destinations: Object.entries(text.at).map(([venue, units]) => ({
			venue,
			amount: units === '0' ? ZERO : parseAmount(units, input.decimals.get(positionKey({ venue, asset })) ?? Number.NaN),
		})),
	};
}

export function routeOf(text: RouteText | ViaText): Route {
	if ('via' in text) return { asset: 'USDC', bridge: 'several', ...text } satisfies ViaRoute;
	const asset = text.asset ?? 'USDC';
	return {
		id: text.id,
		bridge: text.bridge ?? 'across',
		origin: text.origin,
		destination: text.destination,
		asset,
		toAsset: text.toAsset ?? asset,
		minimum: parseExact(text.minimum ?? '0'),
		maximum: parseExact(text.maximum ?? '1000000000'),
		step: parseExact(text.step ?? '0.000001'),
		fixedFee: parseExact(text.fixedFee ?? '0'),
		fee: parseBps(text.feeBps ?? '0'),
		tolerance: parseBps(text.toleranceBps ?? '10000'),
		gasCost: parseExact(text.gasCost ?? '0'),
		seconds: text.seconds ?? 60,
	} satisfies DirectRoute;
}

function keyOf(place: string): string {
	return place.includes('@') ? place : `USDC@${place}`;
}
