import type { IncomingMessage } from 'node:http';

const MOST_BYTES = 10_000_000;

/** The body as text. Throws above ten megabytes. */
export async function readBody(incoming: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of incoming) {
		const part = chunk as Buffer;
		bytes += part.length;
		if (bytes > MOST_BYTES) throw new Error('the request is too large');
		chunks.push(part);
	}
	return Buffer.concat(chunks).toString('utf8');
}
