/** What becomes of a purchase of ours once it is final. */
import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

interface ReceivableRow {
	readonly intent: string;
	readonly status: string;
	readonly amount: string;
	readonly venue: string | null;
	readonly paid: string | null;
}

function untilReceivable(stage: Stage, status: string): Promise<ReceivableRow> {
	return stage.until(`the receivable is ${status}`, async () => {
		const [row] = await stage.product.sql<ReceivableRow[]>`
			select intent_id as intent, status, amount::text, settled_venue as venue, settled_amount::text as paid from receivables`;
		return row?.status === status ? row : null;
	});
}

const followed: Scenario = {
	name: 'purchase-followed-to-its-end',
	promise: "our purchase is owed to us, and never available, until the hub's payment was seen on a chain; then the books have it there",
	async run(stage) {
		stage.world.everclear.settleDelayMs = 2_000;
		await stage.open({ 1: '100' });
		const id = await stage.show({ amount: '90', destinations: ['1'], origin: '10' });
		await stage.untilDemand(id, 'settled');
		const owed = await untilReceivable(stage, 'pending');
		assert.equal(owed.paid, null);
		const next = await stage.show({ amount: '50', destinations: ['1'], origin: '10' });
		await stage.untilDemand(next, 'open', 'INSUFFICIENT_FUNDS');
		stage.say('what is owed cannot be spent');
		stage.world.everclear.settleDelayMs = 0;
		const paid = await untilReceivable(stage, 'settled');
		assert.equal(BigInt(paid.paid ?? '0') >= BigInt(owed.amount), true);
		await stage.untilDemand(next, 'settled');
	},
};

const second: Scenario = {
	name: 'purchase-arrives-second',
	promise:
		'a purchase that arrives second becomes an invoice itself: the operator sees it, it is never bought by ourselves, and the books add up in the end',
	async run(stage) {
		const { everclear } = stage.world;
		await stage.open({ 1: '100' });
		await everclear.poller.pause();
		// So that we do not see the invoice before the other one has paid.
		everclear.fault = (request) => (request.path === '/invoices' ? { status: 503 } : undefined);
		const id = await stage.show({ amount: '90', destinations: ['1'], origin: '10' });
		await everclear.fillExternally(id);
		stage.say('somebody else has paid first, and the hub has not noticed yet');
		everclear.fault = () => undefined;
		await stage.untilDemand(id, 'settled');
		everclear.poller.resume();
		const { intent } = await untilReceivable(stage, 'invoiced');
		assert.equal(stage.told('our purchase arrived second and is an invoice now'), 1);
		const own = await stage.product.sql`select 1 from demands where external_id = ${intent}`;
		assert.equal(own.length, 0, 'our own invoice became a demand of ours');
		await everclear.fillExternally(intent);
		const paid = await untilReceivable(stage, 'settled');
		assert.notEqual(paid.venue, null);
	},
};

export const purchases: readonly Scenario[] = [followed, second];
