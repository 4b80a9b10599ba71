/** What an effect is, read back from its row. */
import type { Address, Hex } from 'viem';
import type { Spend } from '../earmark/spend.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { EffectKind, EffectOwner, EffectStatus } from './effect-state.ts';

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

/** The effect of this kind that counts: the one with the highest try. */
export function latestEffect(effects: readonly Effect[], kind: EffectKind, hop = 0): Effect | null {
	const candidates = effects.filter((effect) => effect.kind === kind && effect.hop === hop);
	return candidates.reduce<Effect | null>((best, each) => (best === null || each.try > best.try ? each : best), null);
}
