/** The exam that the store in memory and PostgreSQL take together: whatever one of them answers, the other one answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore, type Store } from '../../../src/store/db.ts';
import { testDatabase } from '../../stack.ts';
import { type Exam, loadExam } from '../load.ts';
import { setUp } from './clock.ts';

/** As many as answers for all functions; more of the same find nothing new. */
const SEQUENCES = 40;
const SEEDS = [1, 2, 3] as const;

/** The files with questions about the functions of that module; all of them where none asks about it yet. */
function whereToAsk(name: string): string {
	const folder = import.meta.dirname;
	const files = readdirSync(folder).filter((file) => file.startsWith('questions-of-'));
	const module = `/store/${name.split('.')[0]}.ts'`;
	const asking = files.filter((file) => readFileSync(join(folder, file), 'utf8').includes(module));
	return (asking.length > 0 ? asking : files).map((file) => `test/simulation/exam/${file}`).join(' or ');
}

let isAllAsked = false;
let exam: Exam;
let store: Store;

beforeAll(async () => {
	const databaseUrl = await testDatabase();
	exam = await loadExam();
	const first = openStore({ databaseUrl, pool: 1 });
	await setUp(first.db);
	await first.close();
	// One connection: both are asked one thing after the other, and it keeps the time that it was told.
	store = openStore({ databaseUrl, pool: 1 });
});
afterAll(() => store.close());

it('answers whatever it is asked as PostgreSQL does, and leaves the same rows', async () => {
	// What one of them has said otherwise says enough; a shorter sequence would be looked for with thousands of statements.
	const property = fc.asyncProperty(exam.sequences, (asked) => exam.askBoth(store.db, asked));
	const { failed, errorInstance, numRuns } = await fc.check(property, { numRuns: SEQUENCES, seed: 7, endOnFailure: true });
	// Not as fast-check tells it, with all questions of the sequence: the seed is always the same, so what is changed is asked them again.
	if (failed) throw new Error(`in sequence ${numRuns}, ${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}`);
	isAllAsked = true;
}, 120_000);

it.each(SEEDS)('answers as PostgreSQL does to everything that the product asks in run %i of the simulation', async (seed) => {
	const { legs } = await exam.playOnBoth(store.db, seed);
	expect(legs).toBeGreaterThan(0);
});

it('has answered for every function by then', () => {
	expect(isAllAsked, 'the questions at random ended before all were asked').toBe(true);
	expect(exam.silent().map((name) => `${name} has answered nothing, or has only thrown: ask for it in ${whereToAsk(name)}`)).toEqual([]);
});
