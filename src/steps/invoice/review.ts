/**
 * Looks again at a demand that is being served: what it asks for may have changed while funds are on their way. Being absent from a page,
 * an API that does not answer, and being gone are three different things, and only the last one ends anything.
 */
import type { App } from '../../app.ts';
import type { Earmark } from '../../earmark/earmark.ts';
import type { Demand } from '../../invoice/demand.ts';
import { done, type Outcome } from '../../outcome.ts';
import { readShortfall } from '../../store/coverage.ts';
import { inTransaction } from '../../store/db.ts';
import { expectDemandWithin } from '../../store/demands.ts';
import { activeEarmarkOf } from '../../store/earmarks.ts';
import { giveBack } from '../../store/give-back.ts';
import { adjustEarmark } from '../../store/top-up.ts';
import { readFreshNeed } from './need.ts';

/** Throws `TransientError` when the source cannot be asked: then nothing is known, and everything stays as it is. */
export async function reviewEarmarked(app: App, demand: Demand): Promise<Outcome> {
	const earmark = await activeEarmarkOf(app.db, demand.id);
	// Settlement reads the need itself, right before it pays; compensation has given up the demand.
	if (earmark === null || (earmark.status !== 'planned' && earmark.status !== 'moving')) return done('nothing to review');
	const need = await readFreshNeed(app, demand, earmark.venue);
	await expectDemandWithin(app.db, demand.id, app.config.everclear.pollMs);
	switch (need.kind) {
		case 'gone':
			return end(app, earmark, 'FILLED_EXTERNALLY');
		case 'not-here':
			return end(app, earmark, 'DESTINATION_CLOSED');
		case 'amount':
			if (need.amount === earmark.amount && (await readShortfall(app.db, earmark)) === 0n) return done('unchanged');
			return follow(app, earmark, need.amount);
	}
}

async function end(app: App, earmark: Earmark, reason: string): Promise<Outcome> {
	await inTransaction(app.db, { actor: 'review', reason }, (tx) => giveBack(tx, { earmark, reason }));
	app.log.info({ earmark: earmark.id, reason }, 'earmark gives its funds back');
	return done(reason);
}

async function follow(app: App, earmark: Earmark, need: Earmark['amount']): Promise<Outcome> {
	const change = need > earmark.amount ? 'risen' : need < earmark.amount ? 'fallen' : 'not changed';
	const cause = { actor: 'review', reason: `the demand has ${change}: ${earmark.amount} before, ${need} now` };
	const short = await inTransaction(app.db, cause, (tx) => adjustEarmark(tx, earmark.id, need));
	const amounts = { from: earmark.amount.toString(), to: need.toString(), short: short.toString() };
	if (need !== earmark.amount) app.log.info({ earmark: earmark.id, venue: earmark.venue, ...amounts }, `demand has ${change}`);
	return done(change);
}
