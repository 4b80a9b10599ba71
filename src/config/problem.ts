/** One thing that is wrong with the configuration. All of them are named at once, so that one run is enough to mend a file. */
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';

export interface Problem {
	/** Path of the wrong value, as in `assets.USDC.venues.1.reserve`, or the name of an environment variable. */
	readonly key: string;
	readonly problem: string;
}

/** The error that names every problem: the first as its `key`, the others on lines of their own. */
export function configError(problems: readonly Problem[]): ConfigError {
	const [first, ...others] = problems;
	if (first === undefined) throw new RangeError('an error needs a problem');
	const more = others.map(({ key, problem }) => `\nconfiguration: ${key}: ${problem}`).join('');
	return new ConfigError(first.key, first.problem + more);
}

/** What a schema's complaint means to the person who wrote the value. Values are never repeated: some of them are secrets. */
export function complaint(issue: z.core.$ZodIssue): string {
	if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
	if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof issue.input === 'number') {
		return 'is a number, where text is expected: write it in quotes';
	}
	if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
	return issue.message;
}
