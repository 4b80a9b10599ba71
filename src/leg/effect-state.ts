/**
 * The life of an effect: one intended act on the outside world. Until its nonce or its request commits it may be dropped; from then on it is
 * followed to a verdict that the chain or the service gives, never to one that a clock gives.
 */
import { statesBefore, statesOf } from '../transitions.ts';

export const EFFECT_TRANSITIONS = {
	intended: ['reserved', 'requested', 'dropped'],
	reserved: ['signed'],
	signed: ['tracking', 'confirmed', 'reverted', 'cancelled'],
	tracking: ['confirmed', 'reverted', 'cancelled'],
	requested: ['confirmed', 'rejected', 'lapsed'],
	confirmed: [],
	reverted: [],
	cancelled: [],
	rejected: [],
	lapsed: [],
	dropped: [],
} as const satisfies Record<string, readonly string[]>;

export type EffectStatus = keyof typeof EFFECT_TRANSITIONS;

export const EFFECT_STATUSES = statesOf(EFFECT_TRANSITIONS);

/** The states from which `to` may be reached. */
export function effectStatesBefore(to: EffectStatus): EffectStatus[] {
	return statesBefore(EFFECT_TRANSITIONS, to);
}

/**
 * What an effect does: `approve` sets an exact allowance, `reset` takes a left-over back to zero, `send` and `claim` belong to a hop,
 * `purchase` pays the demand.
 */
export const EFFECT_KINDS = ['approve', 'reset', 'send', 'claim', 'purchase'] as const;
export type EffectKind = (typeof EFFECT_KINDS)[number];

export const EFFECT_OWNERS = ['leg', 'earmark'] as const;
export type EffectOwner = (typeof EFFECT_OWNERS)[number];
