import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../sandbox/http/api-server.ts';
import { broken, double, firstOf, late, lose, nonsense, notFound, refuse, times, tooMany, when } from '../../sandbox/http/misbehave.ts';

let api: ApiServer;
/** What the API has really done. */
let done: string[] = [];

beforeEach(async () => {
	done = [];
	api = await startApi(({ method, path }) => {
		done.push(`${method} ${path}`);
		return { status: 200, body: { done: done.length } };
	});
});
afterEach(() => api.stop());

async function ask(path: string, method = 'GET'): Promise<{ status: number; text: string; retryAfter: string | null }> {
	const response = await fetch(`${api.url}${path}`, { method, signal: AbortSignal.timeout(500) });
	return { status: response.status, text: await response.text(), retryAfter: response.headers.get('retry-after') };
}

describe('a request', () => {
	it.each([
		['refused', refuse(), 400],
		['refused with another status', refuse(403), 403],
		['answered with 404', notFound(), 404],
		['one too many', tooMany(7), 429],
		['met by a broken API', broken(), 500],
	] as const)('that is %s is not carried out', async (_name, fault, status) => {
		api.fault = when('GET', /things/, fault);
		const answer = await ask('/things');
		expect([answer.status, done]).toEqual([status, []]);
		expect(answer.retryAfter).toBe(status === 429 ? '7' : null);
	});

	it('is carried out although its answer is lost', async () => {
		api.fault = when('POST', /things/, lose());
		await expect(ask('/things', 'POST')).rejects.toThrow(/timeout|aborted/);
		expect(done).toEqual(['POST /things']);
	});

	it('is carried out twice, and the second answer arrives', async () => {
		api.fault = when('POST', /things/, double());
		expect((await ask('/things', 'POST')).text).toBe('{"done":2}');
		expect(done).toEqual(['POST /things', 'POST /things']);
		expect(api.counts.get('POST /things')).toBe(1);
	});

	it('is answered late, and whole', async () => {
		api.fault = when('GET', /things/, late(120));
		const startedMs = Date.now();
		expect((await ask('/things')).text).toBe('{"done":1}');
		expect(Date.now() - startedMs).toBeGreaterThanOrEqual(115);
	});

	it('is answered with nonsense: no JSON, or another shape', async () => {
		api.fault = when('GET', /things/, nonsense());
		const answer = await ask('/things');
		expect(answer.status).toBe(200);
		expect(() => JSON.parse(answer.text)).toThrow();
		api.fault = when('GET', /things/, nonsense({ things: 'many' }));
		expect((await ask('/things')).text).toBe('{"things":"many"}');
	});
});

describe('a rule', () => {
	it('is about one method and the paths that match, and about nothing else', async () => {
		api.fault = when('GET', /^\/things\/\d+$/, broken());
		const asked = [
			await ask('/things/1'),
			await ask('/things/1?limit=2'),
			await ask('/things'),
			await ask('/things/1', 'POST'),
			await ask('/other'),
		];
		expect(asked.map(({ status }) => status)).toEqual([500, 500, 200, 200, 200]);
	});

	it('holds for the first so many requests that it is about', async () => {
		api.fault = times(2, when('GET', /things/, broken()));
		const statuses: number[] = [];
		for (const path of ['/other', '/things', '/other', '/things', '/things']) statuses.push((await ask(path)).status);
		expect(statuses).toEqual([200, 500, 200, 500, 200]);
	});

	it('may hold several misbehaviours at once', async () => {
		api.fault = when('GET', /things/, late(120), tooMany(1));
		const startedMs = Date.now();
		expect(await ask('/things')).toMatchObject({ status: 429, retryAfter: '1' });
		expect(Date.now() - startedMs).toBeGreaterThanOrEqual(115);
	});

	it('gives way to the one before it, and takes over when that one has ended', async () => {
		api.fault = firstOf(times(1, when('GET', /things/, broken())), when('GET', /things/, notFound()), when('GET', /.*/, refuse(418)));
		const statuses: number[] = [];
		for (const path of ['/things', '/things', '/other']) statuses.push((await ask(path)).status);
		expect(statuses).toEqual([500, 404, 418]);
	});
});
