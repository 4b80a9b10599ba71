/** Whether what a bridge says now still allows what the plan counts on. Pure. */
import type { Amount } from '../money/amount.ts';
import type { Hop, Leg } from './leg.ts';

/** How the reason of a leg begins that was given up before anything had left, because its bridge says something else by now. */
const QUOTE_MOVED = 'QUOTE_MOVED';

/** What a bridge answers about exactly what the hop sends. */
export interface Offer {
	/** Base units at the destination that would arrive now. */
	readonly arrives: Amount;
	/** Base units at the origin. */
	readonly minimum: Amount;
	readonly maximum: Amount;
	readonly step: Amount;
	readonly seconds: number;
}

interface Believed {
	readonly hop: Pick<Hop, 'send' | 'receive' | 'seconds'>;
	/** That all hops of the leg were promised to take. */
	readonly legSeconds: number;
	/** What the planner calls fast: what takes no longer. */
	readonly fastWindowSeconds: number;
}

/**
 * How the offer breaks the plan, in words; null when it keeps it. There is no other tolerance than the room that the bridge has left below its
 * own quote: of a unit less the demand would not be covered any more. Time breaks a plan only where it makes a fast leg a slow one, since this
 * is all that the planner weighs of it.
 */
export function quoteMoved({ hop, legSeconds, fastWindowSeconds }: Believed, offer: Offer): string | null {
	const { send, receive, seconds } = hop;
	if (send < offer.minimum) return `${send} would be sent, and the least is ${offer.minimum} now`;
	if (send > offer.maximum) return `${send} would be sent, and the most is ${offer.maximum} now`;
	if (send % offer.step !== 0n) return `${send} would be sent, and only multiples of ${offer.step} are taken now`;
	if (offer.arrives < receive) return `of ${send} sent ${offer.arrives} would arrive now, and ${receive} was planned`;
	const secondsNow = legSeconds - seconds + offer.seconds;
	if (legSeconds <= fastWindowSeconds && secondsNow > fastWindowSeconds)
		return `it would take ${secondsNow} s now, and ${legSeconds} s were planned`;
	return null;
}

export function quoteMovedReason(how: string): string {
	return `${QUOTE_MOVED}: ${how}`;
}

/** Whether the leg has ended because its quote had moved. Its route is as good as any, at its present price. */
export function endedByItsQuote({ reason }: Pick<Leg, 'reason'>): boolean {
	return reason?.startsWith(`${QUOTE_MOVED}:`) === true;
}
