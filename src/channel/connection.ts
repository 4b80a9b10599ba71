/**
 * The line to Polymarket's user channel (docs.polymarket.com, user channel), for as long as it is wanted: what breaks is made anew. What is said while there
 * is no line is never said again, so it is told for how long nothing was heard.
 */
import { WebSocket } from 'ws';
import { errorText } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { type ChannelAuth, withoutSecrets } from './auth.ts';

/**
 * `lostMs`: since the last text of the lines before, or, where none ever came, since the first line was subscribed; null on the first. A line counts as
 * connected once it has subscribed: the channel does not confirm it.
 */
export type ChannelState =
	| { readonly kind: 'connected'; readonly lostMs: number | null }
	| { readonly kind: 'lost'; readonly reason: string };

interface ChannelTiming {
	/** Between two heartbeats; a line is dead when nothing came for two. */
	readonly heartbeatMs: number;
	/** At most before the first try after a loss. */
	readonly firstPauseMs: number;
	/** At most between tries, and always after a refusal. */
	readonly mostPauseMs: number;
}

export interface ChannelSettings {
	readonly url: string;
	readonly auth: ChannelAuth;
	/** Condition ids of the markets that are told of; none for all. */
	readonly conditions: readonly string[];
	/** Every text, answers to heartbeats included. What it throws is logged, here and below, and what it promises is not waited for. */
	readonly onText: (text: string) => unknown;
	/** A loss is told once, however many tries fail after it; before the first connection too. */
	readonly onState: (state: ChannelState) => unknown;
	readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
	readonly timing?: Partial<ChannelTiming>;
}

export interface Channel {
	/** At once, whatever it is doing; nothing is told after it. */
	close(): void;
}

/** The documentation asks for a heartbeat every ten seconds. */
const USUAL: ChannelTiming = { heartbeatMs: 10_000, firstPauseMs: 200, mostPauseMs: 10_000 };
const SILENT_HEARTBEATS = 2;
/** A line that the other side ends without a word so soon after it has subscribed is refused: wrong credentials are answered like this. */
const REFUSAL_SHARE = 0.2;
const FORBIDDEN = /server response: 40[13]$/;
const SOCKET = { maxPayload: 1_048_576, perMessageDeflate: false, closeTimeout: 1_000 };

/** Throws when the URL is none of a websocket. */
export function openChannel({ url, auth, conditions, onText, onState, log, timing: given }: ChannelSettings): Channel {
	const timing = { ...USUAL, ...given };
	const { apiKey, secret, passphrase } = auth;
	const greeting = JSON.stringify({ auth: { apiKey, secret, passphrase }, type: 'user', markets: conditions });
	let line: Line | null = null;
	let retry: NodeJS.Timeout | undefined;
	let tries = 0;
	let isLost = false;
	let heard: Moment | null = null;

	const complain = (error: unknown) =>
		log.error({ error: withoutSecrets(errorText(error), auth) }, 'a listener of the user channel has failed');
	const tell = (listener: () => unknown) => {
		try {
			Promise.resolve(listener()).catch(complain);
		} catch (error) {
			complain(error);
		}
	};
	const connect = () => {
		line = openLine({
			...{ url, greeting, heartbeatMs: timing.heartbeatMs },
			onOpen() {
				const lostMs = heard === null ? null : msSince(heard);
				heard ??= now();
				isLost = false;
				log.info({ lostMs }, 'the user channel is connected');
				tell(() => onState({ kind: 'connected', lostMs }));
			},
			onText(text) {
				heard = now();
				tell(() => onText(text));
			},
			onEnd({ reason: said, isRefused, wasSteady }) {
				if (wasSteady) tries = 0;
				const pauseMs = isRefused ? timing.mostPauseMs : pauseBefore(tries, timing);
				tries += 1;
				retry = setTimeout(connect, pauseMs);
				if (isLost) return;
				isLost = true;
				const reason = withoutSecrets(said, auth);
				log.warn({ reason, pauseMs }, 'the user channel is lost');
				tell(() => onState({ kind: 'lost', reason }));
			},
		});
	};
	connect();
	return {
		close() {
			clearTimeout(retry);
			line?.end();
		},
	};
}

interface Line {
	/** Nothing is told after it. */
	end(): void;
}

interface LineEnd {
	readonly reason: string;
	readonly isRefused: boolean;
	/** Whether it was heard of and lived until a heartbeat. */
	readonly wasSteady: boolean;
}

interface LineSettings {
	readonly url: string;
	readonly greeting: string;
	readonly heartbeatMs: number;
	readonly onOpen: () => void;
	readonly onText: (text: string) => void;
	/** Once, unless it was ended from here. */
	readonly onEnd: (end: LineEnd) => void;
}

function openLine({ url, greeting, heartbeatMs, onOpen, onText, onEnd }: LineSettings): Line {
	const socket = new WebSocket(url, SOCKET);
	let opened: Moment | null = null;
	let isHeard = false;
	let wasSteady = false;
	let heartbeat: NodeJS.Timeout | undefined;
	const silentMs = SILENT_HEARTBEATS * heartbeatMs;
	const silence = setTimeout(() => over(`nothing was heard for ${silentMs} ms`), silentMs);
	const end = () => {
		clearTimeout(silence);
		clearInterval(heartbeat);
		socket.removeAllListeners();
		// One that is still connecting complains that it was ended.
		socket.on('error', () => undefined);
		socket.terminate();
	};
	const over = (reason: string) => {
		end();
		const isCutShort = opened !== null && !isHeard && msSince(opened) < REFUSAL_SHARE * heartbeatMs;
		onEnd({ reason, isRefused: isCutShort || FORBIDDEN.test(reason), wasSteady });
	};
	socket.on('open', () => {
		opened = now();
		socket.send(greeting);
		heartbeat = setInterval(() => {
			wasSteady ||= isHeard;
			socket.send('PING');
		}, heartbeatMs);
		silence.refresh();
		onOpen();
	});
	socket.on('message', (data) => {
		isHeard = true;
		silence.refresh();
		onText(String(data));
	});
	socket.on('error', (error) => over(errorText(error)));
	socket.on('close', (code, reason) => over(`closed with ${code}${reason.length === 0 ? '' : `: ${errorText(String(reason))}`}`));
	return { end };
}

/** Doubles from try to try; by chance down to half, so that not everybody comes back at once. */
function pauseBefore(tries: number, { firstPauseMs, mostPauseMs }: ChannelTiming): number {
	return Math.min(firstPauseMs * 2 ** tries, mostPauseMs) * (1 - Math.random() / 2);
}

interface Moment {
	readonly wallMs: number;
	readonly steadyMs: number;
}

const now = (): Moment => ({ wallMs: Date.now(), steadyMs: performance.now() });

/** The wall clock may be set back, and the steady one may stand still while the machine sleeps: the longer of both, in whole milliseconds. */
const msSince = ({ wallMs, steadyMs }: Moment): number => Math.ceil(Math.max(Date.now() - wallMs, performance.now() - steadyMs));
