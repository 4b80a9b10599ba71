/**
 * Spends the delivered funds on the demand, whole or not at all. Runs as often as it is woken; acts only on what the database
 * and a fresh look at the demand say.
 */
import { type App, absorbedFrom } from '../../app.ts';
import { crashPoint } from '../../crash-point.ts';
import type { Earmark } from '../../earmark/earmark.ts';
import { InvariantError } from '../../errors.ts';
import type { MinedCall } from '../../leg/call.ts';
import { type Effect, latestEffect } from '../../leg/effect.ts';
import { type Amount, max, ZERO } from '../../money/amount.ts';
import { done, type Outcome, snooze } from '../../outcome.ts';
import { decideSettlement } from '../../settle/decide.ts';
import { readCoverage } from '../../store/coverage.ts';
import { inTransaction, lockEarmarks, type Tx } from '../../store/db.ts';
import { readDemand } from '../../store/demands.ts';
import { expectEarmarkWithin, readEarmark } from '../../store/earmarks.ts';
import { readEffectsOf } from '../../store/effects.ts';
import { giveBack } from '../../store/give-back.ts';
import { resolveOnly, resolveReverted } from '../../store/leg-ends.ts';
import { readLegsOf } from '../../store/legs.ts';
import { approveAnew, beginSettling, purchaseFinal, purchaseStarted } from '../../store/settle-events.ts';
import { adjustEarmark } from '../../store/top-up.ts';
import { readFreshNeed } from '../invoice/need.ts';
import { sweepAllowances } from '../leg/allowances.ts';
import { driveEffect } from '../leg/drive.ts';
import { buildPurchase, purchaseSpend, readPurchaseResult } from './purchase.ts';

const GRACE_MS = 5_000;

export async function settleEarmark(app: App, earmarkId: string): Promise<Outcome> {
	const outcome = await act(app, await readEarmark(app.db, earmarkId));
	// Who has ended leaves no allowance behind, and no nonce that others wait behind.
	return outcome.kind === 'done' ? ((await sweepAllowances(app, earmarkId)) ?? outcome) : outcome;
}

async function act(app: App, earmark: Earmark): Promise<Outcome> {
	switch (earmark.status) {
		case 'planned':
		case 'moving':
			return beginIfCovered(app, earmark);
		case 'settling':
			return pay(app, earmark);
		case 'compensating':
			return give(app, earmark, { reason: earmark.reason ?? 'COMPENSATING' });
		case 'settled':
		case 'cancelled':
			return done(earmark.status);
	}
}

async function beginIfCovered(app: App, earmark: Earmark): Promise<Outcome> {
	const decision = await decide(app, earmark);
	switch (decision.kind) {
		case 'wait':
			await expectEarmarkWithin(app.db, earmark.id, GRACE_MS);
			return done(decision.reason);
		case 'give-back':
			return give(app, earmark, decision);
		case 'short':
			return awaitTopUp(app, earmark, decision.need);
		case 'pay': {
			const cause = { actor: 'settlement', reason: 'everything has arrived' };
			const spend = purchaseSpend(app, earmark, decision.amount);
			await inTransaction(app.db, cause, (tx) => beginSettling(tx, { earmark, signer: app.config.wallet, spend }));
			return pay(app, { ...earmark, status: 'settling' });
		}
	}
}

/** Approve, read the demand afresh, pay exactly that. Until the purchase's nonce commits, everything may still be given back. */
async function pay(app: App, earmark: Earmark): Promise<Outcome> {
	const effects = await readEffectsOf(app.db, 'earmark', [earmark.id]);
	const approve = latestEffect(effects, 'approve');
	const purchase = latestEffect(effects, 'purchase');
	if (approve === null || purchase === null)
		throw new InvariantError(`earmark ${earmark.id} is settling without effects`, { earmarkId: earmark.id });
	if (approve.status !== 'confirmed') {
		const outcome = await drive(app, earmark, { effect: approve, paid: null, confirm: (tx, mined) => resolveOnly(tx, approve, mined) });
		if (outcome !== 'confirmed') return outcome;
	}
	if (purchase.status !== 'intended') return drivePurchase(app, earmark, { purchase, paid: null });
	const decision = await decide(app, earmark);
	if (decision.kind === 'wait') return wait(app, earmark, { lookAgainMs: GRACE_MS, reason: decision.reason });
	if (decision.kind === 'give-back') return give(app, earmark, decision);
	if (decision.kind === 'short') return awaitTopUp(app, earmark, decision.need);
	if (decision.amount !== earmark.amount) {
		const cause = { actor: 'settlement', reason: `the demand asks for ${decision.amount} now, not ${earmark.amount}` };
		await inTransaction(app.db, cause, (tx) => adjustEarmark(tx, earmark.id, decision.amount));
	}
	const approved = purchase.spend?.amount ?? ZERO;
	if (decision.amount > approved) {
		const cause = { actor: 'settlement', reason: 'the demand has risen since the approval' };
		await inTransaction(app.db, cause, (tx) => approveAnew(tx, { purchase, approve, spend: purchaseSpend(app, earmark, decision.amount) }));
		return snooze(0, 'approves anew');
	}
	return drivePurchase(app, earmark, { purchase, paid: decision.amount });
}

/** What is missing is written down, and the planner brings it or, when nothing can, gives back. Until then nobody waits for a job. */
async function awaitTopUp(app: App, earmark: Earmark, need: Amount): Promise<Outcome> {
	const cause = { actor: 'settlement', reason: 'what is held does not cover what is asked for now' };
	const short = await inTransaction(app.db, cause, (tx) => adjustEarmark(tx, earmark.id, need));
	await expectEarmarkWithin(app.db, earmark.id, GRACE_MS);
	app.log.info({ earmark: earmark.id, venue: earmark.venue, need: need.toString(), short: short.toString() }, 'earmark is short');
	return done(`${short} short`);
}

/** `paid` is what a purchase without a nonce will pay; null for one whose nonce has committed. */
async function drivePurchase(app: App, earmark: Earmark, { purchase, paid }: { purchase: Effect; paid: Amount | null }): Promise<Outcome> {
	const outcome = await drive(app, earmark, {
		effect: purchase,
		paid,
		confirm: async (tx, mined) => {
			const result = readPurchaseResult(app, earmark, mined);
			const leavesAllowance = (await approvedOf(tx, earmark)) > result.paid;
			const seen = absorbedFrom(app, earmark.venue, mined);
			await purchaseFinal(tx, { earmark, effect: purchase, mined, purchase: { ...result, leavesAllowance }, absorbedFrom: seen });
			crashPoint('release-written');
			app.log.info({ earmark: earmark.id, venue: earmark.venue, intent: result.intentId, tx: mined.transactionHash }, 'earmark settled');
		},
	});
	return outcome === 'confirmed' ? done('settled') : outcome;
}

async function approvedOf(tx: Tx, earmark: Earmark): Promise<Amount> {
	const approvals = (await readEffectsOf(tx, 'earmark', [earmark.id])).filter((each) => each.kind === 'approve');
	return approvals.reduce((most, each) => (each.spend === null ? most : max(most, each.spend.amount)), ZERO);
}

interface EarmarkAct {
	readonly effect: Effect;
	/** What a purchase without a nonce will pay. */
	readonly paid: Amount | null;
	confirm(tx: Tx, mined: MinedCall): Promise<void>;
}

function drive(app: App, earmark: Earmark, { effect, paid, confirm }: EarmarkAct): Promise<'confirmed' | Outcome> {
	return driveEffect(app, {
		effect,
		confirm,
		ids: { earmark: earmark.id },
		prepare: async () => {
			if (paid === null) throw new InvariantError(`effect ${effect.id} has no amount to pay`, { effectId: effect.id });
			return buildPurchase(app, earmark, paid);
		},
		lockOwner: (tx) => lockEarmarks(tx, [earmark.id]),
		onNonce: async (tx) => {
			if (effect.kind === 'purchase' && paid !== null) await purchaseStarted(tx, { earmarkId: earmark.id, effectId: effect.id, paid });
		},
		wait: (progress) => wait(app, earmark, progress),
		giveUp: async (reason, mined) => {
			// One transaction: an earmark whose last try has reverted must not be left without an act.
			return give(app, earmark, {
				reason: reason.slice(0, 500),
				first: async (tx) => {
					if (mined !== null) await resolveReverted(tx, effect, mined);
				},
			});
		},
	});
}

interface GivingBack {
	readonly reason: string;
	/** What comes first in the same transaction. */
	readonly first?: (tx: Tx) => Promise<void>;
}

async function give(app: App, earmark: Earmark, { reason, first = async () => {} }: GivingBack): Promise<Outcome> {
	await inTransaction(app.db, { actor: 'settlement', reason }, async (tx) => {
		await first(tx);
		await giveBack(tx, { earmark, reason });
	});
	app.log.info({ earmark: earmark.id, reason }, 'earmark gives its funds back');
	return done(reason);
}

async function decide(app: App, earmark: Earmark) {
	const legs = (await readLegsOf(app.db, earmark.id)).map((leg) => leg.status);
	const early = decideSettlement({ legs, held: ZERO, need: { kind: 'gone' } });
	if (early.kind === 'wait') return early;
	const need = await readFreshNeed(app, await readDemand(app.db, earmark.demandId), earmark.venue);
	return decideSettlement({ legs, held: (await readCoverage(app.db, earmark)).held, need });
}

async function wait(app: App, earmark: Earmark, { lookAgainMs, reason }: { lookAgainMs: number; reason: string }): Promise<Outcome> {
	await expectEarmarkWithin(app.db, earmark.id, lookAgainMs + GRACE_MS);
	return snooze(lookAgainMs, reason);
}
