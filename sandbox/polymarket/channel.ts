/**
 * The websocket of the user channel. Kept: the first text subscribes and is answered by nothing, "PING" is answered by "PONG", what was said while nobody
 * listened is not said again, and whoever has wrong credentials is cut off without a word.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiAuth } from './api.ts';

export interface Channel {
	readonly url: string;
	/** Lines that have subscribed and are still there. */
	readonly lines: number;
	/** Of all lines that ever came: what each of them subscribed to, also those that were refused. */
	readonly subscriptions: readonly (readonly string[])[];
	/** Heartbeats that came. */
	readonly pings: number;
	/** Tries to connect, also those that found nobody. */
	readonly tries: number;
	/** To every line that asked for this market, or for all of them; null: to every line. */
	tell(text: string, market: string | null): void;
	/** Cuts every line without a word. */
	drop(): void;
	/** Cuts every line, and every one that comes is cut before it is one. */
	down(): void;
	up(): void;
	/** The lines that are there now neither answer nor tell, and stay open; later ones are as usual. */
	fallSilent(): void;
	/** Whoever subscribes is sent away with this reason; null: nobody is. */
	refuse(reason: string | null): void;
	forget(): void;
	stop(): Promise<void>;
}

interface Line {
	readonly socket: WebSocket;
	readonly markets: readonly string[];
	isSilent: boolean;
}

export async function startChannel(auth: ApiAuth): Promise<Channel> {
	const lines = new Set<Line>();
	const subscriptions: (readonly string[])[] = [];
	const state = { url: '', pings: 0, tries: 0, isDown: false, refusal: null as string | null };
	const server = createServer((_, response) => response.writeHead(426).end());
	server.on('connection', (socket) => {
		state.tries += 1;
		if (state.isDown) socket.destroy();
	});
	const sockets = new WebSocketServer({ server, path: '/ws/user' });
	const subscribe = (socket: WebSocket, text: string): Line | null => {
		const { isAccepted, markets } = subscriptionOf(text, auth);
		subscriptions.push(markets);
		if (state.refusal !== null) socket.close(1008, state.refusal);
		else if (!isAccepted) socket.terminate();
		else return { socket, markets, isSilent: false };
		return null;
	};
	sockets.on('connection', (socket) => {
		let line: Line | null = null;
		socket.on('error', () => socket.terminate());
		socket.on('close', () => line !== null && lines.delete(line));
		socket.on('message', (data) => {
			const text = String(data);
			// What was cut off may still have something under way.
			if (socket.readyState !== socket.OPEN) return;
			if (line === null) {
				line = subscribe(socket, text);
				if (line !== null) lines.add(line);
			} else if (text === 'PING') {
				state.pings += 1;
				if (!line.isSilent) socket.send('PONG');
			}
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	state.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/user`;
	return controlsOf({ server, sockets, lines, state, subscriptions });
}

interface Parts {
	readonly server: Server;
	readonly sockets: WebSocketServer;
	readonly lines: Set<Line>;
	readonly state: { readonly url: string; pings: number; tries: number; isDown: boolean; refusal: string | null };
	readonly subscriptions: (readonly string[])[];
}

function controlsOf({ server, sockets, lines, state, subscriptions }: Parts): Channel {
	const drop = () => {
		lines.clear();
		for (const socket of sockets.clients) socket.terminate();
	};
	return {
		get url() {
			return state.url;
		},
		get lines() {
			return lines.size;
		},
		get pings() {
			return state.pings;
		},
		get tries() {
			return state.tries;
		},
		subscriptions,
		tell(text, market) {
			for (const { socket, markets, isSilent } of lines) {
				if (!isSilent && (market === null || markets.length === 0 || markets.includes(market))) socket.send(text);
			}
		},
		drop,
		down() {
			state.isDown = true;
			drop();
		},
		up() {
			state.isDown = false;
		},
		fallSilent() {
			for (const line of lines) line.isSilent = true;
		},
		refuse(reason) {
			state.refusal = reason;
		},
		forget() {
			drop();
			Object.assign(state, { pings: 0, tries: 0, isDown: false, refusal: null });
			subscriptions.length = 0;
		},
		stop() {
			drop();
			return new Promise((resolve) => {
				sockets.close();
				server.close(() => resolve());
				server.closeAllConnections();
			});
		},
	};
}

function subscriptionOf(text: string, { apiKey, secret, passphrase }: ApiAuth): { isAccepted: boolean; markets: readonly string[] } {
	try {
		const { auth, type, markets } = JSON.parse(text) as { auth: Partial<ApiAuth>; type: unknown; markets?: string[] };
		// What is not asked for is not sent either.
		const isBare = Object.keys(auth).length === 3;
		const isAccepted = isBare && auth.apiKey === apiKey && auth.secret === secret && auth.passphrase === passphrase;
		return { isAccepted: isAccepted && String(type).toLowerCase() === 'user', markets: markets ?? [] };
	} catch {
		return { isAccepted: false, markets: [] };
	}
}
