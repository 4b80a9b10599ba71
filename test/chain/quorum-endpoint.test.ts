import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { openEndpoint } from '../../src/chain/quorum-endpoint.ts';
import { ConfigError, errorText } from '../../src/errors.ts';
import { startRpc } from './rpc-endpoint.ts';

const open: (() => void)[] = [];
afterEach(() => {
	for (const close of open.splice(0)) close();
});

type Fate = (response: ServerResponse, method: string) => boolean;

/** Two cores may be busy with other files. */
const TIMEOUT_MS = 5_000;
const SHORT_MS = 300;

/** An endpoint of chain 10 whose `fate` answers in its place where it returns true. */
async function endpoint(fate: { now: Fate; chainId?: number }, timeoutMs = TIMEOUT_MS) {
	const { url, methods, close } = await startRpc((method, response) => {
		if (fate.now(response, method)) return null;
		return method === 'eth_chainId' ? `0x${(fate.chainId ?? 10).toString(16)}` : '0x7';
	});
	open.push(close);
	const { request, doubt } = openEndpoint({ key: 'chains.10.rpcUrls[0]', url: `${url}/v2/key-of-ours`, chainId: 10, timeoutMs });
	const height = () => request({ method: 'eth_blockNumber', params: [] });
	return { height, doubt, methods, asked: () => methods.filter((method) => method === 'eth_blockNumber').length };
}

const toHeights = (fate: (response: ServerResponse) => unknown): Fate => {
	return (response, method) => method === 'eth_blockNumber' && fate(response) !== undefined;
};

describe('an endpoint', () => {
	it('is asked once more when it fails, and not when it has answered', async () => {
		let left = 1;
		const fate = { now: toHeights((response) => (left-- > 0 ? response.writeHead(503).end() : undefined)) };
		const { height, asked } = await endpoint(fate);
		expect([await height(), asked()]).toEqual(['0x7', 2]);
		const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32_000, message: 'header not found' } });
		fate.now = toHeights((response) => response.setHeader('content-type', 'application/json').end(answer));
		await expect(height()).rejects.toThrow(/header not found/);
		expect(asked()).toBe(3);
	});

	it('that wants to be left alone for longer than a call may take is left alone', async () => {
		const { height, asked } = await endpoint({ now: toHeights((response) => response.writeHead(429, { 'retry-after': '3600' }).end()) });
		await expect(height()).rejects.toThrow(/429/);
		expect(asked()).toBe(1);
	});

	it('is not waited for beyond its limit, also when its answer begins and never ends', async () => {
		for (const fate of [() => true, (response: ServerResponse) => response.writeHead(200).write('{')]) {
			const { height } = await endpoint({ now: toHeights(fate) }, SHORT_MS);
			await expect(height()).rejects.toThrow(/took too long/);
		}
	});

	it('is never named by its address, which may hold a key', async () => {
		const { height } = await endpoint({ now: toHeights((response) => response.writeHead(404).end()) });
		const error = await height().catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(Error);
		expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/key-of-ours/);
		expect(String(error)).toMatch(/URL: chains\.10\.rpcUrls\[0\]\. Status: 404\./);
	});

	it('that cannot be reached says why, in one line', async () => {
		const { request } = openEndpoint({
			key: 'chains.10.rpcUrls[0]',
			url: 'http://127.0.0.1:1/key-of-ours',
			chainId: 10,
			timeoutMs: TIMEOUT_MS,
		});
		const said = await request({ method: 'eth_blockNumber', params: [] }).catch((thrown: unknown) => errorText(thrown));
		expect(said).toMatch(/^HTTP request failed\. URL: chains\.10\.rpcUrls\[0\]\. fetch failed: .+$/);
	});

	it('proves its chain once, and again once it is doubted', async () => {
		const fate: { now: Fate; chainId?: number } = { now: () => false };
		const { height, doubt, methods } = await endpoint(fate);
		await Promise.all([height(), height(), height()]);
		expect(methods.filter((method) => method === 'eth_chainId')).toHaveLength(1);
		fate.chainId = 56;
		expect(await height()).toBe('0x7');
		doubt();
		await expect(height()).rejects.toThrow(ConfigError);
		await expect(height()).rejects.toThrow(/serves chain 56, not 10/);
		fate.chainId = 10;
		expect(await height()).toBe('0x7');
	});
});
