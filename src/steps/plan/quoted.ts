/** What bridges have answered, and until when a plan may rest on it. Pure. */
import type { Quote } from '../../bridge/bridge.ts';
import type { Route } from '../../plan/route.ts';

export interface Quoted {
	readonly quote: Quote;
	/** Unix milliseconds. */
	readonly askedAtMs: number;
}

export interface QuotedRoutes {
	readonly routes: readonly Route[];
	/** The answer behind each direct route, by its id. */
	readonly quotes: ReadonlyMap<string, Quoted>;
	/** Route id → why nothing is known about it. A route that does not take what is there is no such case: it is just of no use. */
	readonly unanswered: ReadonlyMap<string, string>;
}

export interface Age {
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** A quote is of no use any more when it is older, whatever its bridge says. */
	readonly maxAgeMs: number;
}

/** Whether a bridge does not stand by its answer any more, or nobody should rely on it. */
export function isOver({ quote, askedAtMs }: Quoted, { nowMs, maxAgeMs }: Age): boolean {
	return nowMs > quote.validUntilMs || nowMs - askedAtMs > maxAgeMs;
}

export function isAnyOver({ quotes }: QuotedRoutes, age: Age): boolean {
	return [...quotes.values()].some((quoted) => isOver(quoted, age));
}

/** The whole answer as the row of a hop keeps it: decimal text, of amounts in base units as the quote has them. */
export function promisedBy({ quote, askedAtMs }: Quoted): Readonly<Record<string, string>> {
	const numbers = { ...quote, quotedAtMs: askedAtMs };
	return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}
