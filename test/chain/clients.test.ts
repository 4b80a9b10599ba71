import { getAddress } from 'viem';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChainEndpoints, createClients } from '../../src/chain/clients.ts';
import { ConfigError, PermanentError } from '../../src/errors.ts';
import { type RpcEndpoint, startRpc } from './rpc-endpoint.ts';

const open: RpcEndpoint[] = [];
afterEach(() => {
	for (const each of open.splice(0)) each.close();
});

/** A node outside that says it serves `chainId`; null answers 500 to everything. */
async function node(serves: { chainId: number | null; height: number }): Promise<RpcEndpoint> {
	const endpoint = await startRpc((method, response) => {
		if (serves.chainId !== null) return `0x${(method === 'eth_chainId' ? serves.chainId : serves.height).toString(16)}`;
		response.writeHead(500).end();
		return null;
	});
	open.push(endpoint);
	return endpoint;
}

function chain(...rpcUrls: string[]): ReadonlyMap<string, ChainEndpoints> {
	return chainOf(rpcUrls);
}

function chainOf(rpcUrls: string[], quorum?: number): ReadonlyMap<string, ChainEndpoints> {
	const multicall3 = getAddress('0xcA11bde05977b3631167028862bE2a173976CA11');
	return new Map([['10', { chainId: 10, name: 'ten', rpcUrls, quorum, pollMs: 50, multicall3 }]]);
}

describe('clients', () => {
	it('serve the configured chain, and check each endpoint once', async () => {
		const { url, methods } = await node({ chainId: 10, height: 7 });
		const client = createClients(chain(url)).client('10');
		expect(await Promise.all([client.getBlockNumber(), client.getBlockNumber()])).toEqual([7n, 7n]);
		expect(methods.filter((method) => method === 'eth_chainId')).toHaveLength(1);
		expect(client.chain?.id).toBe(10);
		expect(client.chain?.contracts?.multicall3?.address).toBe('0xcA11bde05977b3631167028862bE2a173976CA11');
	});

	it('refuse a venue that is no chain', () => {
		expect(() => createClients(new Map()).client('10')).toThrow(PermanentError);
	});

	it('name the endpoint that serves another chain', async () => {
		const [right, wrong] = [await node({ chainId: 10, height: 1 }), await node({ chainId: 56, height: 9 })];
		const failure = await createClients(chain(right.url, wrong.url))
			.checkChains()
			.catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(ConfigError);
		expect(failure).toMatchObject({ key: 'chains.10.rpcUrls[1]' });
	});

	it('never show an answer of another chain, also without a check at the start', async () => {
		const wrong = await node({ chainId: 56, height: 9 });
		await expect(createClients(chain(wrong.url)).client('10').getBlockNumber()).rejects.toThrow(/serves chain 56, not 10/);
		expect(wrong.methods).not.toContain('eth_blockNumber');
	});

	it('need the majority of their endpoints, and ask the next one when one fails only where it leaves that many', async () => {
		const broken = await node({ chainId: null, height: 0 });
		const right = await Promise.all([4, 4, 4].map((height) => node({ chainId: 10, height })));
		const [first = '', second = '', third = ''] = right.map(({ url }) => url);
		const height = (urls: string[], quorum?: number) => createClients(chainOf(urls, quorum)).client('10').getBlockNumber();
		await expect(height([broken.url, first])).rejects.toThrow(/no 2 of 2 endpoints agree/);
		expect(await height([broken.url, first], 1)).toBe(4n);
		expect(await height([broken.url, first, second])).toBe(4n);
		await expect(height([broken.url, first, second], 3)).rejects.toThrow(/no 3 of 3/);
		await expect(height([broken.url, `${broken.url}/b`, first, second])).rejects.toThrow(/no 3 of 4/);
		expect(await height([broken.url, first, second, third])).toBe(4n);
	});

	it('report an endpoint that does not answer, and use it once it does', async () => {
		const serves: { chainId: number | null; height: number } = { chainId: null, height: 3 };
		const { url } = await node(serves);
		const clients = createClients(chain(url));
		expect(await clients.checkChains()).toMatchObject([{ venue: '10', key: 'chains.10.rpcUrls[0]' }]);
		await expect(clients.client('10').getBlockNumber()).rejects.toThrow();
		serves.chainId = 10;
		expect(await clients.checkChains()).toEqual([]);
		expect(await clients.client('10').getBlockNumber()).toBe(3n);
	});
});
