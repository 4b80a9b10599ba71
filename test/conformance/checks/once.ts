/** However often, and by however many at once: what is done is done once. */
import assert from 'node:assert/strict';
import { errorText, TransientError } from '../../../src/errors.ts';
import { sendHop } from '../../../src/steps/leg/send-hop.ts';
import { eventually } from '../../sandbox/eventually.ts';
import type { Check } from '../check.ts';
import { act, dueStep } from '../hop.ts';
import type { Process } from '../process.ts';
import type { Room } from '../room.ts';

const TWINS = 3;

export const sendsOnce: Check = {
	claim: 'send is idempotent',
	async run({ room }) {
		const opened = await room();
		await opened.begin();
		const { id } = await opened.leg();
		const send = ({ app }: Process) => sendHop(app, { legId: id, hop: 0 });
		const twins = twinsIn(opened);
		await eventually('sent', async () => {
			await together(opened, twins, send);
			return dueStep(await opened.leg()) === 'prove';
		});
		for (const twin of twins) await send(twin);
		const { sends, transactions } = await opened.movements();
		assert.equal(sends, 1, `the wallet has sent ${sends} times`);
		assert.ok(transactions <= 2, `the wallet has made ${transactions} transactions to approve and send`);
		const effects = await opened.sql`select status from effects where kind = 'send'`;
		assert.equal(effects.length, 1, `there are ${effects.length} sending effects`);
		await opened.goTo(null);
		await opened.expectDelivered();
	},
};

export const sendsNothingTwice: Check = {
	claim: 'nothing is ever sent twice',
	async run({ room }) {
		const opened = await room();
		await opened.begin();
		const { id } = await opened.leg();
		const twins = twinsIn(opened);
		await eventually('the leg has ended', async () => {
			if (dueStep(await opened.leg()) !== 'send') await opened.stand.release();
			await together(opened, twins, (twin) => act(twin, id));
			return dueStep(await opened.leg()) === null;
		});
		for (const twin of twins) await act(twin, id);
		await opened.expectDelivered();
	},
};

const twinsIn = ({ enter }: Room): Process[] => Array.from({ length: TWINS }, enter);

/** All at the same time; whoever was slower may say so, and nothing else. */
async function together({ pass }: Room, twins: readonly Process[], step: (twin: Process) => Promise<unknown>): Promise<void> {
	const results = await Promise.allSettled(twins.map(step));
	for (const result of results)
		if (result.status === 'rejected') assert.ok(result.reason instanceof TransientError, `a twin failed with ${errorText(result.reason)}`);
	await pass(1_000);
}
