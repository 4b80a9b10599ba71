/** From what a search has chosen to the plan that is answered. */
import { type Amount, unboundedAmount, ZERO } from '../../money/amount.ts';
import type { Demand } from '../demand.ts';
import type { Exact } from '../exact.ts';
import type { Plan, PlannedHop, PlannedLeg } from '../plan.ts';
import type { Candidate } from './candidate.ts';
import { deliveriesOf, type Path } from './path.ts';

interface Chosen {
	readonly venue: string;
	/** That of the candidates. */
	readonly moneyScale: bigint;
	/** At least one, by route id; sends in base units. */
	readonly legs: readonly { readonly candidate: Candidate; readonly send: bigint }[];
}

/** The plan that brings these legs to the venue; what they leave uncovered is taken from there. */
export function planFrom(demand: Demand, { venue, moneyScale, legs: chosen }: Chosen): Plan {
	const legs = chosen.map(({ candidate, send }) => legFrom(candidate, send, moneyScale));
	const delivered = legs.reduce((sum, leg) => sum + leg.receive, 0n);
	const whole = demand.destinations.find((each) => each.venue === venue)?.amount ?? ZERO;
	return {
		demand: demand.id,
		asset: demand.asset,
		destination: venue,
		amount: whole,
		local: whole > delivered ? unboundedAmount(whole - delivered) : ZERO,
		legs,
		operations: chosen.reduce((sum, { candidate }) => sum + candidate.operations, 0),
		cost: { numerator: legs.reduce((sum, { cost }) => sum + cost.numerator, 0n), denominator: moneyScale },
		seconds: Math.max(...legs.map((leg) => leg.seconds)),
	};
}

function legFrom({ path, sendWeight, arriveWeight, gas }: Candidate, send: bigint, moneyScale: bigint): PlannedLeg {
	const hops = hopsFrom(path, send);
	const receive = hops.at(-1)?.receive ?? ZERO;
	const cost: Exact = { numerator: send * sendWeight - receive * arriveWeight + gas, denominator: moneyScale };
	return {
		route: path.route.id,
		bridge: path.route.bridge,
		origin: path.origin,
		destination: path.destination,
		asset: path.asset,
		toAsset: path.toAsset,
		send: unboundedAmount(send),
		receive,
		hops,
		seconds: path.seconds,
		cost,
	};
}

function hopsFrom(path: Path, send: bigint): readonly PlannedHop[] {
	let current: Amount = unboundedAmount(send);
	return deliveriesOf(path, send).map((delivered, index) => {
		const { route } = path.hops[index] ?? path.hops[0];
		const hop = {
			route: route.id,
			bridge: route.bridge,
			origin: route.origin,
			destination: route.destination,
			asset: route.asset,
			toAsset: route.toAsset,
			send: current,
			receive: unboundedAmount(delivered),
			seconds: route.seconds,
		};
		current = hop.receive;
		return hop;
	});
}
