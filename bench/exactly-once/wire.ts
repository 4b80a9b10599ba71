/** A wire to a server that counts round trips as they are, whatever is said: how often the client speaks after the server has spoken. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

interface Wire {
	/** So far, of all connections together. */
	readonly trips: number;
	/** The same URL, by way of the wire. */
	through(url: string): string;
	stop(): Promise<void>;
}

/** `serverUrl` names host and port. */
export async function openWire(serverUrl: string): Promise<Wire> {
	const { hostname, port } = new URL(serverUrl);
	const tally = { trips: 0 };
	const sockets = new Set<Socket>();
	const wire = createServer((client) => {
		const server = connect({ host: hostname, port: Number(port), noDelay: true });
		client.setNoDelay(true);
		let hasAnswered = true;
		client.on('data', () => {
			if (hasAnswered) tally.trips += 1;
			hasAnswered = false;
		});
		server.on('data', () => {
			hasAnswered = true;
		});
		for (const [from, to] of [
			[client, server],
			[server, client],
		] as const) {
			sockets.add(from);
			from.pipe(to);
			from.on('error', () => to.destroy());
			from.on('close', () => sockets.delete(from));
		}
	});
	await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
	return {
		get trips() {
			return tally.trips;
		},
		through(url) {
			const changed = new URL(url);
			changed.port = `${(wire.address() as AddressInfo).port}`;
			return changed.href;
		},
		async stop() {
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => wire.close(() => resolve()));
		},
	};
}
