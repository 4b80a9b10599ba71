import { describe, expect, it } from 'vitest';
import { CATCHERS, readBugs } from './bug.ts';
import { hunt } from './hunt.ts';
import { withPlanted } from './plant.ts';

const BUGS = readBugs();
/** Each is caught by another kind of invariant, in one of its first runs. */
const QUICK = ['record-after-send', 'approval-overwritten', 'reset-forgotten'];

describe('the planted bugs', () => {
	it('are twenty at least, and each says what it is', () => {
		expect(BUGS.length).toBeGreaterThanOrEqual(20);
		for (const { name, mistake, files } of BUGS) {
			expect(mistake, name).toMatch(/^[A-Z].+\.\n\S.+\.$/s);
			expect(files, name).not.toEqual([]);
		}
	});

	it.each(BUGS)('$name applies to this tree', async (bug) => {
		await withPlanted(bug, async () => {});
	});

	it('are caught by the simulation, or by who puts the real part to the test', async () => {
		const bugs = BUGS.filter(({ name, catcher }) => catcher !== 'simulation' || QUICK.some((quick) => name.endsWith(quick)));
		const score = await hunt({ bugs, seed: 1, tell: () => {} });
		expect(new Set(bugs.map(({ catcher }) => catcher))).toEqual(new Set(CATCHERS));
		expect(score).toMatchObject({ planted: bugs.length, caught: bugs.length });
	}, 120_000);

	it('are caught by nobody who looks at another part than theirs', async () => {
		const [elsewhere] = BUGS.filter(({ name }) => name.endsWith('partial-payment'));
		if (elsewhere === undefined) throw new Error('there is no such bug');
		const bugs = (['outbox', 'endpoints'] as const).map((catcher) => ({ ...elsewhere, name: catcher, catcher }));
		const said: string[] = [];
		const score = await hunt({ bugs, seed: 1, mostRuns: 20, tell: (text) => void said.push(text) });
		expect(score).toMatchObject({ planted: 2, caught: 0 });
		expect(
			said.every((text) => text.includes('have found nothing')),
			said.join('\n'),
		).toBe(true);
	}, 120_000);
});
