/** An endpoint on loopback whose answers are a test's. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RpcEndpoint {
	readonly url: string;
	/** What it was asked, in order. */
	readonly methods: readonly string[];
	close(): void;
}

/** `answer` gives a call's result, or null when it has answered in a way of its own. */
export async function startRpc(answer: (method: string, response: ServerResponse) => string | null): Promise<RpcEndpoint> {
	const methods: string[] = [];
	const server = createServer((request, response) => {
		let text = '';
		request.on('data', (chunk) => {
			text += chunk;
		});
		request.on('end', () => {
			const { id, method } = JSON.parse(text) as { id: number; method: string };
			methods.push(method);
			const result = answer(method, response);
			if (result === null) return;
			response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }));
		});
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		methods,
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}
