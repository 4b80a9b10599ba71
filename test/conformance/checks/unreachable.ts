/** What cannot be seen may have happened. */
import assert from 'node:assert/strict';
import type { Check } from '../check.ts';
import { dueStep } from '../hop.ts';
import type { Room } from '../room.ts';

const DAY_MS = 86_400_000;
const MOST_STEPS = 20;

export const waitsForTheUnknown: Check = {
	claim: 'unknown is never failed',
	async run({ room }) {
		const opened = await room();
		await opened.begin();
		await opened.goTo('prove');
		opened.hold();
		await lookInVain(opened);
		assert.notEqual((await opened.leg()).overdueAt, null, 'nobody was told that the leg is overdue');
		await opened.release();
		const process = opened.enter();
		// Before every step that could be the last, the destination is away again for days.
		for (let steps = 0; steps < MOST_STEPS && dueStep(await opened.leg()) !== null; steps += 1) {
			await lookInVain(opened);
			await opened.step(process);
		}
		await opened.goTo(null, process);
		await opened.expectDelivered();
	},
};

/** The destination does not answer, and days pass: whatever is not known, the leg stays where it is. */
async function lookInVain({ world, ends, leg, step, pass, enter }: Room): Promise<void> {
	const { proxy } = world.chain(ends.destination.venue);
	const process = enter();
	for (const fault of ['error', 'error500'] as const) {
		proxy.fault = () => fault;
		await step(process);
		await pass(DAY_MS);
		const { status, hops } = await leg();
		assert.deepEqual([status, hops[0]?.status], ['in_flight', 'in_flight'], 'what was not seen counts as ended');
	}
	proxy.fault = () => 'pass';
	await process.die();
}
