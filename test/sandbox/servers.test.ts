import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import postgres from 'postgres';
import type { Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { RELAYER } from '../../sandbox/chains/accounts.ts';
import { connect as connectTo, viemChain } from '../../sandbox/chains/client.ts';
import { startAnvil } from '../../sandbox/servers/anvil.ts';
import { freePort, onFreePort } from '../../sandbox/servers/free-port.ts';
import { openHome } from '../../sandbox/servers/home.ts';
import { launch } from '../../sandbox/servers/launch.ts';
import { startPostgres } from '../../sandbox/servers/postgres.ts';
import { eventually } from './eventually.ts';

function isOpen(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => resolve(true));
		socket.on('connect', () => socket.destroy());
		socket.on('error', () => resolve(false));
	});
}

/** Whether the process runs; one that has ended and that nobody has reaped yet does not. */
async function isRunning(pid: number): Promise<boolean> {
	try {
		process.kill(pid, 0);
	} catch {
		return false;
	}
	const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') R');
	return !/\) [ZX]/.test(stat);
}

describe('PostgreSQL', () => {
	it('survives a kill on the same port with its committed data, and leaves no process and no open port', async () => {
		const server = await startPostgres({ durable: true });
		const url = await server.createDatabase('kept');
		const write = postgres(url, { max: 1, onnotice: () => {} });
		await write`create table facts as select 7 as seven`;
		await write.end();
		const copy = await server.createDatabase('copied', 'kept');
		const { pid, port } = server;
		await server.kill();
		expect(await isRunning(pid)).toBe(false);
		await server.restart();
		expect([server.port, server.pid === pid]).toEqual([port, false]);
		for (const each of [url, copy]) {
			const read = postgres(each, { max: 1 });
			expect(await read`select seven from facts`).toEqual([{ seven: 7 }]);
			await read.end();
		}
		const last = server.pid;
		await server.stop();
		await server.stop();
		expect([await isRunning(last), await isOpen(port)]).toEqual([false, false]);
	});

	it('refuses a database name that is not plain', async () => {
		const server = await startPostgres();
		await expect(server.createDatabase('x"; drop table y')).rejects.toThrow(/no plain database name/);
		await server.stop();
	});
});

describe('anvil', () => {
	it('mines at intervals below a second, and leaves no process and no open port', async () => {
		const anvil = await startAnvil({ chainId: 56, blockSeconds: 0.1 });
		const ask = async (method: string) => {
			const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] });
			const response = await fetch(anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
			return Number(((await response.json()) as { result: string }).result);
		};
		expect(await ask('eth_chainId')).toBe(56);
		await eventually('three blocks', async () => (await ask('eth_blockNumber')) >= 3, 2_000);
		await anvil.stop();
		expect([await isRunning(anvil.pid), await isOpen(anvil.port)]).toEqual([false, false]);
	});

	// Of what a full block leaves over, a node that mines at intervals and is told to mine as well drops some for good.
	it('has room in a block for all that is deployed at once', async () => {
		const anvil = await startAnvil({ chainId: 56, blockSeconds: 0 });
		const client = connectTo(viemChain(56, 'bsc', anvil.url));
		await client.setAutomine(false);
		const sent: Hex[] = [];
		// Loops until its gas is used up: six times six million.
		for (let calls = 0; calls < 6; calls += 1) sent.push(await client.send({ from: RELAYER.address, data: '0x5b600056' }));
		await client.mine({ blocks: 1 });
		const mined = await Promise.all(sent.map((hash) => client.getTransactionReceipt({ hash })));
		expect(new Set(mined.map(({ blockNumber }) => blockNumber)).size).toBe(1);
		await anvil.stop();
	});
});

describe('a launched program', () => {
	it('that cannot be executed is an error of the start, and its folder goes away', async () => {
		const home = await openHome('test', 'KILL');
		await expect(launch({ command: join(home.folder, 'nothing'), args: [], home })).rejects.toThrow(/ENOENT/);
		await home.remove();
		expect(existsSync(home.folder)).toBe(false);
	});

	it('that ends at once is reported with what it wrote', async () => {
		const home = await openHome('test', 'KILL');
		const launched = await launch({ command: '/bin/sh', args: ['-c', 'echo out of luck; exit 7'], home });
		await expect(launched.waitUntil(async () => false)).rejects.toThrow(/ended with 7:\nout of luck/);
		expect(await launched.ended).toBe(7);
		await home.remove();
	});
});

describe('when the parent is killed', () => {
	it('its servers end and their folders go away', async () => {
		const script = new URL('orphan-maker.ts', import.meta.url).pathname;
		const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
		const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
		const { pids, folder } = JSON.parse(String(value)) as { pids: number[]; folder: string };
		for (const pid of pids) expect(await isRunning(pid), `${pid} runs`).toBe(true);
		child.kill('SIGKILL');
		for (const pid of pids) await eventually(`${pid} ends`, async () => !(await isRunning(pid)), 10_000);
		await eventually(`${folder} goes away`, async () => !existsSync(folder), 10_000);
	});
});

describe('a free port', () => {
	it('is the preferred one only when it is free, and is never given twice', async () => {
		const port = await freePort();
		expect(await freePort(port)).not.toBe(port);
		const many = await Promise.all(Array.from({ length: 20 }, () => freePort()));
		expect(new Set(many).size).toBe(20);
	});

	it('that somebody else took meanwhile is replaced by another one', async () => {
		const tried: number[] = [];
		const started = await onFreePort(async (port) => {
			tried.push(port);
			if (tried.length < 3) throw new Error(`listen EADDRINUSE 127.0.0.1:${port}`);
			return port;
		});
		expect([tried.length, new Set(tried).size, started]).toEqual([3, 3, tried[2]]);
	});

	it('does not hide another failure', async () => {
		let starts = 0;
		const start = async () => {
			starts += 1;
			throw new Error('no such binary');
		};
		await expect(onFreePort(start)).rejects.toThrow('no such binary');
		expect(starts).toBe(1);
	});
});
