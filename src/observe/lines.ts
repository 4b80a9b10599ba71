/** Where lines of a log go. A full disk, or a reader that is gone, costs lines and never the work: pino's own way out would end the process, or hang it. */
import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { errorText } from '../errors.ts';

const STDOUT = 1;
const STDERR = 2;
const BUSY_MS = 5;
/** A reader that takes nothing for so many turns, five seconds, is one that is gone. */
const BUSY_TURNS = 1_000;

/** Each line is written before the call returns. When lines are lost, that is said once, until one has been written again. */
export function writeLines(fd = STDOUT, complain: (text: string) => void = complainOnStderr): DestinationStream {
	let isLosing = false;
	return {
		write(line) {
			try {
				writeWhole(fd, line);
				isLosing = false;
			} catch (error) {
				if (!isLosing) complain(`log lines are lost (${errorText(error)}); the work goes on. Free space, or start the reader again.\n`);
				isLosing = true;
			}
		},
	};
}

function writeWhole(fd: number, line: string): void {
	let rest = Buffer.from(line);
	for (let turn = 0; rest.length > 0; turn += 1) {
		try {
			rest = rest.subarray(writeSync(fd, rest));
		} catch (error) {
			// A pipe whose reader is slow.
			const isBusy = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
			if (!isBusy || turn >= BUSY_TURNS) throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
		}
	}
}

function complainOnStderr(text: string): void {
	try {
		writeSync(STDERR, text);
	} catch {
		// It is on the same full disk, and nobody can be told.
	}
}
