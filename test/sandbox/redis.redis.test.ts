import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startRedis } from '../../sandbox/servers/redis.ts';

it('Redis never evicts, comes back empty on the same port after a kill, and stops', async () => {
	const server = await startRedis();
	const { port, pid, url } = server;
	const client = new Redis(url, { lazyConnect: true });
	await client.connect();
	client.on('error', () => {});
	await client.set('kept', 'no');
	expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
	await server.kill();
	await server.restart();
	expect([server.port, server.pid === pid]).toEqual([port, false]);
	expect(await client.get('kept')).toBeNull();
	client.disconnect();
	await server.stop();
	expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
});
