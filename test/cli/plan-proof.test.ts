import { describe, expect, it } from 'vitest';
import { answerOf } from '../../src/cli/plan-file/answer.ts';
import { readPlanFile } from '../../src/cli/plan-file/read-plan-file.ts';
import { tableOf } from '../../src/cli/plan-file/table.ts';
import { explainerOf } from '../../src/plan/explain/explain.ts';
import type { Bound } from '../../src/plan/plan.ts';
import { snapshot } from './plan-snapshot.ts';

/** The bound of a result that is not proven, for a program and for a person. */
function shown(bound: Bound): readonly unknown[] {
	const file = readPlanFile(snapshot());
	const result = { plans: [], payable: [], unplanned: [], proof: { exact: false, bound } } as const;
	const explainer = explainerOf(file, result);
	return [answerOf(file, result, explainer).proof, tableOf(file, result, explainer).split('\n').at(-1)];
}

describe('a result that is not proven', () => {
	it('names the oldest demand that might be covered all the same', () => {
		expect(shown({ goal: 2, demand: 'inv-7' })).toEqual([
			{ exact: false, bound: { goal: 2, demand: 'inv-7' } },
			'not proven: in goal 2, it is not proven that inv-7 cannot be covered',
		]);
	});

	it('says in tokens how much could be covered, or how little spent, at best', () => {
		const value = { numerator: 12_345n, denominator: 10n };
		expect(shown({ goal: 2, value })).toEqual([
			{ exact: false, bound: { goal: 2, value: '1234.5' } },
			'not proven: in goal 2, no better than 1234.5 is possible',
		]);
		expect(shown({ goal: 5, value })[0]).toEqual({ exact: false, bound: { goal: 5, value: '1234.5' } });
	});

	it('counts slow plans and operations in whole numbers, the next ones up', () => {
		expect(shown({ goal: 3, value: { numerator: 3n, denominator: 1n } })[0]).toEqual({ exact: false, bound: { goal: 3, value: 3 } });
		expect(shown({ goal: 4, value: { numerator: 7n, denominator: 2n } })[0]).toEqual({ exact: false, bound: { goal: 4, value: 4 } });
	});
});
