/**
 * Money leaves only by these steps (architecture §4). One call takes an effect as far as it can go now and says what it waits for;
 * it may be called again at any time, by anybody, also beside its own twin.
 */
import { type Address, BaseError, ExecutionRevertedError, type Hex, InsufficientFundsError, type PublicClient } from 'viem';
import type { MinedCall } from '../bridge/bridge.ts';
import { errorText, InvariantError, PermanentError, TransientError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Effect, Payload } from '../leg/effect.ts';
import type { Amount } from '../money/amount.ts';
import type { Log } from '../observe/log.ts';
import { isBeingSpent } from '../store/allowances.ts';
import { type Cause, type Db, inTransaction, type Tx } from '../store/db.ts';
import {
	claimEffect,
	freezeLane,
	laneExists,
	openLane,
	readAttempts,
	readEffect,
	recordBroadcast,
	refuseEffect,
	reserveNonce,
} from '../store/effects.ts';
import { readSignedBetween } from '../store/lane-history.ts';
import { isStopped } from '../store/stops.ts';
import { lookAt } from './look.ts';
import { approveCalldata, payloadHash, tagCalldata } from './payload.ts';
import { lookAtNonce } from './receipts.ts';
import type { Signer } from './signer.ts';

export interface ChainInfo {
	readonly chainId: number;
	readonly finalityBlocks: number;
	readonly pollMs: number;
}

export interface SendPorts {
	readonly db: Db;
	readonly log: Log;
	readonly signer: Signer;
	readonly client: (venue: VenueId) => PublicClient;
	readonly chain: (venue: VenueId) => ChainInfo;
}

/** What the owner of an effect adds to the protocol. */
export interface SendHooks {
	/** Builds the call afresh. Not asked for approvals: their calldata follows from the row. */
	prepare(effect: Effect): Promise<{ readonly to: Address; readonly data: Hex; readonly value: bigint }>;
	/**
	 * First in the transaction that commits the nonce, before any row is locked: takes the owner's lock, so that whoever ends the owner
	 * and whoever sends for it wait for each other instead of deadlocking.
	 */
	lockOwner(tx: Tx): Promise<void>;
	/** Last in that transaction: this is the moment from which money may have left. */
	onNonce(tx: Tx, effect: Effect): Promise<void>;
}

export type SendProgress =
	| { readonly state: 'waiting'; readonly lookAgainMs: number; readonly reason: string }
	/** A check before the nonce said no, so often; nothing has left. */
	| { readonly state: 'refused'; readonly refusals: number; readonly reason: string }
	/** The chain's verdict, not yet recorded: the caller commits it together with what follows from it. */
	| { readonly state: 'verdict'; readonly to: 'confirmed' | 'reverted'; readonly mined: MinedCall }
	/** Recorded before. */
	| { readonly state: 'ended'; readonly effect: Effect };

/** What a node says when it would not execute the call; anything else means that it could not be asked. */
const REFUSALS = [ExecutionRevertedError, InsufficientFundsError];
const STOPPED_LOOK_AGAIN_MS = 1_000;
const REBROADCAST_AFTER_MS = 5_000;
/** Estimates are for the state of one block; the next may need a little more. */
const GAS_HEADROOM_PERCENT = 130n;
/**
 * An earlier transaction of the lane may empty a slot that was full when the gas was estimated: an allowance, a balance. Filling an
 * empty slot costs 17,100 more than changing a full one (EIP-2200, EIP-2929); a call of ours touches two such slots at most.
 */
const GAS_FOR_EMPTIED_SLOTS = 2n * 17_100n;

/** Throws `TransientError` when something outside could not be asked, `ConflictError` when a twin was faster, `InvariantError` to stop. */
export async function advanceEffect(ports: SendPorts, effectId: string, hooks: SendHooks): Promise<SendProgress> {
	const effect = await readEffect(ports.db, effectId);
	switch (effect.status) {
		case 'intended': {
			const refused = await commitNonce(ports, effect, hooks);
			return refused ?? signAndSend(ports, effectId);
		}
		case 'reserved':
		case 'signed':
			return signAndSend(ports, effectId);
		case 'tracking':
			return track(ports, effect);
		case 'confirmed':
		case 'reverted':
		case 'cancelled':
		case 'dropped':
			return { state: 'ended', effect };
	}
}

/** Steps 2 to 4. Answers null when the nonce has committed. */
async function commitNonce(ports: SendPorts, effect: Effect, hooks: SendHooks): Promise<SendProgress | null> {
	const { db, log } = ports;
	if (await isStopped(db)) return stopped();
	const epoch = await claimEffect(db, effect.id, 'intended');
	let checked: CheckedCall;
	try {
		checked = await check(ports, effect, hooks);
	} catch (error) {
		if (!(error instanceof PermanentError)) throw error;
		// Some tokens (USDT) refuse to change an allowance that is not zero; it will be, once what was approved before is spent.
		if (isApproval(effect) && (await isBeingSpent(db, effect))) return spentFirst(ports, effect);
		return { state: 'refused', refusals: await refuseEffect(db, effect.id, errorText(error)), reason: errorText(error) };
	}
	await ensureLane(ports, effect);
	const cause: Cause = { actor: `effect ${effect.id}`, reason: `nonce committed for ${effect.kind}` };
	const nonce = await inTransaction(db, cause, async (tx) => {
		await hooks.lockOwner(tx);
		const reserved = await reserveNonce(tx, { effect, epoch, payload: (waiting) => finalPayload(ports, effect, { ...checked, waiting }) });
		await hooks.onNonce(tx, effect);
		return reserved;
	});
	log.info(
		{ effect: effect.id, [effect.ownerKind]: effect.ownerId, venue: effect.venue, kind: effect.kind, nonce: nonce.toString() },
		'nonce committed',
	);
	return null;
}

interface CheckedCall {
	readonly call: { readonly to: Address; readonly value: bigint };
	readonly calldata: Hex;
	readonly gas: bigint;
}

/** Step 3: builds the call and simulates it. Throws `PermanentError` when it would be refused, `TransientError` when nobody can say. */
async function check(ports: SendPorts, effect: Effect, hooks: SendHooks): Promise<CheckedCall> {
	const call = isApproval(effect) ? approval(effect) : await hooks.prepare(effect);
	const calldata = tagCalldata(call.data, effect.ownerId);
	try {
		const gas = await ports.client(effect.venue).estimateGas({ account: effect.signer, to: call.to, data: calldata, value: call.value });
		return { call, calldata, gas };
	} catch (error) {
		const refused = error instanceof BaseError && error.walk((each) => REFUSALS.some((refusal) => each instanceof refusal)) !== null;
		const text = `the simulation on ${effect.venue} ${refused ? 'refused' : 'could not be run'}: ${errorText(error)}`;
		throw refused
			? new PermanentError(text, { effectId: effect.id }, { cause: error })
			: new TransientError(text, { effectId: effect.id }, { cause: error });
	}
}

function finalPayload(
	ports: SendPorts,
	effect: Effect,
	{ call, calldata, gas, waiting }: CheckedCall & { readonly waiting: Amount },
): Payload & { payloadHash: Hex } {
	const exact =
		effect.kind === 'approve' || effect.kind === 'reset'
			? tagCalldata(approveCalldata(spendOf(effect).spender, waiting), effect.ownerId)
			: calldata;
	const payload: Payload = {
		target: call.to,
		calldata: exact,
		value: call.value,
		gas: (gas * GAS_HEADROOM_PERCENT) / 100n + GAS_FOR_EMPTIED_SLOTS,
	};
	return { ...payload, payloadHash: payloadHash(ports.chain(effect.venue).chainId, payload) };
}

/** Steps 5 and 6. */
async function signAndSend(ports: SendPorts, effectId: string): Promise<SendProgress> {
	const before = await readEffect(ports.db, effectId);
	if (before.status === 'reserved' && (await ports.signer.sign(effectId)) === 'stopped') return stopped();
	if (await isStopped(ports.db)) return stopped();
	await broadcast(ports, before);
	return { state: 'waiting', lookAgainMs: ports.chain(before.venue).pollMs, reason: 'sent' };
}

/** Step 6: only committed bytes; whatever the node answers, time-out included, leads to tracking. */
async function broadcast({ db, log, client }: SendPorts, effect: Effect): Promise<void> {
	const attempts = await readAttempts(db, effect.id);
	const newest = attempts.at(-1);
	if (newest === undefined) throw new InvariantError(`effect ${effect.id} is signed but has no attempt`, { effectId: effect.id });
	let error: string | null = null;
	try {
		await client(effect.venue).sendRawTransaction({ serializedTransaction: newest.raw });
	} catch (cause) {
		error = errorText(cause);
	}
	await recordBroadcast(db, { effectId: effect.id, hash: newest.hash, error });
	log.info(
		{
			effect: effect.id,
			[effect.ownerKind]: effect.ownerId,
			venue: effect.venue,
			kind: effect.kind,
			tx: newest.hash,
			answer: error ?? 'accepted',
		},
		'broadcast',
	);
}

/** Steps 7 and 9. */
async function track(ports: SendPorts, effect: Effect): Promise<SendProgress> {
	const { finalityBlocks, pollMs } = ports.chain(effect.venue);
	const attempts = await readAttempts(ports.db, effect.id);
	const sight = await lookAtNonce({
		client: ports.client(effect.venue),
		signer: effect.signer,
		nonce: effect.nonce ?? 0n,
		hashes: attempts.map((attempt) => attempt.hash),
		finalityBlocks,
	});
	if (sight.state === 'foreign') return freeze(ports, effect);
	if (sight.state === 'mined') {
		// What follows an approval is checked again before it is signed, so an approval may count as soon as it is mined.
		const needed = isApproval(effect) ? 0n : BigInt(finalityBlocks);
		if (sight.confirmations < needed)
			return { state: 'waiting', lookAgainMs: pollMs, reason: `mined, ${sight.confirmations} of ${needed} confirmations` };
		const { status, transactionHash, blockNumber, logs } = sight.receipt;
		return { state: 'verdict', to: status === 'success' ? 'confirmed' : 'reverted', mined: { transactionHash, blockNumber, logs } };
	}
	const sentAgoMs = attempts.at(-1)?.sentAgoMs ?? null;
	if ((sentAgoMs === null || sentAgoMs > REBROADCAST_AFTER_MS) && !(await isStopped(ports.db))) {
		await resendBefore(ports, effect);
		await broadcast(ports, effect);
	}
	return { state: 'waiting', lookAgainMs: pollMs, reason: 'not mined yet' };
}

/**
 * A reorganisation may also have taken what the lane had sent before and what counted as mined, as an approval does: without it, nothing
 * that comes after is ever mined. The same bytes, so that nothing can happen twice; whatever the node answers, the next look decides.
 */
async function resendBefore({ db, client }: SendPorts, { venue, signer, nonce }: Effect): Promise<void> {
	const next = await lookAt({ name: `the nonce of ${signer}`, chainId: Number(venue) }, () =>
		client(venue).getTransactionCount({ address: signer }),
	);
	if (nonce === null || BigInt(next) >= nonce) return;
	for (const raw of await readSignedBetween(db, { venue, signer, from: BigInt(next), to: nonce }))
		await client(venue)
			.sendRawTransaction({ serializedTransaction: raw })
			.catch(() => {});
}

async function freeze({ db, log }: SendPorts, effect: Effect): Promise<never> {
	const reason = `nonce ${effect.nonce} was spent by a transaction that is not ours`;
	await freezeLane(db, effect, reason);
	log.fatal({ effect: effect.id, venue: effect.venue, signer: effect.signer, nonce: String(effect.nonce) }, 'lane frozen: foreign nonce');
	throw new InvariantError(`${reason}; the lane of ${effect.signer} on ${effect.venue} is frozen until a person has looked`, {
		effectId: effect.id,
	});
}

async function ensureLane({ db, client }: SendPorts, { venue, signer }: Effect): Promise<void> {
	if (await laneExists(db, { venue, signer })) return;
	const count = await lookAt({ name: `the nonce of ${signer}`, chainId: Number(venue) }, () =>
		client(venue).getTransactionCount({ address: signer, blockTag: 'pending' }),
	);
	await openLane(db, { venue, signer, next: BigInt(count) });
}

function isApproval(effect: Effect): boolean {
	return effect.kind === 'approve' || effect.kind === 'reset';
}

function approval(effect: Effect): { to: Address; data: Hex; value: bigint } {
	const { token, spender, amount } = spendOf(effect);
	return { to: token, data: approveCalldata(spender, amount), value: 0n };
}

function spendOf(effect: Effect): NonNullable<Effect['spend']> {
	if (effect.spend === null) throw new InvariantError(`effect ${effect.id} (${effect.kind}) names no allowance`, { effectId: effect.id });
	return effect.spend;
}

function spentFirst(ports: SendPorts, { venue }: Effect): SendProgress {
	const reason = 'the token refuses to change its allowance while an earlier one is being spent';
	return { state: 'waiting', lookAgainMs: ports.chain(venue).pollMs, reason };
}

function stopped(): SendProgress {
	return { state: 'waiting', lookAgainMs: STOPPED_LOOK_AGAIN_MS, reason: 'stopped by an operator' };
}
