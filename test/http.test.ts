import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PermanentError, TransientError } from '../src/errors.ts';
import { createJsonClient } from '../src/http.ts';

const schema = z.object({ value: z.string() });
type Reply = () => Response | Promise<Response>;

/** A service outside: answers with the replies in turn, and remembers what it was asked and how long the client paused. */
function service(replies: readonly Reply[], overrides: { maxBytes?: number; timeoutMs?: number } = {}) {
	const requests: { url: string; method: string | undefined }[] = [];
	const pauses: number[] = [];
	const answer: typeof fetch = async (url, init) => {
		const reply = replies[requests.length];
		requests.push({ url: String(url), method: init?.method });
		if (reply === undefined) throw new Error('asked too often');
		return reply();
	};
	const client = createJsonClient({
		fetch: answer,
		timeoutMs: 1_000,
		baseUrl: 'http://outside.test/api/',
		service: 'Outside',
		wait: async (ms) => pauses.push(ms),
		nowMs: () => Date.parse('2026-01-01T00:00:00Z'),
		...overrides,
	});
	return { client, requests, pauses };
}

const fine: Reply = () => Response.json({ value: 'fine', more: 1 });
const status =
	(code: number, headers: Record<string, string> = {}): Reply =>
	() =>
		new Response('because', { status: code, headers });
const get = { path: '/thing', query: { a: '1 2' }, schema };

describe('a GET', () => {
	it('returns the parsed body, and asks exactly the path and query', async () => {
		const { client, requests } = service([fine]);
		expect(await client.get(get)).toEqual({ kind: 'found', value: { value: 'fine' } });
		expect(requests).toEqual([{ url: 'http://outside.test/api/thing?a=1+2', method: 'GET' }]);
	});

	it('takes 404 as an answer, not as an error', async () => {
		expect(await service([status(404)]).client.get(get)).toEqual({ kind: 'notFound' });
	});

	it.each([500, 502, 503, 429, 408])('is asked once more after %i', async (code) => {
		const { client, pauses } = service([status(code), fine]);
		expect(await client.get(get)).toMatchObject({ kind: 'found' });
		expect(pauses).toEqual([200]);
	});

	it('is asked once more after a lost connection, and then fails as transient with its cause', async () => {
		const lost: Reply = () => {
			throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') });
		};
		const { client, requests } = service([lost, lost]);
		await expect(client.get(get)).rejects.toThrow(/Outside: GET \/thing: status none: fetch failed \(ECONNRESET\)/);
		expect(requests).toHaveLength(2);
	});

	it('names service, path and status when it stays unanswered', async () => {
		const failure = await service([status(503), status(503)])
			.client.get(get)
			.catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(TransientError);
		expect(failure).toMatchObject({ details: { service: 'Outside', path: '/thing', status: '503' } });
	});

	it.each([
		['1', 1_000],
		['0', 0],
		['Thu, 01 Jan 2026 00:00:02 GMT', 2_000],
		['nonsense', 200],
	])('waits as Retry-After %j says', async (header, pauseMs) => {
		const { client, pauses } = service([status(429, { 'retry-after': header }), fine]);
		await client.get(get);
		expect(pauses).toEqual([pauseMs]);
	});

	it('does not wait inside one call when Retry-After asks for long', async () => {
		const { client, requests } = service([status(429, { 'retry-after': '300' }), fine]);
		await expect(client.get(get)).rejects.toBeInstanceOf(TransientError);
		expect(requests).toHaveLength(1);
	});

	it.each([400, 401, 403, 422])('fails for good after %i, with the beginning of the body and without a second try', async (code) => {
		const { client, requests } = service([() => new Response('x'.repeat(1_000), { status: code })]);
		const failure = await client.get(get).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(PermanentError);
		expect(String(failure)).toContain(`answers ${code}: ${'x'.repeat(300)}`);
		expect(String(failure)).not.toContain('x'.repeat(301));
		expect(requests).toHaveLength(1);
	});

	it.each([
		['no JSON', () => new Response('<html>')],
		['an empty body', () => new Response('')],
		['another shape', () => Response.json({ value: 5 })],
	] as [string, Reply][])('concludes nothing from %s', async (_name, reply) => {
		const { client, requests } = service([reply]);
		await expect(client.get(get)).rejects.toBeInstanceOf(TransientError);
		expect(requests).toHaveLength(1);
	});

	it('names the field of a wrong shape', async () => {
		await expect(service([() => Response.json({})]).client.get(get)).rejects.toThrow(/value/);
	});

	it('stops reading a body that is too large', async () => {
		const { client } = service([() => Response.json({ value: 'y'.repeat(200) }), () => Response.json({ value: 'y'.repeat(200) })], {
			maxBytes: 100,
		});
		await expect(client.get(get)).rejects.toThrow(/larger than 100 bytes/);
	});

	it('gives up after its time limit, without a second wait', async () => {
		let asked = 0;
		const silent: typeof fetch = (_url, init) => {
			asked += 1;
			return new Promise((_resolve, reject) => {
				const beat = setInterval(() => undefined, 10);
				init?.signal?.addEventListener('abort', () => {
					clearInterval(beat);
					reject(init.signal?.reason);
				});
			});
		};
		const client = createJsonClient({ fetch: silent, timeoutMs: 20, baseUrl: 'http://outside.test', service: 'Outside' });
		await expect(client.get(get)).rejects.toThrow(/no answer within 20 ms/);
		expect(asked).toBe(1);
	});
});

describe('a POST', () => {
	it.each([500, 429])('is never sent twice, also not after %i', async (code) => {
		const { client, requests } = service([status(code), fine]);
		await expect(client.post({ path: '/thing', body: {}, schema })).rejects.toBeInstanceOf(TransientError);
		expect(requests).toEqual([{ url: 'http://outside.test/api/thing', method: 'POST' }]);
	});
});
