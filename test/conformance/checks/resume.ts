/** Nothing is remembered but rows. */
import { eventually } from '../../sandbox/eventually.ts';
import type { Check } from '../check.ts';
import { dueStep } from '../hop.ts';

export const resumes: Check = {
	claim: 'every step resumes from its evidence',
	async run({ room }) {
		const opened = await room();
		await opened.begin();
		await eventually('the leg has ended', async () => {
			const process = opened.enter();
			await opened.step(process);
			await process.die();
			return dueStep(await opened.leg()) === null;
		});
		await opened.expectDelivered();
	},
};
