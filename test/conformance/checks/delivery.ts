/** What is said to have arrived. */
import assert from 'node:assert/strict';
import { mintToken } from '../../../sandbox/chains/chain.ts';
import { parseAmount } from '../../../src/money/units.ts';
import type { Check } from '../check.ts';

/** Token units that somebody else pays to the wallet while the hop is on its way. */
const STRAY = '7';

export const saysWhatArrived: Check = {
	claim: 'received is what the chain says',
	async run({ room }) {
		const plain = await room();
		await plain.begin();
		await plain.goTo(null);
		await plain.expectDelivered();

		const { world, ends, sql, ...opened } = await room();
		await opened.begin();
		await opened.goTo('prove');
		const { venue, token, decimals } = ends.destination;
		const stray = parseAmount(STRAY, decimals);
		await mintToken(world.chain(venue), { token, to: world.wallet, units: stray });
		await opened.goTo(null);
		const { arrived } = await opened.movements();
		assert.equal((await opened.leg()).delivered, arrived - stray, 'what somebody else has paid is counted in');
		const [booked] = await sql`select sum(amount)::text as units from ledger_entries where account = 'wallet' and event = 'delivered'`;
		assert.equal(BigInt(booked?.units ?? 0), arrived - stray, 'the ledger says something else');
	},
};
