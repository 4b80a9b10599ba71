/** A thread on the chain clients of a tree with a bug in it: by seed, one of three endpoints says something else than the others about money. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { createClients } from '../../src/chain/clients.ts';
import { generator } from '../faults/random.ts';
import type { Finding } from './thread.ts';

const ENDPOINTS = 3;
const CHAIN = 10;
const SOMEBODY = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const TRUTH: Readonly<Record<string, string>> = {
	eth_chainId: '0xa',
	eth_blockNumber: '0x64',
	eth_getBalance: '0x3e8',
	eth_getTransactionCount: '0x7',
	eth_call: '0x01',
};
const LIES: Readonly<Record<string, string>> = { eth_getBalance: '0x3ef', eth_getTransactionCount: '0x8', eth_call: '0x02' };

/** Which of them lies in the run at hand, and about what. */
let liar = { endpoint: 0, method: '' };
const urls = await Promise.all(Array.from({ length: ENDPOINTS }, (_, index) => serve(index)));

parentPort?.on('message', async (seed: number) => parentPort?.postMessage(await find(seed)));

async function find(seed: number): Promise<Finding> {
	const random = generator(seed);
	const about = Object.keys(LIES);
	liar = { endpoint: random(ENDPOINTS), method: about[random(about.length)] ?? '' };
	const chain = { chainId: CHAIN, name: 'optimism', rpcUrls: urls, pollMs: 50, multicall3: SOMEBODY } as const;
	const client = createClients(new Map([[`${CHAIN}`, chain]])).client(`${CHAIN}`);
	try {
		const believed = [
			await client.getBalance({ address: SOMEBODY }),
			BigInt(await client.getTransactionCount({ address: SOMEBODY })),
			BigInt((await client.call({ to: SOMEBODY })).data ?? 0),
		];
		const isTrue = [1_000n, 7n, 1n].every((each, index) => believed[index] === each);
		return isTrue ? { kind: 'nothing' } : { kind: 'caught', text: `endpoint ${liar.endpoint} was believed about ${liar.method}` };
	} catch (error) {
		return { kind: 'crashed', text: String(error) };
	}
}

function serve(index: number): Promise<string> {
	const server = createServer(async (incoming, response) => {
		let text = '';
		for await (const chunk of incoming) text += chunk;
		const { id, method } = JSON.parse(text) as { id: number; method: string };
		const result = liar.endpoint === index && liar.method === method ? LIES[method] : TRUTH[method];
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
	});
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
	});
}
