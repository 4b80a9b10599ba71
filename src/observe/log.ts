/** JSON lines on stdout. Children carry the ids that lead from a line to its rows: invoice, earmark, leg, effect, transaction. */
import pino, { type Logger } from 'pino';

export type Log = Logger;

/** Keys and passwords never reach a line, wherever in an object they stand. */
const REDACTED = ['signerKey', 'password', '*.signerKey', '*.password', 'headers.authorization', '*.headers.authorization'];

export function createLog(level: string, name: string): Log {
	return pino({ level, name, redact: REDACTED, base: { pid: process.pid }, formatters: { level: (label) => ({ level: label }) } });
}
