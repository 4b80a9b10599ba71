import { createServer } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { kinds, listenersPerTest, QUICK, until } from './listener.ts';

const MARKET = `0x${'c0'.repeat(32)}` as const;

const { polymarket, start, isHeard, startHearing } = listenersPerTest();
const trade = (): string => polymarket().trade({ market: MARKET, asset: 1n, side: 'BUY', size: '1' });

describe('a line to the user channel', () => {
	it('subscribes to its markets, is connected at once, and hands on every text', async () => {
		const listener = start({ conditions: [MARKET] });
		await isHeard();
		expect(polymarket().channel.subscriptions).toEqual([[MARKET]]);
		expect(listener.states).toEqual([{ kind: 'connected', lostMs: null }]);
		trade();
		polymarket().say('no JSON');
		await until(() => listener.texts.length === 2);
		expect(JSON.parse(listener.texts[0] ?? '')).toMatchObject({ event_type: 'trade', id: 'trade-1' });
		expect(listener.texts[1]).toBe('no JSON');
	});

	it('lives on heartbeats alone', async () => {
		const listener = start({ timing: { ...QUICK, heartbeatMs: 250 } });
		await until(() => polymarket().channel.pings >= 3);
		expect(kinds(listener)).toEqual(['connected']);
		expect(new Set(listener.texts)).toEqual(new Set(['PONG']));
	});

	it('is made anew when it is open and silent for two heartbeats', async () => {
		const listener = await startHearing({ timing: { ...QUICK, heartbeatMs: 100 } });
		polymarket().channel.fallSilent();
		await until(() => listener.states.length === 3);
		expect(listener.states).toEqual([
			{ kind: 'connected', lostMs: null },
			{ kind: 'lost', reason: 'nothing was heard for 200 ms' },
			{ kind: 'connected', lostMs: expect.any(Number) },
		]);
		expect((listener.states[2] as { lostMs: number }).lostMs).toBeGreaterThanOrEqual(200);
		await isHeard();
		trade();
		await until(() => listener.texts.some((text) => text.includes('trade-1')));
	});

	it('takes no text of more than a mebibyte', async () => {
		const listener = await startHearing();
		polymarket().say('x'.repeat(1_048_576));
		await until(() => listener.texts.length === 2);
		polymarket().say('x'.repeat(1_048_577));
		await until(() => kinds(listener).includes('lost'));
		expect(listener.texts).toHaveLength(2);
		expect(listener.states[1]).toEqual({ kind: 'lost', reason: expect.stringMatching(/payload/i) });
	});
});

describe('a line that is lost', () => {
	it('is there again after at most 200 ms unless told otherwise, and what was said meanwhile is not', async () => {
		const listener = await startHearing({ timing: {} });
		polymarket().channel.drop();
		await until(() => kinds(listener).includes('lost'));
		trade();
		await until(() => listener.states.length === 3);
		expect(kinds(listener)).toEqual(['connected', 'lost', 'connected']);
		expect(listener.pausesMs[0]).toBeLessThanOrEqual(200);
		await isHeard();
		expect(listener.texts).toEqual(['[]']);
	});

	it('is lost once, however long nobody is there, and knows for how long it was', async () => {
		const listener = await startHearing();
		polymarket().channel.down();
		await until(() => polymarket().channel.tries >= 8);
		expect(kinds(listener)).toEqual(['connected', 'lost']);
		const lostAt = performance.now();
		await until(() => performance.now() - lostAt > 20);
		polymarket().channel.up();
		await until(() => listener.states.length === 3);
		expect(listener.states[2]).toEqual({ kind: 'connected', lostMs: expect.any(Number) });
		expect((listener.states[2] as { lostMs: number }).lostMs).toBeGreaterThan(20);
	});

	it('was silent since its last text, or since it subscribed where there was none', async () => {
		const listener = start();
		await isHeard();
		const subscribedMs = performance.now();
		await until(() => performance.now() - subscribedMs > 100);
		const saidMs = performance.now();
		polymarket().say('[]');
		await until(() => listener.texts.length === 1);
		polymarket().channel.drop();
		await until(() => listener.states.length === 3);
		expect((listener.states[2] as { lostMs: number }).lostMs).toBeLessThanOrEqual(performance.now() - saidMs + 2);
		listener.close();
		polymarket().forget();
		const other = start();
		await isHeard();
		polymarket().channel.drop();
		await until(() => other.states.length === 3);
		expect(other.states[2]).toEqual({ kind: 'connected', lostMs: expect.any(Number) });
	});

	it('is told at every loss, and tried again soon after every line that lasted', async () => {
		const listener = start({ timing: { ...QUICK, heartbeatMs: 80 } });
		for (const losses of [1, 2, 3]) {
			await isHeard();
			const { pings } = polymarket().channel;
			await until(() => polymarket().channel.pings >= pings + 2);
			polymarket().channel.drop();
			await until(() => listener.states.length === 2 * losses + 1);
		}
		expect(kinds(listener)).toEqual([...Array(3).fill(['connected', 'lost']).flat(), 'connected']);
		expect(Math.max(...listener.pausesMs)).toBeLessThanOrEqual(QUICK.firstPauseMs);
	});

	it('waits longer from try to try, and never longer than it may', async () => {
		const seen: number[] = [];
		const wait = vi.spyOn(globalThis, 'setTimeout');
		polymarket().channel.down();
		const listener = start({ timing: { heartbeatMs: 77_777, firstPauseMs: 4, mostPauseMs: 31 } });
		await until(() => polymarket().channel.tries >= 8);
		listener.close();
		for (const [, ms] of wait.mock.calls) if (ms !== undefined && ms <= 31 && !Number.isInteger(ms)) seen.push(ms);
		wait.mockRestore();
		for (const [index, most] of [4, 8, 16, 31, 31, 31].entries()) {
			expect(seen[index]).toBeLessThanOrEqual(most);
			expect(seen[index]).toBeGreaterThanOrEqual(most / 2);
		}
	});

	it('says that it is lost when it never was there', async () => {
		polymarket().channel.down();
		const listener = start();
		await until(() => polymarket().channel.tries >= 3);
		expect(kinds(listener)).toEqual(['lost']);
		polymarket().channel.up();
		await until(() => listener.states.length === 2);
		expect(listener.states[1]).toEqual({ kind: 'connected', lostMs: null });
	});
});

describe('a line that is refused', () => {
	it.each([
		['cuts it off', { ...QUICK, firstPauseMs: 1, mostPauseMs: 300 }, null],
		['says why', { ...QUICK, firstPauseMs: 1, mostPauseMs: 300 }, 'invalid credentials'],
	])('is tried again slowly by whoever %s', async (_, timing, reason) => {
		polymarket().channel.refuse(reason);
		const wrong = { ...polymarket().auth, passphrase: 'another passphrase' };
		const listener = start({ timing, auth: wrong });
		await until(() => kinds(listener).includes('lost'));
		const refusedMs = performance.now();
		expect(listener.pausesMs).toEqual([300]);
		if (reason !== null) expect(listener.states[1]).toEqual({ kind: 'lost', reason: 'closed with 1008: invalid credentials' });
		await until(() => polymarket().channel.subscriptions.length === 2);
		expect(performance.now() - refusedMs).toBeGreaterThan(290);
	});

	it('is tried again slowly when the handshake forbids it', async () => {
		const server = createServer().on('upgrade', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n'));
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const listener = start({ url: `ws://127.0.0.1:${(server.address() as { port: number }).port}/ws/user` });
		await until(() => kinds(listener).includes('lost'));
		expect(listener.pausesMs).toEqual([QUICK.mostPauseMs]);
		listener.close();
		await new Promise((resolve) => server.close(resolve));
	});

	it('never tells what nobody should see', async () => {
		const { apiKey, secret, passphrase } = polymarket().auth;
		polymarket().channel.refuse(`${passphrase} ${secret}`);
		const listener = start({
			onState: () => {
				throw new Error(`at ${apiKey}`);
			},
		});
		await until(() => listener.lines.filter((line) => line.includes('has failed')).length === 2);
		for (const each of [apiKey, secret, passphrase]) expect(listener.lines.join('\n')).not.toContain(each);
		expect(listener.lines.join('\n')).toContain('[removed]');
	});
});

describe('a listener that fails', () => {
	it.each([
		['throws', () => fail()],
		['promises and fails', () => Promise.reject(new Error('told to fail'))],
	])('is logged and stops nothing: it %s', async (_, onText) => {
		const listener = start({ onText, onState: onText });
		await isHeard();
		trade();
		polymarket().channel.drop();
		await until(() => polymarket().channel.subscriptions.length === 2);
		await until(() => listener.lines.filter((line) => line.includes('told to fail')).length >= 4);
	});

	const fail = () => {
		throw new Error('told to fail');
	};
});
