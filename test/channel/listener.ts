/** A channel whose texts, states and log lines a test can look at. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { type Polymarket, startPolymarket } from '../../sandbox/polymarket/polymarket.ts';
import { type ChannelSettings, type ChannelState, openChannel } from '../../src/channel/connection.ts';

export interface Listener {
	readonly texts: string[];
	readonly states: ChannelState[];
	/** Everything that was logged, as text. */
	readonly lines: string[];
	/** What was waited for after each loss, in milliseconds. */
	readonly pausesMs: number[];
	close(): void;
}

function listen(settings: Pick<ChannelSettings, 'url' | 'auth'> & Partial<ChannelSettings>): Listener {
	const heard = { texts: [] as string[], states: [] as ChannelState[], lines: [] as string[], pausesMs: [] as number[] };
	const write = (ids: object, message: string) => {
		heard.lines.push(JSON.stringify({ ...ids, message }));
		if ('pauseMs' in ids) heard.pausesMs.push(Number(ids.pauseMs));
	};
	// Of all that a log takes, these are the only lines that are written.
	const log = { info: write, warn: write, error: write } as unknown as ChannelSettings['log'];
	const onText = (text: string) => heard.texts.push(text);
	const onState = (state: ChannelState) => heard.states.push(state);
	return { ...heard, close: openChannel({ conditions: [], onText, onState, log, ...settings }).close };
}

/** Quick to come back, and never in need of a heartbeat. */
export const QUICK = { heartbeatMs: 10_000, firstPauseMs: 5, mostPauseMs: 40 };

export const until = (holds: () => unknown) => vi.waitFor(() => expect(holds()).toBeTruthy(), { interval: 2, timeout: 5_000 });

export const kinds = ({ states }: Listener) => states.map(({ kind }) => kind);

/** The account at the order book, and listeners that are closed after their test. */
export function listenersPerTest() {
	let polymarket: Polymarket | null = null;
	const open: Listener[] = [];
	beforeAll(async () => {
		polymarket = await startPolymarket();
	});
	afterAll(() => polymarket?.stop());
	beforeEach(() => polymarket?.forget());
	afterEach(() => {
		for (const each of open.splice(0)) each.close();
	});
	const running = (): Polymarket => {
		if (polymarket === null) throw new Error('no test is running');
		return polymarket;
	};
	const start = (settings: Partial<ChannelSettings> = {}): Listener => {
		const listener = listen({ url: running().channelUrl, auth: running().auth, timing: QUICK, ...settings });
		open.push(listener);
		return listener;
	};
	const isHeard = () => until(() => running().channel.lines === 1);
	/** Waits until this listener has subscribed and heard something. */
	const startHearing = async (settings: Partial<ChannelSettings> = {}): Promise<Listener> => {
		const listener = start(settings);
		await isHeard();
		running().say('[]');
		await until(() => listener.texts.length > 0);
		return listener;
	};
	return { polymarket: running, start, isHeard, startHearing };
}
