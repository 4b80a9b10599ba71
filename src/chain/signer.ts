/**
 * The only code that touches a key. It is given an effect's id and nothing else: it reads the row, checks it against the policy
 * and the stop switch, signs, and commits the bytes. Nothing is sent from here.
 */
import { type Account, keccak256, type PublicClient, type TransactionSerializableEIP1559 } from 'viem';
import { InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Effect, Payload } from '../leg/effect.ts';
import { ConflictError, type Db, inTransaction } from '../store/db.ts';
import { claimEffect, frozenReason, readEffect, storeAttempt } from '../store/effects.ts';
import { isStopped } from '../store/stops.ts';
import { lookAt } from './look.ts';
import { payloadHash } from './payload.ts';
import { checkPolicy, type SigningPolicy } from './policy.ts';

export interface Signer {
	readonly address: Account['address'];
	/** Signs a reserved effect and commits the attempt; `stopped` when the stop switch forbids it now. */
	sign(effectId: string): Promise<'signed' | 'stopped'>;
}

export interface SignerPorts {
	readonly db: Db;
	readonly account: Account;
	readonly policy: SigningPolicy;
	readonly client: (venue: VenueId) => PublicClient;
	readonly chainId: (venue: VenueId) => number;
}

/** The node's fee estimate is doubled for the base fee, so that a few full blocks do not price the transaction out. */
const BASE_FEE_HEADROOM = 2n;

export function createSigner(ports: SignerPorts): Signer {
	const { db, account, policy } = ports;
	return {
		address: account.address,
		async sign(effectId) {
			const effect = await readEffect(db, effectId);
			const { payload, nonce } = reservedPayload(effect, account);
			checkPolicy(policy, effect, payload);
			const frozen = await frozenReason(db, effect);
			if (frozen !== null) throw new InvariantError(`lane of ${effect.signer} on ${effect.venue} is frozen: ${frozen}`, { effectId });
			const fees = await lookAt({ name: 'the fee', chainId: ports.chainId(effect.venue) }, () => estimateFees(ports.client(effect.venue)));
			const epoch = await claimEffect(db, effectId, 'reserved');
			if (await isStopped(db)) return 'stopped';
			const chainId = ports.chainId(effect.venue);
			const transaction: TransactionSerializableEIP1559 = {
				type: 'eip1559',
				chainId,
				nonce: Number(nonce),
				to: payload.target,
				data: payload.calldata,
				value: payload.value,
				gas: payload.gas,
				...fees,
			};
			if (account.signTransaction === undefined) throw new InvariantError('the configured account cannot sign transactions');
			const raw = await account.signTransaction(transaction);
			const attempt = { hash: keccak256(raw), raw, payloadHash: payloadHash(chainId, payload), gas: payload.gas, ...fees };
			await inTransaction(db, { actor: 'signer', reason: `signed with nonce ${nonce}` }, (tx) =>
				storeAttempt(tx, { effectId, epoch, attempt }),
			);
			return 'signed';
		},
	};
}

function reservedPayload(effect: Effect, account: Account): { payload: Payload; nonce: bigint } {
	const { payload, nonce } = effect;
	if (effect.status !== 'reserved' || payload === null || nonce === null) {
		// A twin has signed it meanwhile, which is as good.
		if (nonce !== null) throw new ConflictError(`effect ${effect.id} is ${effect.status} by now`, { effectId: effect.id });
		throw new InvariantError(`effect ${effect.id} is ${effect.status}, not reserved: nothing is signed`, { effectId: effect.id });
	}
	if (effect.signer !== account.address) {
		throw new InvariantError(`effect ${effect.id} belongs to ${effect.signer}, this signer is ${account.address}`, { effectId: effect.id });
	}
	return { payload, nonce };
}

async function estimateFees(client: PublicClient): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
	const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas({ type: 'eip1559', chain: client.chain ?? null });
	return { maxFeePerGas: maxFeePerGas * BASE_FEE_HEADROOM, maxPriorityFeePerGas };
}
