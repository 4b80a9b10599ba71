/** Routes go off and come back in the middle of runs: every invariant holds all the same, and every run comes to rest. */
import { beforeAll, expect, it } from 'vitest';
import { type Command, openingOf, ROUTE_TURNS } from './commands.ts';
import { loadSimulator, type Simulator } from './load.ts';

const SEEDS = 30;

let simulator: Simulator;
beforeAll(async () => {
	simulator = await loadSimulator();
});

/** Between the commands of the seed: something about a route, and time in which pauses end. */
function withTurns(seed: number, commands: readonly Command[]): Command[] {
	return commands.flatMap((command, index): Command[] => {
		const turn = (seed * 7 + index * 5) % 60;
		const how = ROUTE_TURNS[(seed + index) % 3 === 0 ? turn % ROUTE_TURNS.length : 0] ?? 'fails';
		return index % 3 === 0 ? [{ kind: 'route', pick: turn, how }, command, { kind: 'time', seconds: 25 }] : [command];
	});
}

it('holds and rests, with legs that try routes among others', async () => {
	let trials = 0;
	for (let seed = 0; seed < SEEDS; seed += 1) {
		const opening = openingOf(seed);
		const played = await simulator.play({ ...opening, commands: withTurns(seed, opening.commands) });
		trials += played.trials;
	}
	expect(trials).toBeGreaterThan(SEEDS / 4);
}, 240_000);
