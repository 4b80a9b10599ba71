import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import { bridgeNames } from '../../src/bridge/registry.ts';
import { testDatabase } from '../stack.ts';
import { CHECKS, examine, type Mark } from './exam.ts';
import { tableOf } from './table.ts';

let world: World;
const marks = new Map<string, Map<string, Mark>>();

beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {}, exchange: true });
});
afterAll(async () => {
	await world.stop();
	console.log(
		`\n${tableOf(
			CHECKS.map(({ claim }) => ({ claim, marks: marks.get(claim) ?? new Map() })),
			bridgeNames(),
		)}\n`,
	);
});

describe.each(bridgeNames())('of bridge %s', (bridge) => {
	it.each(CHECKS.map((check) => [check.claim, check] as const))(
		'%s',
		async (claim, check) => {
			const mark = await examine({ world, database: testDatabase }, { bridge, check, isFull: false });
			marks.set(claim, new Map(marks.get(claim)).set(bridge, mark));
			expect(mark.state === 'failed' ? mark.problem : null).toBeNull();
		},
		120_000,
	);
});
