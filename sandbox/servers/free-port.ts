import { once } from 'node:events';
import { createServer } from 'node:net';

const given = new Set<number>();
const START_ATTEMPTS = 4;

/** A loopback port that was free a moment ago and that this process has not given away before: `preferred` if it is one. */
export async function freePort(preferred?: number): Promise<number> {
	if (preferred !== undefined && !given.has(preferred)) {
		const port = await probe(preferred).catch(() => null);
		if (port !== null) return port;
	}
	for (;;) {
		const port = await probe(0);
		if (!given.has(port)) {
			given.add(port);
			return port;
		}
	}
}

/** Opens the port for a moment; 0 lets the system choose. Throws when it is taken. */
async function probe(wanted: number): Promise<number> {
	const server = createServer();
	server.listen(wanted, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	if (address === null || typeof address === 'string') throw new Error('the probe has no port');
	return address.port;
}

/** Starts something on a free port, and on another one when somebody else was faster to take it. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await start(await freePort());
		} catch (error) {
			if (attempt === START_ATTEMPTS || !isPortTaken(error)) throw error;
		}
	}
}

function isPortTaken(error: unknown): boolean {
	return error instanceof Error && /in use|EADDRINUSE|could not bind|could not create any TCP/i.test(error.message);
}
