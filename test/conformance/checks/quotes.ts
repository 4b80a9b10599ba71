/** What a price promises. */
import assert from 'node:assert/strict';
import type { Quote } from '../../../src/bridge/bridge.ts';
import { PermanentError } from '../../../src/errors.ts';
import { type Amount, amount } from '../../../src/money/amount.ts';
import { parseAmount } from '../../../src/money/units.ts';
import type { Check } from '../check.ts';
import { orderFor, promiseOf, quoted } from '../hop.ts';
import type { Process } from '../process.ts';
import type { Stand } from '../stand.ts';

export const keepsBounds: Check = {
	claim: 'a quote keeps its minimum and maximum',
	async run({ room }) {
		const { stand, ends, enter } = await room();
		const process = enter();
		const quote = await quoted(process, stand, parseAmount(stand.amount, ends.origin.decimals));
		assert.ok(quote.minimum <= quote.maximum, `the minimum is ${quote.minimum}, and the maximum ${quote.maximum}`);
		assert.ok(quote.validUntilMs > process.app.nowMs(), 'the quote is not valid any more');
		for (const edge of [quote.minimum, quote.maximum]) await takes(process, stand, edge);
		for (const beyond of [quote.minimum - 1n, quote.maximum + 1n]) if (beyond > 0n) await isHonestAbout(process, stand, amount(beyond));
	},
};

async function takes(process: Process, stand: Stand, send: Amount): Promise<void> {
	const quote = await quoted(process, stand, send);
	assert.equal(quote.send, send, 'another amount is quoted than was asked for');
	assert.ok(quote.minimum <= send && send <= quote.maximum, `${send} is quoted, and not within ${quote.minimum} to ${quote.maximum}`);
	assert.ok(quote.receive > 0n, `nothing arrives of ${send}`);
	await process.bridge.send(orderFor(process.app, stand, quote));
}

/** Refused, or left out by bounds of its own; when its own quote takes it after all, at another price, it has to be able to. */
async function isHonestAbout(process: Process, stand: Stand, send: Amount): Promise<void> {
	const quote = await quoted(process, stand, send).catch((error: unknown) => {
		assert.ok(error instanceof PermanentError, `${send} is refused with ${String(error)}`);
		return null;
	});
	if (quote !== null && quote.send === send && quote.minimum <= send && send <= quote.maximum) await takes(process, stand, send);
}

export const promisesWhatArrives: Check = {
	claim: 'a quote never promises more than arrives',
	async run({ room }) {
		const opened = await room();
		const { stand, ends, enter } = opened;
		const process = enter();
		const ordinary = parseAmount(stand.amount, ends.origin.decimals);
		const quote = await quoted(process, stand, ordinary);
		assert.ok(promiseOf(quote, ordinary, ends) <= quote.receive, 'its fees promise more than the quote itself');
		for (const send of between(quote)) {
			const receive = promiseOf(quote, send, ends);
			await process.bridge.send({ ...orderFor(process.app, stand, quote), send, receive }).catch((error: unknown) => {
				assert.fail(`of ${send} ${receive} is promised by the quote for ${ordinary}: ${String(error)}`);
			});
		}
		await opened.begin(oddUnits(stand.amount));
		await opened.goTo(null);
		await opened.expectDelivered();
	},
};

/** Amounts from the least to the most, round ones and odd ones. */
function between({ send, minimum, maximum }: Quote): Amount[] {
	const shares = [0n, 1n, 13n, 377n, 5_003n, 9_999n, 10_000n].map((share) => minimum + ((maximum - minimum) * share) / 10_000n);
	return [...shares, minimum + 1n, send - 1n, send].filter((each) => each >= minimum && each <= maximum).map(amount);
}

/** Token units that no fee divides evenly. */
const oddUnits = (tokenUnits: string): string => `${tokenUnits}.000007`;
