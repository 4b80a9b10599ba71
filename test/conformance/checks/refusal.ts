/** What cannot be kept is refused while nothing has left. */
import assert from 'node:assert/strict';
import { orderOf } from '../../../src/app.ts';
import { PermanentError } from '../../../src/errors.ts';
import type { Check } from '../check.ts';

export const refusesInTime: Check = {
	claim: 'an order that cannot be kept is refused before anything leaves',
	async run({ room }) {
		const opened = await room();
		await opened.begin();
		await opened.stand.spoil();
		const process = opened.enter();
		const [hop] = (await opened.leg()).hops;
		if (hop === undefined) throw new Error('the leg has no hop');
		await assert.rejects(process.bridge.send(orderOf(process.app, hop)), PermanentError);
		await opened.goTo(null, process);
		await opened.expectNothingLeft();
	},
};
