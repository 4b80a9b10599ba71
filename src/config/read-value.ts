/** Values that more than one part of the configuration has. */
import { errorText } from '../errors.ts';
import type { Amount } from '../money/amount.ts';
import { parseAmount } from '../money/units.ts';
import type { Problem } from './problem.ts';

/** Route ids stand in queue names and job ids, where a colon is refused. */
export const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
export const NOT_PLAIN = 'is not a plain name of letters, digits, ".", "_" and "-"';

/** Base units, or null after reporting why the text has none at these decimals. */
export function tokenUnits({ text, decimals, key }: { text: string; decimals: number; key: string }, problems: Problem[]): Amount | null {
	try {
		return parseAmount(text, decimals);
	} catch (error) {
		problems.push({ key, problem: errorText(error) });
		return null;
	}
}
