/**
 * A route as the operator allows it, and its quote in whole base units. A route takes `send` from the origin and delivers
 * `floor(send − fixedFee − send × fee)`, one floor, in the destination's base units.
 */
import { positionKey, type VenueId } from '../inventory/venue.ts';
import { powerOfTen } from '../money/units.ts';
import { ceilDivide, type Exact, floorDivide, greatestCommonDivisor, wholeUnits } from './exact.ts';
import { firstInteger } from './first-integer.ts';

interface RouteEnds {
	readonly id: string;
	readonly bridge: string;
	readonly origin: VenueId;
	readonly destination: VenueId;
	/** The asset that leaves. */
	readonly asset: string;
}

/** One move over one bridge. Amounts are token units; `fee` and `tolerance` are fractions of what is sent. */
export interface DirectRoute extends RouteEnds {
	/** The asset that arrives, at rate 1. */
	readonly toAsset: string;
	readonly minimum: Exact;
	readonly maximum: Exact;
	/** Sends are multiples of it; more than zero. */
	readonly step: Exact;
	readonly fixedFee: Exact;
	readonly fee: Exact;
	readonly tolerance: Exact;
	/** A cost in the asset's units that is not taken from what is sent. */
	readonly gasCost: Exact;
	readonly seconds: number;
}

/** Several moves in a row: each hop sends exactly what the hop before delivered. */
export interface ViaRoute extends RouteEnds {
	/** Ids of direct routes, in order. */
	readonly via: readonly string[];
}

export type Route = DirectRoute | ViaRoute;

/** A limit that a refusal's reason asks about: what if it alone were lifted? */
export type Limit = 'maximum' | 'minimum' | 'tolerance';

/** Decimals by `positionKey`. A place without an entry is unknown, and that is an error. */
export type Decimals = ReadonlyMap<string, number>;

/** A direct route in whole base units: `receive = floor((send × slope − offset) / divisor)`. */
export interface Hop {
	readonly route: DirectRoute;
	readonly originDecimals: number;
	readonly destinationDecimals: number;
	readonly slope: bigint;
	readonly offset: bigint;
	readonly divisor: bigint;
	/** Sends are whole multiples of this many base units. */
	readonly lattice: bigint;
	/** Base units: no smaller send is legal (`receive > 0` included). */
	readonly least: bigint;
	/** Base units; null when the maximum is lifted. */
	readonly most: bigint | null;
	/** Legal only if `receive × received ≥ send × sent`; null when the tolerance allows any loss. */
	readonly keep: { readonly received: bigint; readonly sent: bigint } | null;
}

export function isVia(route: Route): route is ViaRoute {
	return 'via' in route;
}

/** Decimals at a place. Throws `RangeError` when they are unknown: there is no default. */
export function decimalsAt(decimals: Decimals, venue: VenueId, asset: string): number {
	const found = decimals.get(positionKey({ venue, asset }));
	if (found === undefined) throw new RangeError(`decimals of ${asset} at venue ${venue} are unknown`);
	return found;
}

/** Brings a route into base units, or null when it can never deliver anything. */
export function hopOf(route: DirectRoute, decimals: Decimals, lifted?: Limit): Hop | null {
	const originDecimals = decimalsAt(decimals, route.origin, route.asset);
	const destinationDecimals = decimalsAt(decimals, route.destination, route.toAsset);
	const origin = powerOfTen(originDecimals);
	const destination = powerOfTen(destinationDecimals);
	const { fee, fixedFee, step, tolerance } = route;
	if (fee.numerator >= fee.denominator) return null;
	// Small numbers from the beginning: both are powers of ten.
	const shared = origin < destination ? origin : destination;
	const slope = (fee.denominator - fee.numerator) * fixedFee.denominator * (destination / shared);
	const offset = fixedFee.numerator * fee.denominator * (origin / shared) * destination;
	const divisor = (origin / shared) * fee.denominator * fixedFee.denominator;
	const lattice = latticeOf(step, origin);
	const minimum = lifted === 'minimum' ? 0n : wholeUnits(route.minimum, originDecimals, 'up');
	const delivering = ceilDivide(divisor + offset, slope);
	const kept = tolerance.denominator - tolerance.numerator;
	return {
		route,
		originDecimals,
		destinationDecimals,
		slope,
		offset,
		divisor,
		lattice,
		least: ceilDivide(minimum > delivering ? minimum : delivering, lattice) * lattice,
		most: lifted === 'maximum' ? null : wholeUnits(route.maximum, originDecimals, 'down'),
		keep:
			lifted === 'tolerance' || kept <= 0n
				? null
				: { received: (origin / shared) * tolerance.denominator, sent: (destination / shared) * kept },
	};
}

/** The smallest number of base units of which the step is a part without rest: every multiple of both. */
function latticeOf({ numerator, denominator }: Exact, unitsPerToken: bigint): bigint {
	if (unitsPerToken % denominator === 0n) return numerator * (unitsPerToken / denominator);
	const units = numerator * unitsPerToken;
	return units / greatestCommonDivisor(units, denominator);
}

/** What arrives of `send`, rounded down, in the destination's base units; negative when the fees eat more than is sent. */
export function receiveOf(hop: Hop, send: bigint): bigint {
	return floorDivide(send * hop.slope - hop.offset, hop.divisor);
}

export function isLegalSend(hop: Hop, send: bigint): boolean {
	if (send < hop.least || (hop.most !== null && send > hop.most) || send % hop.lattice !== 0n) return false;
	return hop.keep === null || receiveOf(hop, send) * hop.keep.received >= send * hop.keep.sent;
}

/** The smallest legal send that is at least `send`, or null. */
export function legalSendFrom(hop: Hop, send: bigint): bigint | null {
	const start = ceilDivide(send > hop.least ? send : hop.least, hop.lattice) * hop.lattice;
	if (hop.most !== null && start > hop.most) return null;
	if (isLegalSend(hop, start)) return start;
	if (hop.keep === null) return null;
	const steps = firstInteger(
		{ slope: hop.keep.sent * hop.lattice, intercept: hop.keep.sent * start, divisor: hop.keep.received },
		{ slope: hop.slope * hop.lattice, intercept: hop.slope * start - hop.offset, divisor: hop.divisor },
	);
	if (steps === null) return null;
	const found = start + steps * hop.lattice;
	return hop.most !== null && found > hop.most ? null : found;
}

/** The largest legal send that is at most `send`, or null. */
export function legalSendUpTo(hop: Hop, send: bigint): bigint | null {
	const top = hop.most !== null && hop.most < send ? hop.most : send;
	const start = top - (top % hop.lattice);
	if (start < hop.least) return null;
	if (isLegalSend(hop, start)) return start;
	if (hop.keep === null) return null;
	// The same question seen from `start` downwards: both lines change their sign.
	const steps = firstInteger(
		{ slope: hop.slope * hop.lattice, intercept: hop.offset - hop.slope * start, divisor: hop.divisor },
		{ slope: hop.keep.sent * hop.lattice, intercept: -hop.keep.sent * start, divisor: hop.keep.received },
	);
	if (steps === null) return null;
	const found = start - steps * hop.lattice;
	return found < hop.least ? null : found;
}

/** The smallest send, legal or not, of which at least `receive` arrives: the gross-up, rounded up. */
export function grossUp(hop: Hop, receive: bigint): bigint {
	return ceilDivide(receive * hop.divisor + hop.offset, hop.slope);
}

/** The largest send, legal or not, of which at most `receive` arrives. */
export function sendYielding(hop: Hop, receive: bigint): bigint {
	return ((receive + 1n) * hop.divisor + hop.offset - 1n) / hop.slope;
}
