/** JSON lines on stdout. Children carry the ids that lead from a line to its rows: invoice, earmark, leg, effect, transaction. */
import pino, { type DestinationStream, type Logger } from 'pino';
import { writeLines } from './lines.ts';

export type Log = Logger;

/** Keys and passwords never reach a line, wherever in an object they stand. */
const REDACTED = ['signerKey', 'password', '*.signerKey', '*.password', 'headers.authorization', '*.headers.authorization'];

/** Lines go to stdout unless there is another place for them. */
export function createLog(level: string, name: string, destination?: DestinationStream): Log {
	const options = {
		level,
		name,
		redact: REDACTED,
		base: { pid: process.pid },
		formatters: { level: (label: string) => ({ level: label }) },
	};
	return pino(options, destination ?? writeLines());
}

/** Lines about what a transaction does, to be told once it has committed: what is rolled back has not happened. */
export type Story = [level: 'info' | 'warn', ids: Readonly<Record<string, unknown>>, message: string][];

export function tellStory(log: Log, story: Readonly<Story>): void {
	for (const [level, ids, message] of story) log[level](ids, message);
}
