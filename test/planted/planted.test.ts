import { describe, expect, it } from 'vitest';
import { readBugs } from './bug.ts';
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

	it('are caught by the simulation', async () => {
		const bugs = BUGS.filter(({ name }) => QUICK.some((quick) => name.endsWith(quick)));
		const score = await hunt({ bugs, seed: 1, tell: () => {} });
		expect(score).toMatchObject({ planted: QUICK.length, caught: QUICK.length });
	}, 60_000);
});
