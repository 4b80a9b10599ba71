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
	/** Accounts that legs may transfer our tokens to. */
	deposits(venue: VenueId): readonly Address[];
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
			if (includes(policy.tokens(effect.venue), payload.target)) checkTransfer(policy.deposits(effect.venue), payload, refuse);
			else if (!includes(contracts, payload.target)) refuse(`${payload.target} is not a configured contract`);
			return;
		case 'claim':
		case 'purchase':
			if (!includes(contracts, payload.target)) refuse(`${payload.target} is not a configured contract`);
			return;
		default:
			effect.kind satisfies never;
	}
}

/** A token is told nothing but to transfer, and to nobody but an account of ours. */
function checkTransfer(deposits: readonly Address[], { target, calldata }: Payload, refuse: (rule: string) => never): void {
	let to: Address | null = null;
	try {
		const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: untagged(calldata) });
		if (functionName === 'transfer') to = args[0];
	} catch {
		// Whatever it is, it is no transfer.
	}
	if (to === null) refuse(`it calls the token ${target} for something else than a transfer`);
	else if (!includes(deposits, to)) refuse(`${to} is not a configured deposit address`);
}

function includes(addresses: readonly Address[], address: Address): boolean {
	return addresses.some((each) => getAddress(each) === getAddress(address));
}
