/** The bytes of a plan file, or of what is piped in: never more than the limit, whatever is there. */
import { createReadStream } from 'node:fs';
import { PlanFileError } from './spot.ts';

const MOST_BYTES = 64 * 1_024 * 1_024;

/** Reads a file, or with `-` the standard input. Throws `PlanFileError` above 64 MiB, and what reading throws. */
export async function readBytes(file: string): Promise<Buffer> {
	// One byte more than allowed is enough to know, so a larger file is not read, and an endless one ends.
	const stream = file === '-' ? process.stdin : createReadStream(file, { end: MOST_BYTES, highWaterMark: 1_024 * 1_024 });
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of stream) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > MOST_BYTES) throw new PlanFileError('$', `is larger than ${MOST_BYTES} bytes`);
	}
	return Buffer.concat(chunks, size);
}
