/** The exam's result, bridge by check. */
import type { Mark } from './exam.ts';

export interface Row {
	readonly claim: string;
	/** By bridge. */
	readonly marks: ReadonlyMap<string, Mark>;
}

const SIGNS: Readonly<Record<Mark['state'], string>> = { passed: 'ok', failed: 'FAILED', 'not asked': '–' };
const MISSING = '?';

/** One line per check, one column per bridge. */
export function tableOf(rows: readonly Row[], bridges: readonly string[]): string {
	const cells = rows.map(({ claim, marks }) => [claim, ...bridges.map((bridge) => signOf(marks.get(bridge)))]);
	const all = [['check', ...bridges], ...cells];
	const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
	return all
		.map((line) =>
			line
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join('  ')
				.trimEnd(),
		)
		.join('\n');
}

const signOf = (mark: Mark | undefined): string => (mark === undefined ? MISSING : SIGNS[mark.state]);
