import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiAnswer, type ApiRequest, type ApiServer, startApi } from '../../../sandbox/http/api-server.ts';
import { broken, nonsense, notFound, refuse, tooMany, when } from '../../../sandbox/http/misbehave.ts';
import { createIris, type Iris } from '../../../src/bridge/cctp-v2/iris.ts';
import { pairOf } from '../../../src/bridge/cctp-v2/settings.ts';
import { BusyError, PermanentError, TransientError } from '../../../src/errors.ts';
import { noExchange } from '../uncounted.ts';
import { BURN_TX, NONCE, ORDER, SETTINGS } from './burns.ts';

const PAIR = pairOf(SETTINGS, ORDER);
const MESSAGE = {
	message: '0xAB',
	attestation: 'PENDING',
	status: 'pending_confirmations',
	delayReason: null,
	decodedMessage: { nonce: '7' },
};
const ANSWERS: Readonly<Record<string, unknown>> = {
	'GET /v2/burn/USDC/fees/0/2': [
		{ finalityThreshold: 1_000, minimumFee: 1.3 },
		{ finalityThreshold: 2_000, minimumFee: 0 },
	],
	'GET /v2/fastBurn/USDC/allowance': { allowance: 123_999.999999, lastUpdated: '2026-01-01T00:00:00Z' },
	'GET /v2/messages/0': { messages: [MESSAGE] },
	[`POST /v2/reattest/${NONCE}`]: { message: 'Re-attestation successfully requested for nonce.', nonce: NONCE },
};

let api: ApiServer;
let iris: Iris;
const requests: ApiRequest[] = [];
/** What the shared budget was told, in order. */
let budget: string[] = [];
let enter: () => Promise<void>;

beforeAll(async () => {
	api = await startApi((request): ApiAnswer => {
		requests.push(request);
		const body = ANSWERS[`${request.method} ${request.path}`];
		return body === undefined ? { status: 404, body: {} } : { status: 200, body };
	});
	const ports = {
		client: () => {
			throw new Error('no chain is asked');
		},
		fetch,
		nowMs: () => 0,
		finalityBlocks: () => 0,
		exchange: noExchange,
		budget: (service: string, perSecond: number) => ({
			enter: async () => {
				budget.push(`${service} ${perSecond}`);
				await enter();
			},
			pause: async (ms: number) => void budget.push(`pause ${ms}`),
		}),
	};
	iris = createIris({ ...SETTINGS, apiUrl: `${api.url}/` }, ports);
});
afterAll(() => api.stop());
beforeEach(() => {
	api.fault = () => undefined;
	api.counts.clear();
	requests.length = 0;
	budget = [];
	enter = async () => {};
});

const says = (body: unknown) => when('GET', /./, nonsense(body));
const fee = (minimumFee: unknown) => says([{ finalityThreshold: 2_000, minimumFee }]);
const CALLS: readonly [string, (asked: Iris) => Promise<unknown>][] = [
	['fees', (asked) => asked.fees(PAIR)],
	['the allowance', (asked) => asked.allowance(6)],
	['messages', (asked) => asked.messages(0, BURN_TX)],
	['a new attestation', (asked) => asked.reattest(NONCE)],
];

describe('the fees', () => {
	it('are exact text, by whether they are for a fast transfer', async () => {
		expect(await iris.fees(PAIR)).toEqual({ fast: '1.3', standard: '0' });
	});

	it.each([
		['text', '0.01', '0.01'],
		['the shortest text of a number', 0.1 + 0.2, '0.30000000000000004'],
	])('are %s', async (_case, minimumFee, standard) => {
		api.fault = fee(minimumFee);
		expect(await iris.fees(PAIR)).toEqual({ fast: null, standard });
	});

	it('are those of the highest threshold of their kind, in whatever order they are listed', async () => {
		const listed = [2_000, 500, 1_001, 1_000].map((finalityThreshold) => ({ finalityThreshold, minimumFee: finalityThreshold / 1_000 }));
		api.fault = says(listed);
		expect(await iris.fees(PAIR)).toEqual({ fast: '1', standard: '2' });
		api.fault = says([]);
		expect(await iris.fees(PAIR)).toEqual({ fast: null, standard: null });
	});

	it.each([-1, 1e-7, 10_000, '', '1,3', 'NaN', null, '0.1234567890123456789012345678901', `1${'0'.repeat(40)}`])(
		'are no fees when they are %j',
		async (wrong) => {
			api.fault = fee(wrong);
			await expect(iris.fees(PAIR)).rejects.toBeInstanceOf(TransientError);
		},
	);

	it('are refused for good when the API does not serve the pair', async () => {
		for (const fault of [notFound(), refuse(400)]) {
			api.fault = when('GET', /fees/, fault);
			await expect(iris.fees(PAIR)).rejects.toBeInstanceOf(PermanentError);
		}
	});
});

describe('the allowance', () => {
	it('is whole tokens in base units, rounded down', async () => {
		expect(await iris.allowance(6)).toBe(123_999_999_999n);
		expect(await iris.allowance(2)).toBe(12_399_999n);
		expect(await iris.allowance(0)).toBe(123_999n);
		expect(await iris.allowance(8)).toBe(12_399_999_999_900n);
		api.fault = says({ allowance: 5 });
		expect(await iris.allowance(6)).toBe(5_000_000n);
	});

	it.each([{ allowance: -1 }, { allowance: 1e21 }, { allowance: null }, {}, []])('is none when it is %j', async (wrong) => {
		api.fault = says(wrong);
		await expect(iris.allowance(6)).rejects.toBeInstanceOf(TransientError);
	});
});

describe('the messages', () => {
	it('are asked for by the transaction on its domain, and shown as they are', async () => {
		expect(await iris.messages(0, BURN_TX)).toEqual([
			{ message: '0xAB', attestation: 'PENDING', status: 'pending_confirmations', delayReason: null },
		]);
		expect(requests.map(({ query }) => query.toString())).toEqual([`transactionHash=${BURN_TX}`]);
	});

	it('are none while the transaction was not seen', async () => {
		expect(await iris.messages(6, BURN_TX)).toEqual([]);
	});

	it.each([
		['no list', {}],
		['null', null],
		['text', 'soon'],
		['a message that is no hex', { messages: [{ ...MESSAGE, message: 'PENDING' }] }],
		['no status', { messages: [{ ...MESSAGE, status: undefined }] }],
		['a status of control characters', { messages: [{ ...MESSAGE, status: 'a\u0000b' }] }],
		['a reason that is no word', { messages: [{ ...MESSAGE, delayReason: { because: 1 } }] }],
		['an attestation that is no text', { messages: [{ ...MESSAGE, attestation: 1 }] }],
	])('are unknown, not absent, when the answer is %s', async (_case, body) => {
		api.fault = says(body);
		await expect(iris.messages(0, BURN_TX)).rejects.toBeInstanceOf(TransientError);
	});

	it.each([400, 401, 403, 410])(
		'are unknown when the API refuses to answer with %i: nothing has become of the transfer by that',
		async (status) => {
			api.fault = when('GET', /messages/, refuse(status));
			await expect(iris.messages(0, BURN_TX)).rejects.toBeInstanceOf(TransientError);
		},
	);
});

describe('a new attestation', () => {
	it('is asked for by the nonce, and may be refused', async () => {
		expect(await iris.reattest(NONCE)).toBe(true);
		expect(requests.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
			{ method: 'POST', path: `/v2/reattest/${NONCE}`, body: undefined },
		]);
		for (const fault of [notFound(), refuse(400)]) {
			api.fault = when('POST', /reattest/, fault);
			expect(await iris.reattest(NONCE)).toBe(false);
		}
	});
});

describe.each(CALLS)('the question for %s', (_name, ask) => {
	it('is asked once, after the budget that all processes share has let it in', async () => {
		await ask(iris);
		expect(budget).toEqual([`iris:${new URL(api.url).host} 35`]);
		expect([...api.counts.values()]).toEqual([1]);
	});

	it('is not asked while the budget says to wait, and hands on for how long', async () => {
		enter = async () => {
			throw new BusyError('full', 4_321);
		};
		await expect(ask(iris)).rejects.toMatchObject({ retryAfterMs: 4_321 });
		expect([...api.counts.values()]).toEqual([]);
	});

	it('closes the budget for everybody when Iris has had enough, for five minutes unless it says for how long', async () => {
		const pauses: [() => ReturnType<typeof refuse>, number][] = [
			[() => refuse(429), 300_000],
			[() => tooMany(42), 42_000],
			[() => tooMany(1), 2_000],
		];
		for (const [fault, pauseMs] of pauses) {
			budget = [];
			api.counts.clear();
			api.fault = when('GET', /./, fault());
			const post = when('POST', /./, fault());
			const get = api.fault;
			api.fault = (request) => get(request) ?? post(request);
			const asked = ask(iris);
			await expect(asked).rejects.toBeInstanceOf(BusyError);
			await expect(asked).rejects.toMatchObject({ retryAfterMs: pauseMs });
			expect(budget.slice(1)).toEqual([`pause ${pauseMs}`]);
			expect([...api.counts.values()]).toEqual([1]);
		}
	});

	it('is asked once and not repeated when Iris fails, and the budget stays open', async () => {
		api.fault = () => broken();
		const asked = ask(iris);
		await expect(asked).rejects.toBeInstanceOf(TransientError);
		await expect(asked).rejects.not.toBeInstanceOf(BusyError);
		expect(budget).toHaveLength(1);
		expect([...api.counts.values()]).toEqual([1]);
	});
});
