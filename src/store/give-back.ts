/** An earmark that will not pay gives its funds back: what is here at once, what is on its way when it lands. */
import type { Earmark } from '../earmark/earmark.ts';
import { isEarmarkTerminal } from '../earmark/state.ts';
import { isLegTerminal } from '../leg/state.ts';
import { intendReset } from './allowances.ts';
import { freeExcess } from './coverage.ts';
import { ConflictError, lockEarmarks, type Tx } from './db.ts';
import { setDemandStatus } from './demands.ts';
import { readEarmark, setEarmarkStatus } from './earmarks.ts';
import { dropEffects, mayHaveLeft, readEffectsOf } from './effects.ts';
import { endIdleLeg } from './leg-ends.ts';
import { readLegsOf } from './legs.ts';
import { wake } from './outbox.ts';
import { countEnds } from './route-breakers.ts';

/** Why an earmark gave its funds back although its demand is gone, too; REBUILT: nobody knows any more what it was. */
const GONE: readonly string[] = ['FILLED_EXTERNALLY', 'REBUILT'];

/**
 * Legs of which nothing is under way end now, also those between two hops; the others run on to their end, and with the last of them the earmark ends: its demand is
 * open again, or gone. Throws `ConflictError` once the purchase's nonce has committed: then it is followed to its end.
 */
export async function giveBack(tx: Tx, { earmark, reason }: { earmark: Earmark; reason: string }): Promise<void> {
	await lockEarmarks(tx, [earmark.id]);
	const now = await readEarmark(tx, earmark.id);
	if (isEarmarkTerminal(now.status)) return;
	const spent = await readEffectsOf(tx, 'earmark', [earmark.id]);
	if (spent.some((each) => each.kind === 'purchase' && mayHaveLeft(each))) {
		throw new ConflictError(`the purchase of earmark ${earmark.id} has a nonce: it is followed to its end`, { earmarkId: earmark.id });
	}
	const over: string[] = [];
	for (const leg of await readLegsOf(tx, earmark.id))
		if (!isLegTerminal(leg.status) && (await endIdleLeg(tx, leg.id, reason))) over.push(leg.id);
	await dropEffects(tx, 'earmark', earmark.id);
	await intendReset(tx, spent);
	if (now.status === 'moving' || now.status === 'settling') await setEarmarkStatus(tx, { id: earmark.id, to: 'compensating', reason });
	await freeExcess(tx, { ...now, status: 'compensating' });
	if ((await readLegsOf(tx, earmark.id)).every((leg) => isLegTerminal(leg.status))) await end(tx, now, now.reason ?? reason);
	await countEnds(tx, { end: null, over });
}

async function end(tx: Tx, earmark: Earmark, reason: string): Promise<void> {
	const gone = GONE.includes(reason);
	await setEarmarkStatus(tx, { id: earmark.id, to: 'cancelled', reason });
	await setDemandStatus(tx, { id: earmark.demandId, to: gone ? 'gone' : 'open', reason });
	await wake(tx, { topic: 'settle', earmarkId: earmark.id });
	if (!gone) await wake(tx, { topic: 'evaluate', demandId: earmark.demandId });
}
