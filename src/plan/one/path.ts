/**
 * A path is what one leg can follow: a single hop, or the hops of a `via` route. To the search it is one function from
 * what leaves the first origin to what arrives at the end.
 */
import { positionKey, type VenueId } from '../../inventory/venue.ts';
import { ceilDivide, type Exact, floorDivide } from '../exact.ts';
import { firstInteger } from '../first-integer.ts';
import {
	type Decimals,
	type DirectRoute,
	grossUp,
	type Hop,
	hopOf,
	isVia,
	type Limit,
	legalSendFrom,
	legalSendUpTo,
	type Route,
	receiveOf,
	sendYielding,
} from '../route.ts';

export interface Path {
	readonly route: Route;
	readonly hops: readonly [Hop, ...Hop[]];
	readonly origin: VenueId;
	readonly destination: VenueId;
	readonly asset: string;
	readonly toAsset: string;
	/** Where funds leave and where they arrive, by `positionKey`. */
	readonly originKey: string;
	readonly arrivalKey: string;
	readonly seconds: number;
	readonly gasCosts: readonly Exact[];
	/** The smallest legal send, in the origin's base units; null when there is none. */
	readonly leastSend: bigint | null;
	/** Without the floors in between: at most `(send × slope − offset) / divisor` arrives. */
	readonly slope: bigint;
	readonly offset: bigint;
	readonly divisor: bigint;
}

/** Tolerances, and grids of three hops or more, may ask for another look; after so many the path counts as impossible from there. */
const MAX_ALIGNMENTS = 4_000;

/** All paths that can deliver anything. Throws `RangeError` for unknown decimals or an unknown hop. */
export function pathsOf(routes: readonly Route[], decimals: Decimals, lifted?: Limit): readonly Path[] {
	const direct = new Map<string, DirectRoute>();
	for (const route of routes) if (!isVia(route)) direct.set(route.id, route);
	return routes.flatMap((route) => {
		const hops = directRoutes(route, direct).map((each) => hopOf(each, decimals, lifted));
		const path = pathOf(route, hops);
		return path === null ? [] : [path];
	});
}

export function operationsOf(path: Path): number {
	return path.hops.length;
}

/** What each hop delivers of `send`, each rounded down; the last is what arrives. `send` must be legal. */
export function deliveriesOf(path: Path, send: bigint): readonly bigint[] {
	let current = send;
	return path.hops.map((hop) => {
		current = receiveOf(hop, current);
		return current;
	});
}

/** What arrives at the end, in the destination's base units. `send` must be legal. */
export function arrivalOf(path: Path, send: bigint): bigint {
	let current = send;
	for (const hop of path.hops) current = receiveOf(hop, current);
	return current;
}

/** The smallest send from `send` upwards that is legal on every hop, or null. */
export function pathSendFrom(path: Pick<Path, 'hops'>, send: bigint): bigint | null {
	let candidate = legalSendFrom(path.hops[0], send);
	for (let tries = 0; candidate !== null && tries < MAX_ALIGNMENTS; tries += 1) {
		const misfit = firstMisfit(path, candidate, legalSendFrom);
		if (misfit === null) return candidate;
		if (misfit.wanted === null) return null;
		const [last, ...before] = path.hops.slice(0, misfit.index).reverse();
		let pulled = last === undefined ? null : fittingFrom(last, path.hops[misfit.index]?.lattice ?? 1n, grossUp(last, misfit.wanted));
		if (pulled === null) return null;
		for (const hop of before) pulled = grossUp(hop, pulled);
		candidate = legalSendFrom(path.hops[0], pulled);
	}
	return null;
}

/** The largest send from `send` downwards that is legal on every hop, or null. */
export function pathSendUpTo(path: Path, send: bigint): bigint | null {
	let candidate = legalSendUpTo(path.hops[0], send);
	for (let tries = 0; candidate !== null && tries < MAX_ALIGNMENTS; tries += 1) {
		const misfit = firstMisfit(path, candidate, legalSendUpTo);
		if (misfit === null) return candidate;
		if (misfit.wanted === null) return null;
		const [last, ...before] = path.hops.slice(0, misfit.index).reverse();
		let pulled = last === undefined ? null : fittingUpTo(last, path.hops[misfit.index]?.lattice ?? 1n, sendYielding(last, misfit.wanted));
		if (pulled === null) return null;
		for (const hop of before) pulled = sendYielding(hop, pulled);
		candidate = legalSendUpTo(path.hops[0], pulled);
	}
	return null;
}

/** The smallest send on the hop's own grid, from `send` upwards, of which a multiple of `lattice` arrives, or null. */
function fittingFrom(hop: Hop, lattice: bigint, send: bigint): bigint | null {
	const start = ceilDivide(send, hop.lattice) * hop.lattice;
	const line = { slope: hop.slope * hop.lattice, intercept: hop.slope * start - hop.offset, divisor: hop.divisor * lattice };
	const steps = firstInteger({ ...line, intercept: line.intercept - hop.divisor + 1n }, line);
	return steps === null ? null : start + steps * hop.lattice;
}

/** The largest one from `send` downwards, or null. */
function fittingUpTo(hop: Hop, lattice: bigint, send: bigint): bigint | null {
	const start = floorDivide(send, hop.lattice) * hop.lattice;
	const line = { slope: hop.slope * hop.lattice, intercept: hop.offset - hop.slope * start, divisor: hop.divisor * lattice };
	const steps = firstInteger(line, { ...line, intercept: line.intercept + hop.divisor - 1n });
	return steps === null || start < steps * hop.lattice ? null : start - steps * hop.lattice;
}

/** The smallest legal send of which at least `arrival` arrives at the end, or null. */
export function smallestPathSend(path: Path, arrival: bigint): bigint | null {
	let pulled = arrival;
	for (const hop of [...path.hops].reverse()) pulled = grossUp(hop, pulled);
	return pathSendFrom(path, pulled);
}

/** The first hop after the first that may not send what arrives there, with the nearest amount that it may. */
function firstMisfit(
	{ hops }: Pick<Path, 'hops'>,
	send: bigint,
	legal: (hop: Hop, send: bigint) => bigint | null,
): { index: number; wanted: bigint | null } | null {
	let current = send;
	for (let index = 1; index < hops.length; index += 1) {
		const [before, hop] = [hops[index - 1], hops[index]];
		if (before === undefined || hop === undefined) return null;
		current = receiveOf(before, current);
		const wanted = legal(hop, current);
		if (wanted !== current) return { index, wanted };
	}
	return null;
}

function directRoutes(route: Route, direct: ReadonlyMap<string, DirectRoute>): readonly DirectRoute[] {
	if (!isVia(route)) return [route];
	return route.via.map((id) => {
		const found = direct.get(id);
		if (found === undefined) throw new RangeError(`route ${route.id} goes over ${id}, which is no direct route`);
		return found;
	});
}

function pathOf(route: Route, found: readonly (Hop | null)[]): Path | null {
	const usable = found.filter((hop) => hop !== null);
	const [first, ...rest] = usable;
	const last = usable.at(-1);
	if (usable.length < found.length || first === undefined || last === undefined) return null;
	let line = { slope: first.slope, offset: first.offset, divisor: first.divisor };
	for (const hop of rest) {
		line = {
			slope: line.slope * hop.slope,
			offset: line.offset * hop.slope + hop.offset * line.divisor,
			divisor: line.divisor * hop.divisor,
		};
	}
	const hops: Path['hops'] = [first, ...rest];
	return {
		route,
		hops,
		origin: first.route.origin,
		destination: last.route.destination,
		asset: first.route.asset,
		toAsset: last.route.toAsset,
		originKey: positionKey({ venue: first.route.origin, asset: first.route.asset }),
		arrivalKey: positionKey({ venue: last.route.destination, asset: last.route.toAsset }),
		seconds: usable.reduce((sum, hop) => sum + hop.route.seconds, 0),
		gasCosts: usable.map((hop) => hop.route.gasCost),
		leastSend: pathSendFrom({ hops }, leastTolerated(first)),
		...line,
	};
}

/** No smaller send keeps enough to be within the tolerance, because nothing is rounded up. */
function leastTolerated({ slope, offset, divisor, keep }: Hop): bigint {
	if (keep === null) return 0n;
	const kept = slope * keep.received - keep.sent * divisor;
	return kept > 0n ? ceilDivide(offset * keep.received, kept) : 0n;
}

/** `value × 2^RELAXED_BITS` of what would arrive without floors, rounded up: never less than what arrives. */
export const RELAXED_BITS = 32n;

export function relaxedArrival(path: Path, send: bigint): bigint {
	return floorDivide((send * path.slope - path.offset) << RELAXED_BITS, path.divisor) + 1n;
}
