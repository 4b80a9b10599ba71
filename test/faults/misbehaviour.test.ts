import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { startRpcProxy } from '../../sandbox/chains/rpc-proxy.ts';
import { startApi } from '../../sandbox/http/api-server.ts';
import { times, when } from '../../sandbox/http/misbehave.ts';
import { startPostgres } from '../../sandbox/servers/postgres.ts';

describe('what the faults need of the outside world', () => {
	it('a node takes what it is sent, and its reply is lost at once', async () => {
		const heard: unknown[] = [];
		const node = await startApi(({ body }) => {
			heard.push(body);
			return { status: 200, body: { jsonrpc: '2.0', id: 1, result: '0x1' } };
		});
		const proxy = await startRpcProxy(node.url);
		const send = (method: string) =>
			fetch(proxy.url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: ['0x2'] }) });
		proxy.fault = (method) => (method === 'eth_sendRawTransaction' ? 'reply-lost' : 'pass');
		await expect(send('eth_sendRawTransaction')).rejects.toThrow();
		expect(heard).toMatchObject([{ method: 'eth_sendRawTransaction', params: ['0x2'] }]);
		expect((await send('eth_blockNumber')).status).toBe(200);
		await proxy.stop();
		await node.stop();
	});

	it.each(['SIGQUIT', 'SIGKILL'] as const)('a database that is ended by %s keeps what was committed, to the last row', async (signal) => {
		const server = await startPostgres({ durable: 'process' });
		const url = await server.createDatabase('kept');
		const write = postgres(url, { max: 1, onnotice: () => {} });
		await write`create table facts (n int)`;
		for (let n = 0; n < 200; n += 1) await write`insert into facts values (${n})`;
		await server.restart(signal);
		const read = postgres(url, { max: 1 });
		expect(await read`select count(*)::int as kept from facts`).toEqual([{ kept: 200 }]);
		await Promise.all([read.end(), write.end({ timeout: 1 })]);
		await server.stop();
	});

	it('an API says something else than it would, and refuses as it would', async () => {
		const api = await startApi(({ path }) => (path === '/there' ? { status: 200, body: { a: 1 } } : { status: 404, body: { no: true } }));
		api.fault = times(2, when('GET', /./, { change: (body) => ({ ...(body as object), b: 2 }) }));
		const ask = async (path: string) => {
			const answer = await fetch(`${api.url}${path}`);
			return [answer.status, await answer.json()];
		};
		expect([await ask('/there'), await ask('/nowhere'), await ask('/there')]).toEqual([
			[200, { a: 1, b: 2 }],
			[404, { no: true }],
			[200, { a: 1 }],
		]);
		await api.stop();
	});
});
