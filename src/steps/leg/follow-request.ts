/**
 * A claim by keyed request (architecture §4): stored, looked up, asked for, looked up again. It is asked for only on a look that has found
 * nothing and that began when no earlier call could be taken any more; so whatever is lost on the way, at most one is carried out.
 */
import { isDeepStrictEqual } from 'node:util';
import { type App, bridgeOf, orderOf } from '../../app.ts';
import type { BridgeRequests, Claim } from '../../bridge/bridge.ts';
import { stopped } from '../../chain/follow.ts';
import { crashPoint } from '../../crash-point.ts';
import { InvariantError } from '../../errors.ts';
import { requestKey } from '../../exchange/request-key.ts';
import type { Effect, KeyedRequest } from '../../leg/effect.ts';
import type { Evidence } from '../../leg/order.ts';
import { type Outcome, snooze } from '../../outcome.ts';
import { inTransaction, lockEarmarks } from '../../store/db.ts';
import { claimEffect, readEffectsOf } from '../../store/effects.ts';
import { type CameToNothing, commitRequest, intendAnew, requestDone } from '../../store/requests.ts';
import { REBUILT } from '../../store/restore.ts';
import { isStopped } from '../../store/stops.ts';
import { deliver } from './deliver.ts';
import { type Part, waitFor } from './part.ts';
import { waitLonger } from './prove-hop.ts';

/** Longer than any call that was made is valid. */
const MAY_BE_TAKEN_MS = 60_000;
/** What has come to nothing is asked for anew, ever later: the funds are ours, and wait. */
const FIRST_ANEW_MS = 1_000;
const LATEST_ANEW_MS = 300_000;

type Wanted = Extract<Claim, { readonly state: 'request' }>;

/** Stores what is to be asked for, under its key. Nobody is asked yet. */
export async function storeRequest(app: App, part: Part, { effect, claim }: { effect: Effect; claim: Wanted }): Promise<Outcome> {
	if (await isStopped(app.db)) return waitFor(app, part, stopped());
	const epoch = await claimEffect(app.db, effect.id, 'intended');
	const { requests, proof } = requestsOf(app, part);
	const before = await readEffectsOf(app.db, 'leg', [part.leg.id]);
	const ended = before.filter(({ kind, hop, status }) => kind === 'claim' && hop === effect.hop && status === 'rejected').length;
	// Of what was asked before the database was lost, a call may still be taken, or taken and not listed.
	const untilMs = part.leg.reason === REBUILT ? app.nowMs() + MAY_BE_TAKEN_MS : null;
	const request = { key: requestKey(requests.subject(proof), ended), body: { ...claim.request }, untilMs };
	const cause = { actor: `effect ${effect.id}`, reason: `request ${request.key} committed` };
	await inTransaction(app.db, cause, async (tx) => {
		await lockEarmarks(tx, [part.leg.earmarkId]);
		await commitRequest(tx, { effect, epoch, request });
	});
	crashPoint('request-committed');
	return snooze(0, 'the request is stored');
}

/** One look, and what follows from it. */
export async function followRequest(app: App, part: Part, effect: Effect): Promise<Outcome> {
	const { leg, hop } = part;
	const { request } = effect;
	const { requests, proof } = requestsOf(app, part);
	if (request === null) throw new InvariantError(`effect ${effect.id} has lost its request`, { effectId: effect.id });
	const sight = await requests.look(orderOf(app, hop), proof, request);
	const ids = { leg: leg.id, earmark: leg.earmarkId, effect: effect.id, key: request.key, bridge: hop.bridge };
	switch (sight.state) {
		case 'pending':
			return waitLonger(app, part, sight);
		case 'done': {
			crashPoint('answer-found');
			const whole = { ...proof, ...sight.evidence };
			const cause = { actor: `bridge ${hop.bridge}`, reason: `request ${request.key} carried out` };
			await inTransaction(app.db, cause, (tx) => requestDone(tx, { leg, hop, effect, proof: whole }));
			app.log.info(ids, 'request carried out');
			return deliver(app, { leg, hop: { ...hop, proof: whole } }, { state: 'proven', proof: whole, claimed: null });
		}
		case 'rejected':
			app.log.warn({ ...ids, reason: sight.reason }, 'request came to nothing, and is made anew');
			return startAnew(app, part, { effect, to: 'rejected', reason: sight.reason });
		case 'absent':
			return ask(app, part, { effect, request, requests, proof });
	}
}

/** Throws `InvariantError` for a hop without a proof, or over a bridge that makes no requests. */
function requestsOf(app: App, { leg, hop }: Part): { readonly requests: BridgeRequests; readonly proof: Evidence } {
	const { requests } = bridgeOf(app, hop.bridge);
	if (requests === undefined || hop.proof === null)
		throw new InvariantError(`hop ${hop.index} of leg ${leg.id} is claimed by request, and bridge ${hop.bridge} makes none`, {
			legId: leg.id,
		});
	return { requests, proof: hop.proof };
}

interface Asking {
	readonly effect: Effect;
	readonly request: KeyedRequest;
	readonly requests: BridgeRequests;
	readonly proof: Evidence;
}

/** What is asked for is what the bridge would ask for now; else nothing is, and this request ends without ever being taken. */
async function ask(app: App, part: Part, { effect, request, requests, proof }: Asking): Promise<Outcome> {
	const order = orderOf(app, part.hop);
	const claim = await bridgeOf(app, part.hop.bridge).claim(order, proof);
	if (claim.state === 'waiting') return waitLonger(app, part, claim);
	if (claim.state !== 'request')
		throw new InvariantError(`bridge ${part.hop.bridge} has asked for request ${request.key}, and answers ${claim.state} now`, {
			effectId: effect.id,
		});
	if (!isDeepStrictEqual(request.body, claim.request))
		return startAnew(app, part, { effect, to: 'lapsed', reason: 'never taken, and out of date' });
	const outcome = await app.requester.ask(effect);
	if (outcome === 'stopped') return waitFor(app, part, stopped());
	return waitFor(app, part, { lookAgainMs: requests.firstLookMs(order), reason: 'asked for' });
}

type Anew = Pick<CameToNothing, 'effect' | 'to' | 'reason'>;

async function startAnew(app: App, part: Part, { effect, to, reason }: Anew): Promise<Outcome> {
	const { leg, hop } = part;
	const cause = { actor: `effect ${effect.id}`, reason: `request came to nothing: ${reason}`.slice(0, 500) };
	await inTransaction(app.db, cause, (tx) => intendAnew(tx, { leg, hop, effect, to, reason: reason.slice(0, 500) }));
	return waitLonger(app, part, { lookAgainMs: Math.min(FIRST_ANEW_MS * 2 ** effect.try, LATEST_ANEW_MS), note: reason });
}
