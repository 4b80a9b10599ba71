import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Figures } from './figures.ts';
import { nextSeed, openRecord, readPlayed } from './ledger.ts';

const FIGURES: Figures = {
	...{ layer: 'process', runs: 3, seed: 7, violations: 0, stuck: 0, duplicateEffects: 0, lostFunds: 0, runsPerMinute: 1 },
	...{ perRun: { invoices: 1, legs: 1, faults: 1, events: 1 }, crashPoints: { hit: 1, known: 16 } },
};
const MARKS = '<!-- played: made by npm run faults -- --record -->\n<!-- /played -->';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'ballast-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function place(text: string) {
	const found = { file: join(folder, 'faults.json'), page: join(folder, 'faults.md') };
	writeFileSync(found.page, text);
	return found;
}

describe('what was played', () => {
	it('is one row for each call, however often the call tells of it, and is gone on with after its last seed', () => {
		const at = place(`before\n${MARKS}\nafter`);
		expect(nextSeed(readPlayed(at), { layer: 'process', suite: 'usual' }, 5)).toBe(5);
		const keep = openRecord('usual', at);
		keep({ ...FIGURES, runs: 0 });
		keep(FIGURES);
		keep({ ...FIGURES, runs: 4 });
		expect(readPlayed(at)).toMatchObject([{ layer: 'process', seed: 7, runs: 4, violations: 0, stuck: 0 }]);
		expect([
			nextSeed(readPlayed(at), { layer: 'process', suite: 'usual' }, 5),
			nextSeed(readPlayed(at), { layer: 'sim', suite: 'usual' }, 5),
		]).toEqual([11, 5]);
	});

	it('goes round at the end of the seeds', () => {
		const at = place(MARKS);
		openRecord('usual', at)({ ...FIGURES, seed: 2 ** 32 - 2 });
		expect(nextSeed(readPlayed(at), { layer: 'process', suite: 'usual' }, 0)).toBe(1);
	});

	it('stands in the page between its marks, with the bound that it implies, and leaves the rest of the page as it was', () => {
		const at = place(`before\n${MARKS}\nafter`);
		const keep = openRecord('usual', at);
		keep({ ...FIGURES, runs: 300 });
		keep({ ...FIGURES, runs: 300 });
		const page = readFileSync(at.page, 'utf8');
		expect(page.startsWith('before\n<!-- played')).toBe(true);
		expect(page.endsWith('<!-- /played -->\nafter')).toBe(true);
		expect(page).toMatch(/\| process \| 7 to 306 \| 300 \| 0 \| 0 \|/);
		expect(page).toContain('fewer than 1 in 100 fail');
		keep({ ...FIGURES, runs: 300, stuck: 1 });
		expect(readFileSync(at.page, 'utf8')).not.toContain('fewer than');
	});

	it('has no place in a page without marks', () => {
		expect(() => openRecord('usual', place('nothing'))).toThrow(/has no place for the table/);
	});
});
