/** A line to a server that can be cut after a request has been let through and before its answer is. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface LosingProxy {
	readonly port: number;
	/** Cuts the line once, instead of handing over the answer after so many others; null for none. */
	loseAfter(answers: number | null): void;
	/** How many have been lost. */
	lost(): number;
	/** How many lines there have been. */
	opened(): number;
	/** The lines that are open now carry nothing any more, and stay open. */
	fallSilent(): void;
	close(): Promise<void>;
}

export async function startLosingProxy(port: number): Promise<LosingProxy> {
	let next: number | null = null;
	let lost = 0;
	let opened = 0;
	const sockets = new Set<Socket>();
	const silent = new WeakSet<Socket>();
	const proxy = createServer((caller) => {
		opened += 1;
		const server = connect(port, '127.0.0.1');
		for (const [one, other] of [[caller, server] as const, [server, caller] as const]) {
			sockets.add(one);
			one.on('error', () => {});
			one.on('close', () => {
				sockets.delete(one);
				other.destroy();
			});
		}
		// What the client says of itself when it connects is no call of ours.
		let isCalling = false;
		caller.on('data', (chunk) => {
			if (silent.has(caller)) return;
			isCalling ||= /\r\neval(sha)?\r\n/i.test(chunk.toString('latin1'));
			server.write(chunk);
		});
		server.on('data', (chunk) => {
			if (isCalling && next !== null) next -= 1;
			if (next !== -1) return void caller.write(chunk);
			next = null;
			lost += 1;
			caller.destroy();
		});
	});
	proxy.listen(0, '127.0.0.1');
	await once(proxy, 'listening');
	const address = proxy.address();
	return {
		port: typeof address === 'object' && address !== null ? address.port : 0,
		loseAfter: (answers) => {
			next = answers;
		},
		lost: () => lost,
		opened: () => opened,
		fallSilent() {
			for (const socket of sockets) silent.add(socket);
		},
		async close() {
			for (const socket of sockets) socket.destroy();
			proxy.close();
			await once(proxy, 'close');
		},
	};
}
