import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BusyError, PermanentError, TransientError } from '../../../src/errors.ts';
import { type Account, openAccount } from './account.ts';

interface Served {
	readonly status: number;
	readonly body: string;
	readonly headers?: Readonly<Record<string, string>>;
}

const AT_MS = 1_700_000_000_000;
const SECRET = 'very-secret';

let server: Server;
let apiUrl = '';
let account: Account;
let serve: (response: ServerResponse) => void;
const asked: string[] = [];

beforeAll(async () => {
	server = createServer((incoming, response) => {
		asked.push(`${incoming.method} ${incoming.url?.split('?')[0]}`);
		if (incoming.url?.startsWith('/api/v3/time') === true) response.end(JSON.stringify({ serverTime: AT_MS }));
		else serve(response);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(
	() =>
		new Promise((resolve) => {
			server.close(resolve);
			server.closeAllConnections();
		}),
);
beforeEach(() => {
	asked.length = 0;
	account = openAccount({ apiUrl: `${apiUrl}/`, secret: SECRET, nowMs: () => AT_MS, timeoutMs: 10_000 });
});

const answer = ({ status, body, headers = {} }: Served): void => {
	serve = (response) => void response.writeHead(status, headers).end(body);
};
const withdraw = () =>
	account.exchange.withdraw({ coin: 'USDC', network: 'ETH', address: '0x1', amount: '1', key: 'one', atMs: AT_MS, untilMs: AT_MS + 5_000 });
const find = () => account.exchange.findWithdrawal({ key: 'one', sinceMs: AT_MS });
/** Every refusal is tried on a call that asks for something and on one that only looks. */
const both = [
	['a withdrawal', withdraw],
	['a look', find],
] as const;
const failureOf = async (call: () => Promise<unknown>): Promise<unknown> => {
	asked.length = 0;
	const failure = await call().then(
		() => 'no failure',
		(error: unknown) => error,
	);
	expect(asked.filter((path) => path.includes('withdraw'))).toHaveLength(1);
	return failure;
};

describe('what an answer means', () => {
	it.each([
		[-1002, 400],
		[-1021, 400],
		[-1022, 400],
		[-1102, 400],
		[-1131, 400],
		[-2014, 401],
		[-2015, 401],
		[-2015, 403],
		[-4015, 400],
		[-4019, 400],
		[-4026, 400],
		[-4026, 200],
		[-4035, 400],
		[-4060, 400],
	])('%s with status %s is a clear no', async (code, status) => {
		answer({ status, body: JSON.stringify({ code, msg: 'Because.' }) });
		const failure = await failureOf(withdraw);
		expect(failure).toBeInstanceOf(PermanentError);
		expect(failure).toMatchObject({ message: expect.stringContaining(`${code} Because.`), details: { code: `${code}` } });
		expect(account.pauses).toEqual([]);
	});

	it.each([
		[400, { code: -1000, msg: 'An unknown error occurred.' }],
		[400, { code: -1001, msg: 'Internal error; unable to process your request.' }],
		[400, { code: -1006, msg: 'An unexpected response was received. Execution status unknown.' }],
		[400, { code: -1007, msg: 'Timeout. Send status unknown; execution status unknown.' }],
		[400, { code: -1008, msg: 'Server is overloaded.' }],
		[400, { code: -4027, msg: 'Failed to obtain tranId.' }],
		[400, { code: -9999, msg: 'Nobody knows this one.' }],
		[400, { msg: 'You have insufficient balance.' }],
		[400, { code: null, msg: 'You have insufficient balance.' }],
		[404, 'no such page'],
		[408, { code: -4026, msg: 'You have insufficient balance.' }],
		[451, { code: 0, msg: 'Service unavailable from a restricted location' }],
		[500, { code: -4026, msg: 'You have insufficient balance.' }],
		[502, '<html>bad gateway</html>'],
		[503, { code: -1021, msg: 'Timestamp.' }],
		[504, ''],
		[200, { code: -1007, msg: 'Timeout.' }],
		[200, { success: false, msg: 'The user has insufficient balance.' }],
		[200, '[]]'],
		[200, 'null'],
		[204, ''],
		[307, ''],
	] as const)('%s %j says nothing', async (status, body) => {
		for (const [, call] of both) {
			const text = typeof body === 'string' ? body : JSON.stringify(body);
			answer({ status, body: text, headers: status === 307 ? { location: `${apiUrl}/elsewhere` } : {} });
			const failure = await failureOf(call);
			expect(failure).toBeInstanceOf(TransientError);
			expect(failure).not.toBeInstanceOf(BusyError);
			expect(asked).not.toContain('GET /elsewhere');
		}
		expect(account.pauses).toEqual([]);
	});

	it.each([
		[429, '7', 7_000, ['own']],
		[429, '0', 1_000, ['own']],
		[429, '999999999', 3_600_000, ['own']],
		[429, undefined, 60_000, ['own']],
		[429, 'soon', 60_000, ['own']],
		[418, '90', 90_000, ['uid history', 'uid withdraw', 'ip']],
		[418, undefined, 120_000, ['uid history', 'uid withdraw', 'ip']],
		[403, undefined, 60_000, ['uid history', 'uid withdraw', 'ip']],
	])('%s with Retry-After %s leaves it alone for %s ms', async (status, retryAfter, pauseMs, closed) => {
		for (const [own, call] of both) {
			answer({ status, body: '<html>no</html>', headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } });
			account.pauses.length = 0;
			expect(await failureOf(call)).toMatchObject({ name: 'BusyError', retryAfterMs: pauseMs });
			const ofCall = own === 'a look' ? 'uid history' : 'uid withdraw';
			const names = closed.map((name) => (name === 'own' ? ofCall : name));
			expect(account.pauses).toEqual(names.map((name) => `${name} ${pauseMs}`));
		}
	});

	it.each([-1003, -1015, -4005])('%s with any status means the same', async (code) => {
		answer({ status: 400, body: JSON.stringify({ code, msg: 'Too many.' }), headers: { 'retry-after': '3' } });
		expect(await failureOf(withdraw)).toMatchObject({ name: 'BusyError', retryAfterMs: 3_000 });
	});
});

describe('an answer', () => {
	it('that begins and does not end is given up', async () => {
		account = openAccount({ apiUrl, nowMs: () => AT_MS, timeoutMs: 300 });
		await account.exchange.nowMs();
		serve = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('[');
		for (const [, call] of both) expect(await failureOf(call)).toMatchObject({ message: expect.stringContaining('within 300 ms') });
	});

	it('that breaks off says nothing', async () => {
		serve = (response) => {
			response.writeHead(200, { 'content-length': '100' }).write('{"id":');
			response.destroy();
		};
		for (const [, call] of both) expect(await failureOf(call)).toBeInstanceOf(TransientError);
	});

	it('that is endless is not read to its end', async () => {
		const chunk = Buffer.alloc(1_000_000, ' ');
		serve = (response) => {
			const pour = () => {
				while (!response.destroyed && response.write(chunk));
			};
			response.writeHead(200).on('drain', pour);
			pour();
		};
		account = openAccount({ apiUrl, nowMs: () => AT_MS, timeoutMs: 20_000 });
		expect(await failureOf(find)).toMatchObject({ message: expect.stringContaining('larger') });
	});

	it('from nobody at all says nothing, and no message holds a key or a signature', async () => {
		const nobody = openAccount({ apiUrl: 'http://127.0.0.1:9', secret: SECRET });
		const unreached = await nobody.exchange.balance('USDC').catch((error: unknown) => error);
		expect(unreached).toBeInstanceOf(TransientError);
		answer({ status: 400, body: '{"code":-1022,"msg":"Signature for this request is not valid."}' });
		for (const failure of [unreached, await failureOf(withdraw), await failureOf(find)]) {
			const told = `${(failure as Error).message} ${JSON.stringify((failure as TransientError).details)}`;
			expect(told).not.toMatch(/signature=|kkkk|very-secret/);
		}
	});
});
