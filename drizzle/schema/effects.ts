import { sql } from 'drizzle-orm';
import {
	bigint,
	bigserial,
	boolean,
	check,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	text,
	unique,
	uniqueIndex,
	uuid,
} from 'drizzle-orm/pg-core';
import { EFFECT_KINDS, EFFECT_OWNERS, EFFECT_STATUSES } from '../../src/leg/effect-state.ts';
import { createdAt, instant, oneOf, uint256, units, updatedAt } from './columns.ts';

/**
 * One intended act on the outside world: a transaction with a nonce, or a request with a key. Target, calldata and payload hash are frozen by
 * trigger once the nonce has committed, and so are key and request. `try` rises only after a final revert, a final cancel, or when a service is
 * seen to have carried out nothing. A request that `lapsed` was never taken and cannot be any more: its key serves the next one.
 */
export const effects = pgTable(
	'effects',
	{
		id: uuid('id').primaryKey().defaultRandom(),
		ownerKind: text('owner_kind').notNull(),
		ownerId: uuid('owner_id').notNull(),
		hop: integer('hop').notNull(),
		kind: text('kind').notNull(),
		try: integer('try').notNull(),
		status: text('status').notNull().default('intended'),
		/** The fencing epoch: every claim raises it, and later writes name the epoch that they claimed. */
		epoch: integer('epoch').notNull().default(0),
		venue: text('venue').notNull(),
		signer: text('signer').notNull(),
		/** Target, calldata, gas and payload hash are null until the nonce commits: a call is built just before it, because quotes age. */
		target: text('target'),
		calldata: text('calldata'),
		gas: units('gas'),
		value: units('value').notNull().default(sql`0`),
		payloadHash: text('payload_hash'),
		/** The allowance that this effect sets (approve, reset) or spends (send, purchase). */
		spendToken: text('spend_token'),
		spender: text('spender'),
		spendAmount: units('spend_amount'),
		nonce: bigint('nonce', { mode: 'bigint' }),
		/** The client id of a keyed request, of which at most one has not lapsed; null until it commits, and always for a transaction. */
		requestKey: text('request_key'),
		/** What is asked for, as the bridge understands it: an object of strings. */
		request: jsonb('request'),
		/** Until when the service may take the last call that was made of it, in Unix milliseconds by the service's clock; null before the first. */
		requestUntilMs: bigint('request_until_ms', { mode: 'number' }),
		/** What the mined transaction has cost, in wei, whatever became of it. */
		feePaid: units('fee_paid'),
		/** How often a check before the nonce has refused it; never counts anything after the nonce. */
		refusals: integer('refusals').notNull().default(0),
		reason: text('reason'),
		minedHash: text('mined_hash'),
		minedBlock: bigint('mined_block', { mode: 'bigint' }),
		/** The logs of the mined transaction, as the verdict saw them. */
		minedLogs: jsonb('mined_logs'),
		/** An operator wants it cancelled: from then on only an empty transaction is signed for its nonce. */
		cancelRequestedAt: instant('cancel_requested_at'),
		/** Since when every look has found its nonce spent by none of our hashes; null as soon as one look has not. */
		foreignSince: instant('foreign_since'),
		/** The transaction that has spent its nonce in our place, as a person who has looked names it. */
		spentBy: text('spent_by'),
		createdAt: createdAt(),
		updatedAt: updatedAt(),
	},
	(table) => [
		unique('effects_intent').on(table.ownerKind, table.ownerId, table.hop, table.kind, table.try),
		uniqueIndex('effects_request').on(table.requestKey).where(sql`status <> 'lapsed'`),
		uniqueIndex('effects_nonce').on(table.venue, table.signer, table.nonce),
		index('effects_open').on(table.status).where(sql`status in ('intended', 'reserved', 'signed', 'tracking', 'requested')`),
		index('effects_fees').on(table.venue, table.updatedAt).where(sql`fee_paid is not null`),
		index('effects_waiting_spend').on(table.venue, table.signer, table.spendToken, table.spender).where(sql`nonce is null`),
		check('effects_owner_kind', oneOf('owner_kind', EFFECT_OWNERS)),
		check('effects_kind', oneOf('kind', EFFECT_KINDS)),
		check('effects_status', oneOf('status', EFFECT_STATUSES)),
		check('effects_value', uint256('value')),
		check(
			'effects_nonce_has_payload',
			sql`nonce is null or (target is not null and calldata is not null and gas is not null and payload_hash is not null)`,
		),
		check('effects_past_intent_has_nonce', sql`status in ('intended', 'dropped') or nonce is not null or request_key is not null`),
		check('effects_nonce_or_request', sql`nonce is null or request_key is null`),
		check('effects_request_has_body', sql`(request_key is null) = (request is null)`),
	],
);

/** One signed transaction for an effect, committed before its first broadcast. */
export const attempts = pgTable(
	'attempts',
	{
		hash: text('hash').primaryKey(),
		effectId: uuid('effect_id')
			.notNull()
			.references(() => effects.id),
		raw: text('raw').notNull(),
		payloadHash: text('payload_hash').notNull(),
		gas: units('gas').notNull(),
		maxFeePerGas: units('max_fee_per_gas').notNull(),
		maxPriorityFeePerGas: units('max_priority_fee_per_gas').notNull(),
		/** An empty transaction on the same nonce. */
		cancels: boolean('cancels').notNull().default(false),
		/** A hint for rebroadcasting, never evidence of anything. */
		broadcastAt: instant('broadcast_at'),
		lastError: text('last_error'),
		createdAt: createdAt(),
	},
	(table) => [index('attempts_effect').on(table.effectId)],
);

/** The ordered stream of nonces of one signer on one chain. `next` never falls. */
export const signerLanes = pgTable(
	'signer_lanes',
	{
		venue: text('venue').notNull(),
		signer: text('signer').notNull(),
		next: bigint('next', { mode: 'bigint' }).notNull(),
		/** Not null: nothing more is signed here until a person has looked. */
		frozenReason: text('frozen_reason'),
		/** Nonces that the chain was seen to have spent; a hint by which the transactions under way are counted, never evidence. */
		mined: bigint('mined', { mode: 'bigint' }).notNull().default(sql`0`),
		/** Since when every look has found more nonces spent than were ever given out; null as soon as one look has not. */
		foreignSince: instant('foreign_since'),
		updatedAt: updatedAt(),
	},
	(table) => [primaryKey({ columns: [table.venue, table.signer] })],
);

export const LANE_EVENTS = ['frozen', 'thawed', 'cancel_requested', 'spent_by'] as const;

/** What was decided about a lane outside of the ordinary course, by whom and why. Append-only. */
export const laneEvents = pgTable(
	'lane_events',
	{
		id: bigserial('id', { mode: 'bigint' }).primaryKey(),
		venue: text('venue').notNull(),
		signer: text('signer').notNull(),
		event: text('event').notNull(),
		effectId: uuid('effect_id').references(() => effects.id),
		actor: text('actor').notNull(),
		reason: text('reason').notNull(),
		at: instant('at').notNull().defaultNow(),
	},
	() => [check('lane_events_event', oneOf('event', LANE_EVENTS))],
);
