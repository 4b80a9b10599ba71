/** What a plan commits: an earmark and its legs, with all that belongs to them. */
import type { EarmarkDraft, LegDraft } from '../earmark/earmark.ts';
import type { EffectDraft } from '../leg/effect.ts';
import type { Tx } from './db.ts';
import { setDemandStatus } from './demands.ts';
import { insertEarmark, insertLeg } from './earmarks.ts';
import { intendEffects } from './effects.ts';
import { placeHolds } from './holds.ts';
import { wake } from './outbox.ts';

/**
 * Writes the commitment: earmark, holds, legs, hops, first effects, audit (by trigger) and the wake-up of its flow.
 * Runs under the inventory lock of its asset. A second active earmark for the same demand is refused by the database.
 */
export async function createEarmark(tx: Tx, draft: EarmarkDraft, signer: EffectDraft['signer']): Promise<string> {
	const earmarkId = await insertEarmark(tx, draft);
	await setDemandStatus(tx, { id: draft.demandId, to: 'earmarked', reason: null });
	await placeHolds(tx, [{ earmarkId, legId: null, venue: draft.venue, asset: draft.asset, amount: draft.local, state: 'confirmed' }]);
	for (const leg of draft.legs) await createLeg(tx, { earmarkId, leg, signer });
	await wake(tx, { topic: 'flow', earmarkId, generation: 1 });
	return earmarkId;
}

/** One leg with its hops, holds and first effects; returns its id. Under the inventory lock of its asset. */
export async function createLeg(
	tx: Tx,
	{ earmarkId, leg, signer }: { earmarkId: string; leg: LegDraft; signer: EffectDraft['signer'] },
): Promise<string> {
	const { asset, origin, send, spend } = leg;
	const legId = await insertLeg(tx, earmarkId, leg);
	const owner = { earmarkId, legId };
	await placeHolds(tx, [
		{ ...owner, venue: origin, asset, amount: send, state: 'confirmed' },
		// Also between two hops: what lands there is nobody else's.
		...leg.hops.map((hop) => ({ ...owner, venue: hop.destination, asset: hop.toAsset, amount: hop.receive, state: 'inbound' }) as const),
	]);
	const first = { ownerKind: 'leg', ownerId: legId, hop: 0, try: 1, venue: origin, signer, spend } as const;
	await intendEffects(tx, [...(spend === null ? [] : [{ ...first, kind: 'approve' } as const]), { ...first, kind: 'send' }]);
	return legId;
}
