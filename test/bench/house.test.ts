/** The house gets no worse; and each measure is shown something that it has to count. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { measureHouse, missesOf } from '../../bench/house/bench.ts';
import { functionsOf, untypedThrowsIn } from '../../bench/house/functions.ts';
import { arrowsOf, busiest, exportsOf, unusedExports } from '../../bench/house/imports.ts';
import type { Source } from '../../bench/house/sources.ts';
import { twinsAmong } from '../../bench/house/twins.ts';

function source(path: string, text: string): Source {
	return {
		path,
		part: 'product',
		text,
		lines: text.split('\n').length,
		tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
	};
}

describe('the house', () => {
	it('is within its limits', () => {
		expect(missesOf(measureHouse())).toEqual([]);
	});

	it('that is worse than a limit is told, with the places', () => {
		const figures = [{ name: 'twins', value: 3, limit: 2, places: ['a ~ b'] }];
		expect(missesOf({ figures, importMost: [], importedMost: [] })).toEqual(['twins is 3, and at most 2: a ~ b']);
	});
});

describe('what is measured', () => {
	it('are functions with a block, from their first line to their last', () => {
		const text = 'export function one() {\n\treturn 1;\n}\nconst two = () => {\n};\nconst three = () => 3;\nclass A { four() {\n\n} }\n';
		const found = functionsOf(source('a.ts', text)).map(({ name, line, lines }) => [name, line, lines]);
		expect(found).toEqual([
			['one', 1, 3],
			['two', 4, 2],
			['four', 7, 3],
		]);
	});

	it('are errors without a class of their own', () => {
		const text = "if (a) throw new Error('x');\nthrow new RangeError('y');\n";
		expect(untypedThrowsIn(source('a.ts', text))).toEqual(['a.ts:1']);
	});

	it('are exports that nobody imports, of files that somebody does', () => {
		const taken = source(
			'src/a.ts',
			'export const used = 1, spare = 2;\nexport interface Shape {}\nexport function also() {}\nconst own = 3;\n',
		);
		const taker = source('src/b/c.ts', "import { type Shape as S, used } from '../a.ts';\nexport const entry = used;\n");
		const sources = [taken, taker];
		const arrows = sources.flatMap(arrowsOf);
		expect(exportsOf(taken).map(({ name }) => name)).toEqual(['used', 'spare', 'Shape', 'also']);
		expect(unusedExports(sources, arrows)).toEqual(['src/a.ts spare', 'src/a.ts also']);
		expect(busiest(arrows, 'to', 3)).toEqual([{ path: 'src/a.ts', count: 1 }]);
	});

	it('are all exports of what is loaded by need, or as a whole, as taken', () => {
		const taken = source('src/a.ts', 'export const used = 1;\n');
		for (const text of ["await import('./a.ts');", "import * as all from './a.ts';", "export * from './a.ts';"])
			expect(unusedExports([taken], arrowsOf(source('src/b.ts', text)))).toEqual([]);
	});

	it('are six lines that stand twice', () => {
		const lines = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => `const ${name} = compute('${name}');`);
		const twins = (more: readonly string[]) => twinsAmong([source('a.ts', lines.join('\n')), source('b.ts', more.join('\n\n\t'))]);
		expect(twins(['first();', ...lines, 'last();'])).toEqual(['a.ts ~ b.ts']);
		expect(twins(lines.slice(1))).toEqual([]);
	});
});
