import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kinds, type Listener, listenersPerTest, QUICK, until } from './listener.ts';

const { polymarket, start, isHeard, startHearing } = listenersPerTest();

describe('a channel that is closed', () => {
	let deaf: Server;
	const callers: Socket[] = [];
	beforeAll(async () => {
		deaf = createServer((socket) => callers.push(socket.on('error', () => undefined)));
		await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
	});
	afterAll(() => new Promise<void>((resolve) => deaf.close(() => resolve())));
	const deafUrl = () => `ws://127.0.0.1:${(deaf.address() as { port: number }).port}/ws/user`;

	it('tells nothing when it had only begun to connect', async () => {
		const listener = start();
		listener.close();
		const other = start();
		await isHeard();
		expect([listener.states, polymarket().channel.subscriptions.length]).toEqual([[], 1]);
		other.close();
		await until(() => polymarket().channel.lines === 0);
	});

	it('leaves a server that does not answer the handshake', async () => {
		const listener = start({ url: deafUrl() });
		await until(() => callers.length === 1);
		const left = new Promise((resolve) => callers[0]?.once('close', resolve).resume());
		listener.close();
		await left;
		expect(listener.states).toEqual([]);
	});

	it('would else have given that server up by itself', async () => {
		const listener = start({ url: deafUrl(), timing: { ...QUICK, heartbeatMs: 30 } });
		await until(() => callers.length >= 3);
		expect(listener.states).toEqual([{ kind: 'lost', reason: 'nothing was heard for 60 ms' }]);
		listener.close();
		for (const each of callers) each.destroy();
	});

	it('cuts its line at once', async () => {
		const listener = await startHearing();
		listener.close();
		polymarket().say('late');
		await until(() => polymarket().channel.lines === 0);
		expect([kinds(listener), listener.texts]).toEqual([['connected'], ['[]']]);
	});

	it('does not try again', async () => {
		polymarket().channel.down();
		const listener = start();
		await until(() => polymarket().channel.tries >= 3);
		listener.close();
		const { tries } = polymarket().channel;
		const other = start();
		await until(() => polymarket().channel.tries >= tries + 4);
		other.close();
		polymarket().channel.up();
		start();
		await isHeard();
		expect([kinds(listener), polymarket().channel.subscriptions.length]).toEqual([['lost'], 1]);
	});

	it.each(['connected', 'lost'] as const)('may be closed by who is told that it is %s', async (kind) => {
		let told = 0;
		const listener: Listener = start({
			onState: (state) => {
				told += 1;
				if (state.kind === kind) listener.close();
			},
		});
		if (kind === 'lost') {
			await isHeard();
			polymarket().channel.drop();
		}
		const last = kind === 'connected' ? 1 : 2;
		await until(() => told === last);
		// The server may see this line a little after it has ended.
		const other = await startHearing();
		polymarket().channel.drop();
		await until(() => other.states.length === 3);
		expect(told).toBe(last);
	});

	it('keeps no timer', async () => {
		const spies = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'setTimeout')] as const;
		const [ended, cleared] = [vi.spyOn(globalThis, 'clearInterval'), vi.spyOn(globalThis, 'clearTimeout')];
		const listener = await startHearing({ timing: { ...QUICK, heartbeatMs: 7_777 } });
		listener.close();
		const begun = spies.flatMap(({ mock }) => mock.results.filter((_, index) => Number(mock.calls[index]?.[1]) % 7_777 === 0));
		const stopped = [...ended.mock.calls, ...cleared.mock.calls].map(([timer]) => timer);
		vi.restoreAllMocks();
		expect(begun).toHaveLength(2);
		for (const { value } of begun) expect(stopped).toContain(value);
	});

	it('may be closed twice', async () => {
		const listener = await startHearing();
		listener.close();
		listener.close();
		await until(() => polymarket().channel.lines === 0);
		expect(kinds(listener)).toEqual(['connected']);
	});
});
