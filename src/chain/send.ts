/**
 * Money leaves only by these steps (architecture §4). One call takes an effect as far as it can go now and says what it waits for;
 * it may be called again at any time, by anybody, also beside its own twin.
 */
import { type Address, BaseError, ExecutionRevertedError, type Hex, InsufficientFundsError } from 'viem';
import { crashPoint } from '../crash-point.ts';
import { errorText, InvariantError, PermanentError, TransientError } from '../errors.ts';
import type { Effect, Payload } from '../leg/effect.ts';
import type { Amount } from '../money/amount.ts';
import { isBeingSpent } from '../store/allowances.ts';
import { type Cause, inTransaction, type Tx } from '../store/db.ts';
import { claimEffect, LaneClosedError, readEffect, refuseEffect, reserveNonce } from '../store/effects.ts';
import { laneExists, noteMined, openLane } from '../store/lanes.ts';
import { isStopped } from '../store/stops.ts';
import { type FollowPorts, followEffect, resendTakenBack, stopped } from './follow.ts';
import { nonceCount } from './look.ts';
import { approveCalldata, payloadHash, tagCalldata } from './payload.ts';
import type { Decided, Waiting } from './progress.ts';

export type SendPorts = FollowPorts;

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
	| Waiting
	/** A check before the nonce said no, so often; nothing has left. */
	| { readonly state: 'refused'; readonly refusals: number; readonly reason: string }
	| Decided
	/** Recorded before. */
	| { readonly state: 'ended'; readonly effect: Effect };

/** What a node says when it would not execute the call; anything else means that it could not be asked. */
const REFUSALS = [ExecutionRevertedError, InsufficientFundsError];
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
			return refused ?? followEffect(ports, await readEffect(ports.db, effectId));
		}
		case 'reserved':
		case 'signed':
		case 'tracking':
			return followEffect(ports, effect);
		case 'confirmed':
		case 'reverted':
		case 'cancelled':
		case 'rejected':
		case 'lapsed':
		case 'dropped':
			return { state: 'ended', effect };
		case 'requested':
			throw new InvariantError(`effect ${effectId} is a request: it has no nonce to be followed`, { effectId });
	}
}

/** Steps 2 to 4. Answers null when the nonce has committed. */
async function commitNonce(ports: SendPorts, effect: Effect, hooks: SendHooks): Promise<SendProgress | null> {
	const { db, log } = ports;
	if (await isStopped(db)) return stopped();
	const epoch = await claimEffect(db, effect.id, 'intended');
	crashPoint('claimed');
	let checked: CheckedCall;
	try {
		checked = await check(ports, effect, hooks);
	} catch (error) {
		if (!(error instanceof PermanentError)) throw error;
		// Some tokens (USDT) refuse to change an allowance that is not zero; it will be, once what was approved before is spent.
		if (isApproval(effect) && (await isBeingSpent(db, effect))) return spentFirst(ports, effect);
		if (await resendTakenBack(ports, effect)) return takenBack(ports, effect);
		return { state: 'refused', refusals: await refuseEffect(db, effect.id, errorText(error)), reason: errorText(error) };
	}
	await ensureLane(ports, effect);
	const cause: Cause = { actor: `effect ${effect.id}`, reason: `nonce committed for ${effect.kind}` };
	try {
		const nonce = await inTransaction(db, cause, async (tx) => {
			await hooks.lockOwner(tx);
			const reserved = await reserveNonce(tx, {
				effect,
				epoch,
				payload: (waiting) => finalPayload(ports, effect, { ...checked, waiting }),
			});
			await hooks.onNonce(tx, effect);
			return reserved;
		});
		log.info({ ...idsOf(effect), nonce: nonce.toString() }, 'nonce committed');
		crashPoint('nonce-committed');
		return null;
	} catch (error) {
		if (!(error instanceof LaneClosedError)) throw error;
		return waitForRoom(ports, effect, error);
	}
}

function takenBack(ports: SendPorts, { venue }: Effect): Waiting {
	return { state: 'waiting', lookAgainMs: ports.chain(venue).pollMs, reason: 'what was mined before was taken back, and is sent again' };
}

/** How many nonces of the lane are spent is asked now, for the next time. */
async function waitForRoom(ports: SendPorts, { venue, signer }: Effect, closed: LaneClosedError): Promise<Waiting> {
	await noteMined(ports.db, { venue, signer }, await nonceCount(ports.client(venue), { venue, signer }));
	return { state: 'waiting', lookAgainMs: ports.chain(venue).pollMs, reason: errorText(closed) };
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

/** Lanes that were compared with their chain since this process has started. */
const compared = new WeakMap<SendPorts, Set<string>>();

/** A lane begins where the chain stands; a process begins by noting whether the chain stands beyond it. */
async function ensureLane(ports: SendPorts, { venue, signer }: Effect): Promise<void> {
	const lanes = compared.get(ports) ?? new Set();
	compared.set(ports, lanes);
	if (lanes.has(`${venue} ${signer}`)) return;
	if (await laneExists(ports.db, { venue, signer }))
		await noteMined(ports.db, { venue, signer }, await nonceCount(ports.client(venue), { venue, signer }));
	else await openLane(ports.db, { venue, signer, next: await nonceCount(ports.client(venue), { venue, signer }, 'pending') });
	lanes.add(`${venue} ${signer}`);
}

function idsOf({ id, ownerKind, ownerId, venue, kind }: Effect) {
	return { effect: id, [ownerKind]: ownerId, venue, kind };
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
