import { sql } from 'drizzle-orm';
import { bigserial, check, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { BREAKER_STATES, BREAKER_WORDS } from '../../src/leg/breaker-state.ts';
import { instant, oneOf, updatedAt } from './columns.ts';
import { rebalanceOperations } from './earmarks.ts';

/** The breaker of a route, by the route's id; a route without a row is closed, and nothing is counted of it. */
export const routeBreakers = pgTable(
	'route_breakers',
	{
		route: text('route').primaryKey(),
		/** An `open` one whose `retryAt` has passed may be tried by one leg, and no process has to say so. */
		state: text('state').notNull().default('closed'),
		/** What an operator has said; `auto` leaves it to the state. */
		word: text('word').notNull().default('auto'),
		/** In a row, of hops that have failed, of those that were late, and of openings without a success between them. */
		failures: integer('failures').notNull().default(0),
		lates: integer('lates').notNull().default(0),
		openings: integer('openings').notNull().default(0),
		retryAt: instant('retry_at'),
		/** The leg that tries it now. */
		trialLeg: uuid('trial_leg').references(() => rebalanceOperations.id),
		/** Why it is as it is, who has made it so, and since when. */
		reason: text('reason'),
		actor: text('actor'),
		since: instant('since').notNull().defaultNow(),
		updatedAt: updatedAt(),
	},
	(table) => [
		index('route_breakers_trial').on(table.trialLeg).where(sql`trial_leg is not null`),
		check('route_breakers_state', oneOf('state', BREAKER_STATES)),
		check('route_breakers_word', oneOf('word', BREAKER_WORDS)),
		check('route_breakers_counts', sql`failures >= 0 and lates >= 0 and openings >= 0`),
		check('route_breakers_retry', sql`(state = 'closed') = (retry_at is null)`),
		check('route_breakers_one_trial', sql`(state = 'half_open') = (trial_leg is not null)`),
	],
);

const ROUTE_EVENTS = ['opened', 'tried', 'untried', 'closed', 'switched_off', 'switched_on', 'released'] as const;

/** What a breaker has done and what operators have said to it, by whom and why. Append-only. */
export const routeEvents = pgTable(
	'route_events',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		route: text('route').notNull(),
		event: text('event').notNull(),
		/** The leg whose end, or whose beginning, it was. */
		legId: uuid('leg_id').references(() => rebalanceOperations.id),
		actor: text('actor').notNull(),
		reason: text('reason').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	(table) => [
		index('route_events_route').on(table.route, table.id),
		index('route_events_leg').on(table.legId).where(sql`leg_id is not null`),
		check('route_events_event', oneOf('event', ROUTE_EVENTS)),
	],
);
