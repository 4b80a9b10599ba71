import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEnvironment } from '../../sandbox/servers/environment.ts';
import { testDatabase } from '../stack.ts';
import { opening } from './commands.ts';
import { play } from './play.ts';

const { simulationRuns: numRuns, simulationSeed: seed } = readEnvironment();
/** A failing sequence is made shorter for so long at most. */
const SHORTEN_MS = 40_000;
const WITHIN_MS = 3_600_000;

it(
	`keeps the invariants through ${numRuns} random sequences of what invoices, bridges and jobs can do (seed ${seed})`,
	async () => {
		const property = fc.asyncProperty(opening, async (sequence) => void (await play(await testDatabase(), sequence)));
		const { failed, counterexamplePath, numRuns: played } = await fc.check(property, { seed, numRuns, endOnFailure: true });
		// The same sequence once more: it fails with the whole story, of the shortest sequence that was found in time.
		if (failed) await fc.assert(property, { seed, path: counterexamplePath ?? '', numRuns: 1, interruptAfterTimeLimit: SHORTEN_MS });
		expect({ failed, played }).toEqual({ failed: false, played: numRuns });
	},
	WITHIN_MS,
);
