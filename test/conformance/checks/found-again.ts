/** Nothing is left but the chains. */
import assert from 'node:assert/strict';
import { orderOf } from '../../../src/app.ts';
import type { Evidence } from '../../../src/leg/order.ts';
import { findUnderWay } from '../../../src/steps/upkeep/find-under-way.ts';
import type { Check } from '../check.ts';
import type { Process } from '../process.ts';

export const isFoundAgain: Check = {
	claim: 'what is under way is found again on the chains alone',
	async run({ room }) {
		const opened = await room();
		const process = opened.enter();
		opened.hold();
		await opened.begin();
		await opened.goTo('prove', process);
		const leg = await opened.leg();
		const [hop] = leg.hops;
		if (hop?.evidence === undefined || hop.evidence === null) return assert.fail('the hop is not under way');
		const order = orderOf(process.app, hop);
		const found = await search(process);
		assert.deepEqual(found.unclear, []);
		if ((await process.bridge.prove(order, hop.evidence)).state === 'pending') {
			assert.deepEqual(
				found.legs.map((each) => ({ legId: each.legId, order: each.order, evidence: timeless(each.evidence) })),
				// What it usually takes stands for what the quote has promised.
				[{ legId: leg.id, order: { ...order, seconds: found.legs[0]?.order.seconds }, evidence: timeless(hop.evidence) }],
			);
		} else assert.deepEqual(found.legs, [], 'what has arrived counts as under way');
		await opened.release();
		await opened.goTo(null, process);
		assert.deepEqual((await search(process)).legs, [], 'what has arrived counts as under way');
	},
};

function search({ app }: Process) {
	return findUnderWay(app, { sinceMs: 0, onProgress: () => {} });
}

/** Without the moments at which something was seen. */
function timeless(evidence: Evidence): Evidence {
	return Object.fromEntries(Object.entries(evidence).filter(([name]) => !name.endsWith('AtMs')));
}
