/**
 * What the signer is willing to sign: the configured contracts and nothing else. It reads the calldata that will be signed,
 * not what somebody says about it.
 */
import { type Address, decodeFunctionData, erc20Abi, getAddress } from 'viem';
import { InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Effect, Payload } from '../leg/effect.ts';
import { ownerOfCalldata, untagged } from './payload.ts';

export interface SigningPolicy {
	/** Our tokens at a venue. */
	tokens(venue: VenueId): readonly Address[];
	/** Contracts that legs may call. */
	bridges(venue: VenueId): readonly Address[];
	/** Contracts that purchases may call. */
	purchases(venue: VenueId): readonly Address[];
}

/** Throws `InvariantError` naming the rule when the payload is not one that this effect may have. */
export function checkPolicy(policy: SigningPolicy, effect: Effect, payload: Payload): void {
	const refuse = (rule: string): never => {
		throw new InvariantError(`effect ${effect.id} (${effect.kind} on ${effect.venue}) is not signed: ${rule}`, { effectId: effect.id });
	};
	if (payload.value !== 0n) refuse(`it would send ${payload.value} of the native asset`);
	if (ownerOfCalldata(payload.calldata) !== effect.ownerId) refuse('its calldata does not carry the id of its owner');
	const contracts = effect.kind === 'purchase' ? policy.purchases(effect.venue) : policy.bridges(effect.venue);
	switch (effect.kind) {
		case 'approve':
		case 'reset': {
			if (!includes(policy.tokens(effect.venue), payload.target)) refuse(`${payload.target} is not a configured token`);
			const spenders = [...policy.bridges(effect.venue), ...policy.purchases(effect.venue)];
			const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: untagged(payload.calldata) });
			if (functionName !== 'approve') refuse(`it calls ${functionName}, not approve`);
			else if (!includes(spenders, args[0])) refuse(`${args[0]} is not a configured spender`);
			return;
		}
		case 'send':
		case 'claim':
		case 'purchase':
			if (!includes(contracts, payload.target)) refuse(`${payload.target} is not a configured contract`);
			return;
		default:
			effect.kind satisfies never;
	}
}

function includes(addresses: readonly Address[], address: Address): boolean {
	return addresses.some((each) => getAddress(each) === getAddress(address));
}
