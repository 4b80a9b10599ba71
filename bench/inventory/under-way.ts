/** Funds of ours under way to every chain, as a planning transaction leaves them: what comes in has to be known before balances are read. */
import { amount } from '../../src/money/amount.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { inTransaction, lockInventory } from '../../src/store/db.ts';
import { openDemand } from '../../test/store/fixture.ts';
import type { Field } from './field.ts';

const CAUSE = { actor: 'bench', reason: 'funds under way to be measured' };

/** From every chain to the next one, one base unit. Nobody sends it. */
export async function putUnderWay({ app, endpoints }: Field): Promise<void> {
	const { chains } = endpoints;
	for (const [index, { chainId, tokens }] of chains.entries()) {
		const asset = tokens[0]?.symbol ?? '';
		const [venue, origin] = [`${chains[(index + 1) % chains.length]?.chainId}`, `${chainId}`];
		const ends = { asset, origin, destination: venue, send: amount(1n), receive: amount(1n) };
		const leg = { ...ends, route: 'bench', spend: null, hops: [{ ...ends, bridge: 'bench', toAsset: asset, seconds: 60 }] };
		const { demandId } = await openDemand(app.db);
		await inTransaction(app.db, CAUSE, async (tx) => {
			await lockInventory(tx, asset);
			await createEarmark(tx, { demandId, asset, venue, amount: amount(1n), local: amount(0n), legs: [leg], plan: {} }, app.config.wallet);
		});
	}
}
