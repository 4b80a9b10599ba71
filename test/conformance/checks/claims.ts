/** What somebody else has claimed for us is ours all the same. */
import assert from 'node:assert/strict';
import type { Check } from '../check.ts';
import type { Room } from '../room.ts';

export const adoptsClaims: Check = {
	claim: 'what somebody else claims first is adopted',
	isAbout: ({ claimFirst }) => claimFirst !== null,
	async run({ room }) {
		const early = await room();
		await early.begin();
		await early.goTo('claim');
		await early.stand.claimFirst?.();
		await early.goTo(null);
		await early.expectDelivered();
		await expectClaims(early, ['dropped']);

		// Ours is signed and on its way, and theirs is mined before it.
		const late = await room();
		await late.begin();
		await late.goTo('claim');
		const { proxy } = late.world.chain(late.ends.destination.venue);
		proxy.fault = (method) => (method === 'eth_sendRawTransaction' ? 'error' : 'pass');
		await late.step(late.enter());
		await late.stand.claimFirst?.();
		proxy.fault = () => 'pass';
		await late.goTo(null);
		await late.expectDelivered();
		await expectClaims(late, ['reverted', 'dropped']);
	},
};

async function expectClaims({ sql }: Room, expected: readonly string[]): Promise<void> {
	const claims = await sql`select status from effects where kind = 'claim' order by try`;
	assert.deepEqual(
		claims.map(({ status }) => status),
		expected,
		'our own claims have ended otherwise',
	);
}
