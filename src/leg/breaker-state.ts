/** What a route's breaker can be, and what an operator can say to it. */
import { statesOf } from '../transitions.ts';

/** `closed`: it is used. `open`: it is not, until a moment comes. `half_open`: one leg tries it. An operator's release closes it from everywhere. */
export const BREAKER_TRANSITIONS = {
	closed: ['open'],
	open: ['half_open', 'closed'],
	half_open: ['open', 'closed'],
} as const satisfies Record<string, readonly string[]>;

export type BreakerState = keyof typeof BREAKER_TRANSITIONS;
export const BREAKER_STATES = statesOf(BREAKER_TRANSITIONS);

/** `auto` leaves it to the state; `off` and `on` stand whatever happens, until something else is said. */
export const BREAKER_WORDS = ['auto', 'off', 'on'] as const;
export type BreakerWord = (typeof BREAKER_WORDS)[number];
