import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashOf } from '../../src/config/env.ts';
import { CRASH_POINTS } from '../../src/crash-point.ts';
import { choose } from './process/choice.ts';
import { FAULTS } from './process/faults.ts';
import { CELLS, nameOf, pointsOf } from './process/matrix.ts';
import { postsOf } from './process/posts.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const everything = () => true;

function sources(folder: string): string {
	const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
	return files.map((file) => readFileSync(join(ROOT, folder, file), 'utf8')).join('\n');
}

describe('a crash point', () => {
	it.each(CRASH_POINTS)('%s is a place in the product', (point) => {
		const calls = `${sources('src')}\n${sources('workers')}`.match(/\bcrashPoint\([^)]*\)/g) ?? [];
		expect(calls.some((call) => call.includes(`'${point}'`))).toBe(true);
	});

	it('is armed by the environment, with the time at which it kills, and by nothing else', () => {
		expect(crashOf({ BALLAST_CRASH_AT: 'sent:2' })).toEqual({ point: 'sent', time: 2 });
		expect([crashOf({}), crashOf({ BALLAST_CRASH_AT: '' })]).toEqual([null, null]);
		for (const wrong of ['sent', 'sent:0', 'nowhere:1', 'sent:1:1'])
			expect(() => crashOf({ BALLAST_CRASH_AT: wrong })).toThrow(/BALLAST_CRASH_AT/);
	});
});

describe.each(['usual', 'exchange'] as const)('a seed of the %s suite', (suite) => {
	const cells = CELLS[suite];
	const chosen = (seed: number) => choose(seed, suite, everything);

	it('always chooses the same', () => {
		for (const seed of [0, 7, 4_242, 2 ** 32 - 1]) expect(chosen(seed)).toEqual(chosen(seed));
	});

	it('and those after it go through all cells: every point, in every kind of process, at the first try and the retry, with one and two pollers', () => {
		const far = 2 ** 32 - cells.length;
		for (const first of [0, 1_000, far]) {
			const names = Array.from({ length: cells.length }, (_, index) => nameOf(chosen(first + index).cell));
			expect(new Set(names).size).toBe(cells.length);
		}
		const points = Array.from({ length: pointsOf(suite).length }, (_, seed) => chosen(seed).cell.point);
		expect([...points].sort()).toEqual([...pointsOf(suite)].sort());
	});

	it('arms somebody who comes to the crash point, and nobody but those of its stage', () => {
		for (let seed = 0; seed < 4 * cells.length; seed += 1) {
			const choice = chosen(seed);
			const { stage, pollers } = choice.cell;
			const posts = postsOf(choice);
			const armed = posts.filter(({ mayDie }) => mayDie);
			expect(armed.length).toBeGreaterThan(0);
			for (const { args } of armed) expect(args.join(' ')).toContain(stage);
			expect(posts.filter(({ args }) => args[0] === 'scheduler')).toHaveLength(pollers);
			expect(posts.filter(({ isLater }) => isLater)).toHaveLength(choice.twoVersions ? 2 : 0);
		}
	});

	it('leaves no fault out', () => {
		const seen = new Set(
			Array.from({ length: 2_000 }, (_, seed) => chosen(seed)).flatMap(({ leading, faults }) =>
				[...(leading === null ? [] : [leading]), ...faults].map(({ name }) => name),
			),
		);
		const ofOthers = (name: string) =>
			suite === 'usual' ? name.startsWith('exchange-') : name.startsWith('proof-') || name === 'claimed-by-others';
		expect([...seen].sort()).toEqual(FAULTS.filter((name) => !ofOthers(name)).sort());
	});
});
