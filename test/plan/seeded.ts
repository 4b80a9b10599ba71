/** Instances of any size by seed, as the world has them and worse: many chains and bridges, mixed decimals, limits and fees. */
import type { Demand } from '../../src/plan/demand.ts';
import type { PlanInput } from '../../src/plan/one/network.ts';
import { generator, pick, type Random } from '../faults/random.ts';
import { demandOf, instance, type RouteText, type ViaText } from './instance.ts';

interface Size {
	readonly chains: number;
	readonly bridges: number;
	/** Demand over supply. */
	readonly load: number;
}

export interface Single {
	readonly input: PlanInput;
	readonly demand: Demand;
}

export interface Batch {
	readonly input: PlanInput;
	readonly demands: readonly Demand[];
}

/** Token units are drawn in whole cents, so that no text is finer than six decimals. */
const CENTS = 100;
const LARGEST_BALANCE_CENTS = 5_000_000;

/** One demand at one to three destinations that cannot be paid at once; every chain reaches each of them over every bridge. */
export function single(seed: number, { chains, bridges, load }: Size): Single {
	const random = generator(seed);
	const venues = venuesOf(chains);
	const places = venues.slice(0, Math.min(1 + random(3), chains - 1));
	const funds = new Map(venues.map((venue) => [venue, balanceCents(random)]));
	const supply = venues.slice(places.length).reduce((sum, venue) => sum + (funds.get(venue) ?? 0), 0);
	const wanted = Math.max(1, Math.floor(supply * load));
	for (const venue of places) funds.set(venue, random(Math.min(wanted, LARGEST_BALANCE_CENTS)));
	const input = networkText(random, { venues, places, bridges, funds });
	// What is at the other destinations may be brought, too; what is at this one already is not needed again.
	const at = Object.fromEntries(places.map((venue) => [venue, cents(wanted + (funds.get(venue) ?? 0) + random(CENTS))]));
	const maxCost = random(10) === 0 ? { maxCost: cents(Math.floor(wanted / 50)) } : {};
	return { input, demand: demandOf(input, { at, ...maxCost }) };
}

/**
 * Demands of one asset over one network, `load` times as much together as all chains hold, as planning meets them: what can be paid at once was
 * paid before, so where something is wanted there is less of it than any demand asks for.
 */
export function batch(seed: number, { demands, chains, bridges, load }: Size & { readonly demands: number }): Batch {
	const random = generator(seed);
	const venues = venuesOf(chains);
	const places = venues.slice(0, Math.ceil(chains / 2));
	const held = new Map(venues.slice(places.length).map((venue) => [venue, balanceCents(random)]));
	const supply = [...held.values()].reduce((sum, each) => sum + each, 0);
	const weights = Array.from({ length: demands }, () => 60 + random(80));
	const total = weights.reduce((sum, each) => sum + each, 0);
	const wanted = weights.map((weight) => Math.max(2, Math.floor((supply * load * weight) / total)));
	const funds = new Map([...places.map((venue): [string, number] => [venue, random(Math.min(...wanted))]), ...held]);
	const input = networkText(random, { venues, places, bridges, funds });
	return {
		input,
		demands: wanted.map((amount, index) => {
			const at = Object.fromEntries(drawn(places, 1 + random(3), random).map((venue) => [venue, cents(amount + random(CENTS))]));
			return demandOf(input, { id: `inv-${index}`, enqueuedAt: 1_700_000_000 + random(demands * 2), at });
		}),
	};
}

interface Ground {
	readonly venues: readonly string[];
	/** Where routes end. */
	readonly places: readonly string[];
	readonly bridges: number;
	readonly funds: ReadonlyMap<string, number>;
}

function networkText(random: Random, { venues, places, bridges, funds }: Ground): PlanInput {
	const kinds = Array.from({ length: bridges }, (_, index) => ({ ...pick(BRIDGES, random), name: `bridge${index}` }));
	const gas = new Map(venues.map((venue) => [venue, 1 + random(random(4) === 0 ? 900 : 40)]));
	const decimals: Record<string, number> = {};
	const money: Record<string, { confirmed: string; reserve: string; held: string }> = {};
	for (const venue of venues) {
		decimals[venue] = random(4) === 0 ? 18 : 6;
		decimals[`USDT@${venue}`] = 6;
		const extra = { reserve: random(CENTS * 50), held: random(CENTS * 20) };
		money[venue] = {
			confirmed: cents((funds.get(venue) ?? 0) + extra.reserve + extra.held),
			reserve: cents(extra.reserve),
			held: cents(extra.held),
		};
	}
	const routes: (RouteText | ViaText)[] = [];
	for (const destination of places) {
		for (const origin of venues.filter((venue) => venue !== destination)) {
			for (const kind of kinds) routes.push(routeText(random, { kind, origin, destination, gasCents: gas.get(origin) ?? 0 }));
		}
		if (random(2) === 0) addSwaps(random, { venues, destination, money, routes });
	}
	return instance({ decimals, funds: money, routes });
}

/** Other funds that become the asset at the destination, or at an origin from which a bridge goes on. */
function addSwaps(
	random: Random,
	{
		venues,
		destination,
		money,
		routes,
	}: {
		venues: readonly string[];
		destination: string;
		money: Record<string, { confirmed: string; reserve: string; held: string }>;
		routes: (RouteText | ViaText)[];
	},
): void {
	for (const venue of drawn(venues, 2, random)) {
		const swap = `swap-${venue}`;
		money[`USDT@${venue}`] ??= { confirmed: cents(Math.floor(balanceCents(random) / 20)), reserve: '0', held: '0' };
		if (!routes.some(({ id }) => id === swap)) {
			routes.push({
				id: swap,
				bridge: 'swap',
				origin: venue,
				destination: venue,
				asset: 'USDT',
				toAsset: 'USDC',
				feeBps: '3',
				gasCost: '0.1',
			});
		}
		const onward = routes.find((route) => route.origin === venue && route.destination === destination && !('via' in route));
		if (onward === undefined || venue === destination) continue;
		routes.push({ id: `via-${onward.id}`, asset: 'USDT', origin: venue, destination, via: [swap, onward.id] });
	}
}

interface BridgeKind {
	readonly fixedCents: number;
	readonly bps: number;
	readonly minimumCents: number;
	readonly maximumCents: number;
	readonly steps: readonly string[];
	readonly seconds: readonly number[];
	readonly toleranceBps: readonly string[];
}

/** Roughly what bridges ask: relayers, burn and mint, pools, exchanges. */
const BRIDGES: readonly BridgeKind[] = [
	{
		fixedCents: 80,
		bps: 9,
		minimumCents: 300,
		maximumCents: 30_000_000,
		steps: ['0.000001'],
		seconds: [30, 90],
		toleranceBps: ['50', '100', '10000'],
	},
	{
		fixedCents: 0,
		bps: 2,
		minimumCents: 1,
		maximumCents: 900_000_000,
		steps: ['0.000001'],
		seconds: [30, 1_140],
		toleranceBps: ['10', '10000'],
	},
	{
		fixedCents: 20,
		bps: 6,
		minimumCents: 100,
		maximumCents: 4_000_000,
		steps: ['0.000001', '0.01'],
		seconds: [120],
		toleranceBps: ['100'],
	},
	{
		fixedCents: 500,
		bps: 0,
		minimumCents: 2_000,
		maximumCents: 3_000_000,
		steps: ['0.01', '1'],
		seconds: [240, 600],
		toleranceBps: ['200', '10000'],
	},
];

function routeText(
	random: Random,
	{ kind, origin, destination, gasCents }: { kind: BridgeKind & { name: string }; origin: string; destination: string; gasCents: number },
): RouteText {
	return {
		id: `${kind.name}-${origin}-${destination}`,
		bridge: kind.name,
		origin,
		destination,
		minimum: cents(random(kind.minimumCents + 1)),
		maximum: cents(1 + Math.floor(kind.maximumCents * (0.1 + random(90) / 100))),
		step: pick(kind.steps, random),
		fixedFee: cents(random(kind.fixedCents + 1)),
		feeBps: `${random(kind.bps * 10 + 1) / 10}`,
		gasCost: cents(Math.floor(gasCents * (0.5 + random(100) / 100))),
		seconds: pick(kind.seconds, random),
		toleranceBps: pick(kind.toleranceBps, random),
	};
}

function venuesOf(chains: number): readonly string[] {
	return Array.from({ length: chains }, (_, index) => `${index + 1}`);
}

/** From one token to fifty thousand, each order of magnitude about as likely as any other. */
function balanceCents(random: Random): number {
	return Math.floor(CENTS * (LARGEST_BALANCE_CENTS / CENTS) ** (random(1_000) / 999)) + random(CENTS);
}

function drawn(venues: readonly string[], count: number, random: Random): readonly string[] {
	const left = [...venues];
	return Array.from({ length: Math.min(count, venues.length) }, () => left.splice(random(left.length), 1)[0] ?? '');
}

function cents(count: number): string {
	const fraction = `${count % CENTS}`.padStart(2, '0').replace(/0+$/, '');
	const whole = Math.floor(count / CENTS);
	return fraction === '' ? `${whole}` : `${whole}.${fraction}`;
}
