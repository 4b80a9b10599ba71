/** What an effect is, read back from its row. */
import type { Address, Hex } from 'viem';
import type { Spend } from '../earmark/spend.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { EffectKind, EffectOwner, EffectStatus } from './effect-state.ts';
import type { Noted } from './leg.ts';

/** The idempotency key of an effect: at most one row for each, ever. */
export interface EffectKey {
	readonly ownerKind: EffectOwner;
	readonly ownerId: string;
	readonly hop: number;
	readonly kind: EffectKind;
	readonly try: number;
}

export interface EffectDraft extends EffectKey {
	readonly venue: VenueId;
	readonly signer: Address;
	/** The allowance that the effect sets (approve, reset) or spends (send, purchase). */
	readonly spend: Spend | null;
}

export interface Effect extends EffectDraft {
	readonly id: string;
	readonly status: EffectStatus;
	readonly epoch: number;
	readonly nonce: bigint | null;
	readonly payload: Payload | null;
	/** Null until it commits, and always for a transaction. */
	readonly request: KeyedRequest | null;
	readonly refusals: number;
	readonly reason: string | null;
	readonly minedHash: Hex | null;
	readonly minedBlock: bigint | null;
}

/** What is signed, but for nonce and fees: the same payload for every attempt on the nonce. */
export interface Payload {
	readonly target: Address;
	readonly calldata: Hex;
	readonly value: bigint;
	readonly gas: bigint;
}

/** A request of ours to a service, made under a key that is stored before the first call, and never made twice. */
export interface KeyedRequest {
	readonly key: string;
	/** What is asked for; what it means is its bridge's alone. */
	readonly body: Noted;
	/** Until when the service may take the last call that was made, in Unix milliseconds by its own clock; null when none was made. */
	readonly untilMs: number | null;
}

/** The effect of this kind that counts: the one with the highest try. */
export function latestEffect(effects: readonly Effect[], kind: EffectKind, hop = 0): Effect | null {
	const candidates = effects.filter((effect) => effect.kind === kind && effect.hop === hop);
	return candidates.reduce<Effect | null>((best, each) => (best === null || each.try > best.try ? each : best), null);
}
