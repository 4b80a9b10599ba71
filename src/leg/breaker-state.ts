/** What a route's breaker can be, and what an operator can say to it. */

/** `closed`: it is used. `open`: it is not, until a moment comes. `half_open`: one leg tries it. */
export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** `auto` leaves it to the state; `off` and `on` stand whatever happens, until something else is said. */
export const BREAKER_WORDS = ['auto', 'off', 'on'] as const;
export type BreakerWord = (typeof BREAKER_WORDS)[number];
