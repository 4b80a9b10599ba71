/** Asks the bridge once more before the first nonce of a leg: what the plan rests on may not be so any more. */
import { type App, bridgeOf, orderOf } from '../../app.ts';
import type { Quote } from '../../bridge/bridge.ts';
import { errorText, PermanentError } from '../../errors.ts';
import { endedByItsQuote, quoteMoved, quoteMovedReason } from '../../leg/quote-moved.ts';
import { readLegsOf } from '../../store/legs.ts';
import { askForQuote } from '../plan/quotes.ts';
import type { Objection } from './drive.ts';
import type { Part } from './part.ts';

/**
 * Whether anything may still be given up for nothing: from the first nonce on a leg goes forward. Of a later hop the funds stand in between
 * and wait for a better price; there the bridge's refusal to build the call decides, after as many looks as any refusal takes.
 */
export function isUnbegun({ hop }: Part): boolean {
	return hop.index === 0 && hop.status === 'planned';
}

/**
 * Null when the plan may begin. The first time that the quote of a route has moved, the leg is given up at once, and its demand is planned
 * again on new quotes; a route that goes on moving away from the same earmark is looked at as often as any refusal takes, so that a bridge
 * that never does what it says is not planned with without pause, and so is one that refuses to say anything: it may be a passing answer.
 * Throws `TransientError` when there is no answer: that says nothing.
 */
export async function objectionTo(app: App, part: Part): Promise<Objection | null> {
	const { leg, hop } = part;
	// Outside of what is caught: whoever has taken a bridge out of the configuration does not speak for it.
	bridgeOf(app, hop.bridge);
	const { origin, destination, send, recipient } = orderOf(app, hop);
	try {
		const how = howItMoved(app, part, await askForQuote(app, hop.bridge, { origin, destination, send, recipient }));
		if (how === null) return null;
		const before = (await readLegsOf(app.db, leg.earmarkId)).filter(endedByItsQuote);
		return { reason: quoteMovedReason(how), isFinal: !before.some(({ route }) => route === leg.route) };
	} catch (error) {
		if (error instanceof PermanentError) return { reason: errorText(error), isFinal: false };
		throw error;
	}
}

function howItMoved({ config }: App, { leg, hop }: Part, quote: Quote): string | null {
	const legSeconds = leg.hops.reduce((sum, { seconds }) => sum + seconds, 0);
	const { offered = quote.receive, ...offer } = quote;
	return quoteMoved({ hop, legSeconds, fastWindowSeconds: config.planning.fastWindowSeconds }, { ...offer, arrives: offered });
}
