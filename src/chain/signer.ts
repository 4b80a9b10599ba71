/**
 * The only code that touches a key. It is given an effect's id and nothing else: it reads the row, checks it against the policy
 * and the stop switch, signs, and commits the bytes. Nothing is sent from here.
 */
import { type Account, type Address, type Hex, keccak256, type PublicClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { crashPoint } from '../crash-point.ts';
import { ConfigError, InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Effect, Payload } from '../leg/effect.ts';
import { isDue, readTrail, type Trail } from '../store/attempts.ts';
import { ConflictError, type Db, inTransaction } from '../store/db.ts';
import { claimEffect, readEffect, storeAttempt } from '../store/effects.ts';
import { isStopped } from '../store/stops.ts';
import { type FeeRules, type Fees, firstFees, risenFees } from './fees.ts';
import { lookAt } from './look.ts';
import { payloadHash } from './payload.ts';
import { checkPolicy, type SigningPolicy } from './policy.ts';

export interface Signer {
	readonly address: Account['address'];
	/**
	 * Signs what the row asks for and commits the attempt: the effect's payload, or an empty transaction to ourselves once a cancel was
	 * requested; what was signed before for the same nonce is outbid. Throws `ConflictError` when nothing is to be signed yet. `stopped` when the stop switch forbids it now, `capped` when outbidding
	 * would cost more than the chain's cap: then nothing was signed.
	 */
	sign(effectId: string): Promise<'signed' | 'stopped' | 'capped'>;
}

interface SignerPorts {
	readonly db: Db;
	readonly account: Account;
	readonly policy: SigningPolicy;
	readonly client: (venue: VenueId) => PublicClient;
	readonly chain: (venue: VenueId) => { readonly chainId: number; readonly fees: FeeRules };
}

/** Some chains bill the bytes of a transaction in its gas, so an empty one is estimated, too; this much more may be taken next block. */
const CANCEL_GAS_PERCENT = 130n;

/** The account of a 32-byte hex key. Throws `ConfigError` unless it is the configured wallet. */
export function accountOf(wallet: Address, signerKey: string): Account {
	const account = accountOfKey(signerKey);
	if (account.address !== wallet)
		throw new ConfigError('BALLAST_SIGNER_KEY', `is the key of ${account.address}, but "wallet" is ${wallet}`);
	return account;
}

function accountOfKey(signerKey: string): Account {
	try {
		return privateKeyToAccount(signerKey as Hex);
	} catch {
		// What the library says repeats the key.
		throw new ConfigError('BALLAST_SIGNER_KEY', 'is no private key: it is zero, or larger than the curve allows');
	}
}

export function createSigner(ports: SignerPorts): Signer {
	const { db, account, policy } = ports;
	return {
		address: account.address,
		async sign(effectId) {
			const effect = await readEffect(db, effectId);
			const own = signable(effect, account);
			const trail = await readTrail(db, effectId);
			if (trail.frozen !== null) {
				throw new InvariantError(`lane of ${effect.signer} on ${effect.venue} is frozen: ${trail.frozen}`, { effectId });
			}
			if (!isDue(trail, ports.chain(effect.venue).fees)) throw new ConflictError(`effect ${effectId} is signed by now`, { effectId });
			const cancels = trail.cancelRequested;
			if (!cancels) checkPolicy(policy, effect, own.payload);
			const fees = await feesFor(ports, effect, trail);
			if (fees === null) return 'capped';
			const payload = cancels ? await nothing(ports, effect) : own.payload;
			const epoch = await claimEffect(db, effectId, effect.status);
			if (await isStopped(db)) return 'stopped';
			const attempt = await signed(ports, { payload, nonce: own.nonce, venue: effect.venue, fees });
			crashPoint('signed');
			await inTransaction(db, { actor: 'signer', reason: `signed with nonce ${own.nonce}` }, (tx) =>
				storeAttempt(tx, { effectId, epoch, attempt: { ...attempt, cancels } }),
			);
			return 'signed';
		},
	};
}

interface Signing {
	readonly payload: Payload;
	readonly nonce: bigint;
	readonly venue: VenueId;
	readonly fees: Fees;
}

async function signed({ account, chain }: SignerPorts, { payload, nonce, venue, fees }: Signing) {
	if (account.signTransaction === undefined) throw new InvariantError('the configured account cannot sign transactions');
	const { target: to, calldata: data, value, gas } = payload;
	const { chainId } = chain(venue);
	const raw: Hex = await account.signTransaction({ type: 'eip1559', chainId, nonce: Number(nonce), to, data, value, gas, ...fees });
	return { hash: keccak256(raw), raw, payloadHash: payloadHash(chainId, payload), gas, ...fees };
}

function signable(effect: Effect, account: Account): { payload: Payload; nonce: bigint } {
	const { payload, nonce, status } = effect;
	if (payload === null || nonce === null) {
		throw new InvariantError(`effect ${effect.id} is ${status}, not reserved: nothing is signed`, { effectId: effect.id });
	}
	// A twin has followed it to its end meanwhile.
	if (status !== 'reserved' && status !== 'signed' && status !== 'tracking')
		throw new ConflictError(`effect ${effect.id} is ${status} by now`, { effectId: effect.id });
	if (effect.signer !== account.address) {
		throw new InvariantError(`effect ${effect.id} belongs to ${effect.signer}, this signer is ${account.address}`, { effectId: effect.id });
	}
	return { payload, nonce };
}

async function feesFor({ client, chain }: SignerPorts, { venue }: Effect, { attempts }: Trail): Promise<Fees | null> {
	const { chainId, fees } = chain(venue);
	const cap = fees.maxFeePerGas;
	const asked = client(venue);
	const estimate = await lookAt({ name: 'the fee', chainId }, () =>
		asked.estimateFeesPerGas({ type: 'eip1559', chain: asked.chain ?? null }),
	);
	const before = attempts.at(-1);
	return before === undefined ? firstFees(estimate, cap) : risenFees(before, estimate, cap);
}

/** An empty transaction to ourselves: all that it does is to spend the nonce. */
async function nothing({ account, client, chain }: SignerPorts, { venue }: Effect): Promise<Payload> {
	const to = account.address;
	const gas = await lookAt({ name: 'the gas of an empty transaction', chainId: chain(venue).chainId }, () =>
		client(venue).estimateGas({ account: to, to, value: 0n }),
	);
	return { target: to, calldata: '0x', value: 0n, gas: (gas * CANCEL_GAS_PERCENT) / 100n };
}
