/**
 * Steps 5 to 9: an effect whose nonce has committed, up to the verdict that the chain gives. No owner is asked here, so whoever finds the
 * effect may follow it: the job of its owner, or the sweeper of its lane.
 */
import type { PublicClient } from 'viem';
import { crashPoint } from '../crash-point.ts';
import { errorText, InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Effect } from '../leg/effect.ts';
import type { Log } from '../observe/log.ts';
import { isDue, readTrail, type Trail, wantsCancel } from '../store/attempts.ts';
import type { Db } from '../store/db.ts';
import { recordBroadcast } from '../store/effects.ts';
import { readHighestDecided, readSignedBetween } from '../store/lane-history.ts';
import { clearForeign } from '../store/lanes.ts';
import { isStopped } from '../store/stops.ts';
import type { FeeRules } from './fees.ts';
import { type Finality, finalityOf } from './finality.ts';
import { suspectStranger } from './foreign.ts';
import { nonceCount } from './look.ts';
import type { Decided, Waiting } from './progress.ts';
import { feeOf, lookAtNonce } from './receipts.ts';
import type { Signer } from './signer.ts';

interface ChainInfo {
	readonly chainId: number;
	readonly finality: Finality;
	readonly fees: FeeRules;
	readonly pollMs: number;
}

export interface FollowPorts {
	readonly db: Db;
	readonly log: Log;
	readonly signer: Signer;
	readonly client: (venue: VenueId) => PublicClient;
	readonly chain: (venue: VenueId) => ChainInfo;
}

const STOPPED_LOOK_AGAIN_MS = 1_000;
const REBROADCAST_AFTER_MS = 5_000;

/** Of an effect that has a nonce and no verdict. Throws as `advanceEffect` does. */
export async function followEffect(ports: FollowPorts, effect: Effect): Promise<Waiting | Decided> {
	return effect.status === 'tracking' ? track(ports, effect) : signAndSend(ports, effect);
}

/** Steps 5 and 6. */
async function signAndSend(ports: FollowPorts, effect: Effect): Promise<Waiting> {
	if (await isStopped(ports.db)) return stopped();
	const trail = await readTrail(ports.db, effect.id);
	if (effect.status === 'reserved' || wantsCancel(trail)) {
		const signed = await sign(ports, effect, trail);
		if (signed !== 'signed') return signed === 'stopped' ? stopped() : waitAt(ports, effect, 'to be cancelled');
	}
	if (await isStopped(ports.db)) return stopped();
	await broadcast(ports, effect);
	return waitAt(ports, effect, 'sent');
}

/** What nodes say when the wallet cannot pay for gas; the transaction waits until somebody sends it some. */
const NO_GAS = /insufficient funds/i;

/** Step 6: only committed bytes; whatever the node answers, time-out included, leads to tracking. */
async function broadcast({ db, log, client }: FollowPorts, effect: Effect): Promise<void> {
	const newest = (await readTrail(db, effect.id)).attempts.at(-1);
	if (newest === undefined) throw new InvariantError(`effect ${effect.id} is signed but has no attempt`, { effectId: effect.id });
	let error: string | null = null;
	try {
		await client(effect.venue).sendRawTransaction({ serializedTransaction: newest.raw });
	} catch (cause) {
		error = errorText(cause);
		crashPoint('reply-lost');
	}
	crashPoint('sent');
	await recordBroadcast(db, { effectId: effect.id, hash: newest.hash, error });
	const { id, ownerKind, ownerId, venue, kind } = effect;
	const ids = { effect: id, [ownerKind]: ownerId, venue, kind, tx: newest.hash };
	const isBroke = error !== null && NO_GAS.test(error);
	log[isBroke ? 'warn' : 'info']({ ...ids, ...(newest.cancels ? { cancels: true } : {}), answer: error ?? 'accepted' }, 'broadcast');
}

/** Steps 7 to 9. */
async function track(ports: FollowPorts, effect: Effect): Promise<Waiting | Decided> {
	const { finality } = ports.chain(effect.venue);
	const trail = await readTrail(ports.db, effect.id);
	const sight = await lookAtNonce({
		client: ports.client(effect.venue),
		signer: effect.signer,
		nonce: effect.nonce ?? 0n,
		hashes: trail.attempts.map((attempt) => attempt.hash),
		finalityBlocks: finality.deepest,
	});
	if (sight.state === 'foreign') return suspectStranger(ports, effect, trail);
	if (trail.isSuspect) await clearForeign(ports.db, effect.id);
	if (sight.state === 'waiting') return push(ports, effect, trail);
	crashPoint('mined');
	const { status, transactionHash, blockNumber, logs } = sight.receipt;
	const mined = { transactionHash, blockNumber, logs, ...feeOf(sight.receipt) };
	const cancelled = trail.attempts.some((attempt) => attempt.hash === transactionHash && attempt.cancels);
	// What follows an approval is checked again before it is signed, so an approval may count as soon as it is mined.
	const needed = isApproval(effect) && !cancelled ? 0n : BigInt(finalityOf(finality, effect));
	if (sight.confirmations < needed) return waitAt(ports, effect, `mined, ${sight.confirmations} of ${needed} confirmations`);
	const to = status === 'success' ? 'confirmed' : 'reverted';
	return { state: 'verdict', to: cancelled ? 'cancelled' : to, mined };
}

/** Not mined: sent again from time to time, the same bytes, until they are outbid by others for the same nonce. */
async function push(ports: FollowPorts, effect: Effect, trail: Trail): Promise<Waiting> {
	const sentAgoMs = trail.attempts.at(-1)?.sentAgoMs ?? null;
	const isSentLately = sentAgoMs !== null && sentAgoMs <= REBROADCAST_AFTER_MS;
	if (isSentLately && !wantsCancel(trail)) return waitAt(ports, effect, 'not mined yet');
	if (await isStopped(ports.db)) return stopped();
	const isNext = await resendBefore(ports, effect);
	// Nothing more is signed on a frozen lane; what was signed is still sent.
	const isSignable = trail.frozen === null;
	if (isSignable && (wantsCancel(trail) || (isNext && isDue(trail, ports.chain(effect.venue).fees)))) {
		const signed = await sign(ports, effect, trail);
		if (signed === 'stopped') return stopped();
		if (signed === 'signed') return sendAgain(ports, effect);
	}
	// Nobody helps a transaction along that a person does not want any more.
	return wantsCancel(trail) ? waitAt(ports, effect, 'to be cancelled') : sendAgain(ports, effect);
}

async function sendAgain(ports: FollowPorts, effect: Effect): Promise<Waiting> {
	await broadcast(ports, effect);
	return waitAt(ports, effect, 'not mined yet');
}

async function sign(ports: FollowPorts, effect: Effect, { attempts }: Trail): Promise<'signed' | 'stopped' | 'capped'> {
	const ids = { effect: effect.id, [effect.ownerKind]: effect.ownerId, venue: effect.venue, kind: effect.kind };
	const done = await ports.signer.sign(effect.id);
	if (done === 'signed') crashPoint(attempts.length === 0 ? 'attempt-stored' : 'outbid-stored');
	if (done === 'signed' && attempts.length > 0) ports.log.info({ ...ids, attempt: attempts.length + 1 }, 'signed again for the same nonce');
	if (done === 'capped') ports.log.warn({ ...ids, tx: attempts.at(-1)?.hash }, 'not mined, and its fee may not rise further');
	return done;
}

/**
 * A reorganisation may also have taken what the lane had sent before and what counted as mined, as an approval does: without it, nothing
 * that comes after is ever mined. The same bytes, so that nothing can happen twice; whatever the node answers, the next look decides.
 * Answers whether the effect is next in line: only then is it worth a higher fee.
 */
async function resendBefore({ db, client }: FollowPorts, { venue, signer, nonce }: Effect): Promise<boolean> {
	const next = await nonceCount(client(venue), { venue, signer });
	if (nonce === null || next >= nonce) return next === nonce;
	await resend({ db, client }, { venue, signer, from: next, to: nonce });
	return false;
}

/**
 * What has a verdict and is mined no more was taken back, an approval perhaps that the call at hand was refused for. It is sent again, with all that
 * comes before it. Answers whether there was any.
 */
export async function resendTakenBack({ db, client }: FollowPorts, { venue, signer }: Effect): Promise<boolean> {
	const next = await nonceCount(client(venue), { venue, signer });
	const highest = await readHighestDecided(db, { venue, signer, from: next });
	if (highest === null) return false;
	await resend({ db, client }, { venue, signer, from: next, to: highest + 1n });
	return true;
}

async function resend(
	{ db, client }: Pick<FollowPorts, 'db' | 'client'>,
	range: { readonly venue: string; readonly signer: string; readonly from: bigint; readonly to: bigint },
): Promise<void> {
	for (const raw of await readSignedBetween(db, range))
		await client(range.venue)
			.sendRawTransaction({ serializedTransaction: raw })
			.catch(() => {});
}

function isApproval({ kind }: Effect): boolean {
	return kind === 'approve' || kind === 'reset';
}

function waitAt(ports: FollowPorts, { venue }: Effect, reason: string): Waiting {
	return { state: 'waiting', lookAgainMs: ports.chain(venue).pollMs, reason };
}

/** What is answered while the stop switch is on. */
export function stopped(): Waiting {
	return { state: 'waiting', lookAgainMs: STOPPED_LOOK_AGAIN_MS, reason: 'stopped by an operator' };
}
