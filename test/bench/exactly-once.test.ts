import { type AddressInfo, connect, createServer } from 'node:net';
import postgres from 'postgres';
import { describe, expect, inject, it } from 'vitest';
import { missesOf } from '../../bench/exactly-once/bench.ts';
import { openWire } from '../../bench/exactly-once/wire.ts';
import { RECOVERY } from '../../queues/queue.ts';
import { until } from '../product.ts';

describe('the wire between the product and its database', () => {
	it('counts a round trip each time that the client speaks after an answer, and none for what it adds before', async () => {
		let heard = '';
		const server = createServer((socket) => {
			socket.on('data', (chunk) => {
				heard += chunk.toString();
				if (heard.endsWith('?')) socket.write('!');
			});
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const url = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const wire = await openWire(url);
		const client = connect(Number(new URL(wire.through(url)).port), '127.0.0.1');
		let answers = 0;
		client.on('data', () => {
			answers += 1;
		});
		try {
			for (const [text, answered] of [
				['one', 0],
				[' and more?', 1],
				['two?', 2],
			] as const) {
				client.write(text);
				await until(`"${text}" is heard`, async () => (heard.endsWith(text) && answers === answered ? true : null));
			}
			expect(wire.trips).toBe(2);
		} finally {
			client.destroy();
			await wire.stop();
			server.close();
		}
	});

	it('shows that a statement with parameters takes two, one that is prepared takes one, and a transaction one more for each of its ends', async () => {
		const wire = await openWire(inject('databaseUrl'));
		const sql = postgres(wire.through(inject('databaseUrl')), { max: 1, onnotice: () => {} });
		try {
			await sql`select 1`;
			const trips = async (work: () => Promise<unknown>) => {
				const before = wire.trips;
				await work();
				return wire.trips - before;
			};
			const parameters = () => sql`select ${'7'}::int as seven`;
			expect([await trips(parameters), await trips(parameters)]).toEqual([2, 1]);
			expect(await trips(() => sql.begin((tx) => tx`select 1`))).toBe(3);
		} finally {
			await sql.end();
			await wire.stop();
		}
	});
});

describe('the goals of the measurement', () => {
	const recovery = { ms: 6_000, boundMs: RECOVERY.lockMs + RECOVERY.stalledCheckMs + 2_000 };
	const flushall = { ms: 6_000, lost: 0 };

	it('hold when work goes on within the bound and all of it is queued again within ten seconds', () => {
		expect(missesOf({ recovery, flushall })).toEqual([]);
		expect(missesOf({ recovery: { ...recovery, ms: recovery.boundMs }, flushall: { ms: 10_000, lost: 0 } })).toEqual([]);
	});

	it('are missed one by one, each with what was measured', () => {
		expect(missesOf({ recovery: { ...recovery, ms: 9_001 }, flushall })).toEqual([expect.stringContaining('9001 ms')]);
		expect(missesOf({ recovery, flushall: { ms: 10_001, lost: 0 } })).toEqual([expect.stringContaining('10001 ms')]);
		expect(missesOf({ recovery, flushall: { ms: 1, lost: 2 } })).toEqual([expect.stringContaining('2 pieces')]);
	});
});
