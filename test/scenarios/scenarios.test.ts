import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import { testServers } from '../stack.ts';
import { SCENARIOS } from './all.ts';
import { play } from './play.ts';
import { randomScenario } from './random.ts';

let world: World;

beforeAll(async () => {
	world = await startWorld({ balances: {} });
});
afterAll(() => world.stop());

/** A fixed small sample; more by `npm run scenarios -- --random`. */
const RANDOM = [1].map(randomScenario);

describe('scenarios', () => {
	it('have names of their own', () => {
		expect(new Set(SCENARIOS.map((each) => each.name)).size).toBe(SCENARIOS.length);
	});

	it.each([...SCENARIOS, ...RANDOM].map((each) => [each.name, each] as const))(
		'%s',
		async (_, scenario) => {
			const story: string[] = [];
			const result = await play(scenario, { world, servers: testServers }, (sentence) => story.push(sentence));
			expect(result.problems, [scenario.promise, ...story].join('\n')).toEqual([]);
		},
		120_000,
	);
});
