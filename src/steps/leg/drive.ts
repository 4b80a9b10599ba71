/** Takes one effect as far as it goes now, the same for legs and purchases; only what follows from it differs. */
import type { App } from '../../app.ts';
import { advanceEffect, type SendHooks, type SendProgress } from '../../chain/send.ts';
import { crashPoint } from '../../crash-point.ts';
import type { MinedCall } from '../../leg/call.ts';
import type { Effect } from '../../leg/effect.ts';
import { done, type Outcome, snooze } from '../../outcome.ts';
import { inTransaction, type Tx } from '../../store/db.ts';
import { refuseEffect } from '../../store/effects.ts';
import { tryAgain } from '../../store/leg-ends.ts';
import { isStopped } from '../../store/stops.ts';

/** After so many refusals before any nonce, or reverts after one, the act is given up: nothing has left. */
const MAX_REFUSALS = 10;
const MAX_TRIES = 3;

export interface Act extends SendHooks {
	readonly effect: Effect;
	/** Asked before the first nonce is thought of. An objection is a refusal like any other before a nonce, unless it is reason enough at once. */
	object?(): Promise<Objection | null>;
	/** Ids for the log. */
	readonly ids: Readonly<Record<string, string>>;
	/** What follows from the chain's yes, in the transaction that records it. */
	confirm(tx: Tx, mined: MinedCall): Promise<void>;
	/** Nothing has left and nothing will: `mined` is the last revert, or what was mined in its place; null when no nonce was ever committed. */
	giveUp(reason: string, mined: MinedCall | null): Promise<Outcome>;
	/** Tells the reconciler when to wonder, and waits. */
	wait(progress: { readonly lookAgainMs: number; readonly reason: string }): Promise<Outcome>;
}

export interface Objection {
	readonly reason: string;
	readonly isFinal: boolean;
}

/** `confirmed` once the effect is recorded as confirmed; else what the job has to do now. */
export async function driveEffect(app: App, act: Act): Promise<'confirmed' | Outcome> {
	const { effect, ids } = act;
	const objection = await objectionTo(app, act);
	if (objection?.isFinal === true) {
		app.log.warn({ ...ids, kind: effect.kind, reason: objection.reason }, 'given up before its nonce');
		return act.giveUp(objection.reason, null);
	}
	const progress = objection === null ? await advanceEffect(app.sending, effect.id, act) : await refused(app, effect, objection);
	switch (progress.state) {
		case 'waiting':
			return act.wait(progress);
		case 'ended':
			return progress.effect.status === 'confirmed' ? 'confirmed' : done(`effect ${effect.id} is ${progress.effect.status}`);
		case 'refused':
			app.log.warn({ ...ids, kind: effect.kind, refusals: progress.refusals, reason: progress.reason }, 'refused before its nonce');
			if (progress.refusals >= MAX_REFUSALS) return act.giveUp(`REFUSED: ${progress.reason}`, null);
			return act.wait({ lookAgainMs: app.sending.chain(effect.venue).pollMs, reason: progress.reason });
		case 'verdict': {
			const { to, mined } = progress;
			app.log.info({ ...ids, effect: effect.id, kind: effect.kind, tx: mined.transactionHash }, `effect ${to}`);
			if (isOver(effect, to)) return act.giveUp(to.toUpperCase(), mined);
			const cause = { actor: `effect ${effect.id}`, reason: `${effect.kind} ${to} in ${mined.transactionHash}` };
			await inTransaction(app.db, cause, async (tx) => {
				await (to === 'confirmed' ? act.confirm(tx, mined) : tryAgain(tx, { effect, mined }));
				crashPoint('verdict-written');
			});
			return to === 'confirmed' ? 'confirmed' : snooze(0, `${to}, tried again`);
		}
	}
}

/** Nobody is asked about what has a nonce, nor while an operator has stopped everything. */
async function objectionTo(app: App, { effect, object }: Act): Promise<Objection | null> {
	if (object === undefined || effect.status !== 'intended' || (await isStopped(app.db))) return null;
	return object();
}

async function refused(app: App, { id }: Effect, { reason }: Objection): Promise<SendProgress> {
	return { state: 'refused', refusals: await refuseEffect(app.db, id, reason), reason };
}

/**
 * Whether an act is not tried again. A cancel is a person's word against a payment, or against what it would spend; a claim brings what has
 * left already and a reset takes an allowance back, so their next try is wanted all the same.
 */
function isOver({ kind, try: tries }: Effect, to: 'confirmed' | 'reverted' | 'cancelled'): boolean {
	if (to === 'cancelled') return kind !== 'claim' && kind !== 'reset';
	return to === 'reverted' && tries >= MAX_TRIES;
}
