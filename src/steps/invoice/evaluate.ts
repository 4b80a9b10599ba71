/** One look at one invoice: what it needs now, whether it can be paid now, or why it waits. */
import type { App } from '../../app.ts';
import { errorText, PermanentError, TransientError } from '../../errors.ts';
import type { Demand, Destination } from '../../invoice/demand.ts';
import type { HubAmount } from '../../money/amount.ts';
import { done, type Outcome } from '../../outcome.ts';
import { inTransaction } from '../../store/db.ts';
import { readDemand, recordEvaluation, setDemandStatus, type Waiting } from '../../store/demands.ts';
import { wake } from '../../store/outbox.ts';
import { earmarkPayable } from '../plan/earmark-payable.ts';
import { readInvoiceNeed } from './need.ts';
import { reviewEarmarked } from './review.ts';

type Facts =
	| { readonly kind: 'known'; readonly destinations: readonly Destination[]; readonly maxCost: HubAmount }
	| { readonly kind: 'waiting'; readonly waiting: Waiting }
	| { readonly kind: 'gone' };

export async function evaluateInvoice(app: App, demandId: string): Promise<Outcome> {
	const demand = await readDemand(app.db, demandId);
	if (demand.status === 'earmarked') return reviewEarmarked(app, demand);
	if (demand.status !== 'open') return done(`demand is ${demand.status}`);
	const facts = await readFacts(app, demand);
	const nextLookMs = app.config.everclear.pollMs;
	switch (facts.kind) {
		case 'gone':
			await inTransaction(app.db, { actor: 'evaluation', reason: 'the invoice is gone' }, (tx) =>
				setDemandStatus(tx, { id: demandId, to: 'gone', reason: 'GONE', from: ['open'] }),
			);
			return done('gone');
		case 'waiting':
			await recordEvaluation(app.db, { demandId, destinations: [], maxCost: null, waiting: facts.waiting, nextLookMs });
			if (facts.waiting.reason !== demand.reason) app.log.warn({ invoice: demand.externalId, ...facts.waiting }, 'waits');
			return done(facts.waiting.reason);
		case 'known': {
			const waiting: Waiting = demand.evaluated ? kept(demand) : { reason: 'NEEDS_FUNDS', detail: '' };
			await recordEvaluation(app.db, { demandId, destinations: facts.destinations, maxCost: facts.maxCost, waiting, nextLookMs });
			await earmarkPayable(app, demand.asset);
			if ((await readDemand(app.db, demandId)).status !== 'open') return done('paid at once');
			await inTransaction(app.db, { actor: 'evaluation', reason: 'needs funds' }, (tx) => wake(tx, { topic: 'plan' }));
			return done('needs funds');
		}
	}
}

/** A refused demand keeps the planner's reason until the planner has looked again. */
function kept(demand: Demand): Waiting {
	const stale =
		demand.reason === null || demand.reason === 'NOT_EVALUATED' || demand.reason === 'API_UNAVAILABLE' || demand.reason === 'MALFORMED';
	return stale ? { reason: 'NEEDS_FUNDS', detail: '' } : { reason: demand.reason as Waiting['reason'], detail: demand.reasonDetail ?? '' };
}

/** Reads the minimum amounts afresh, and turns what cannot be read into the reason to wait. */
async function readFacts(app: App, demand: Demand): Promise<Facts> {
	try {
		const need = await readInvoiceNeed(app, demand);
		if (need === 'gone') return { kind: 'gone' };
		if (need.destinations.length > 0) return { kind: 'known', destinations: need.destinations, maxCost: need.maxCost };
		return waiting(
			'NO_DESTINATION',
			need.rejected.map(({ venue, reason }) => `${venue}: ${reason}`).join('; ') || 'no destination is configured',
		);
	} catch (error) {
		if (error instanceof TransientError) return waiting('API_UNAVAILABLE', errorText(error));
		if (error instanceof PermanentError) return waiting('MALFORMED', errorText(error));
		throw error;
	}
}

function waiting(reason: Waiting['reason'], detail: string): Facts {
	return { kind: 'waiting', waiting: { reason, detail } };
}
