/**
 * One client per configured chain. Every endpoint must prove that it serves the chain it is configured for before its first
 * answer is used: a wrong URL would otherwise show somebody else's balances as ours.
 */

import type { Address } from 'viem';
import { createPublicClient, defineChain, fallback, http, type PublicClient, type Transport } from 'viem';
import { ConfigError, errorText, PermanentError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';

export interface ChainEndpoints {
	readonly chainId: number;
	readonly name: string;
	/** In order of preference: the next is asked when one fails. */
	readonly rpcUrls: readonly string[];
	readonly pollMs: number;
	readonly multicall3: Address;
}

/** An endpoint that could not be asked; it is checked again before it is used. */
export interface UnreachableEndpoint {
	readonly venue: VenueId;
	readonly key: string;
	readonly problem: string;
}

export interface ChainClients {
	/** Throws `PermanentError` for a venue that is not a configured chain. */
	client(venue: VenueId): PublicClient;
	/** Throws `ConfigError` when an endpoint serves another chain. Unreachable ones are returned: they may come back. */
	checkChains(): Promise<UnreachableEndpoint[]>;
}

const TIMEOUT_MS = 5_000;
const RETRIES = 1;

export function createClients(chains: ReadonlyMap<VenueId, ChainEndpoints>, timeoutMs = TIMEOUT_MS): ChainClients {
	const endpoints = new Map([...chains].map(([venue, chain]) => [venue, endpointsOf(venue, chain, timeoutMs)]));
	const clients = new Map([...chains].map(([venue, chain]) => [venue, createClient(chain, endpoints.get(venue) ?? [])]));
	return {
		client: (venue) => {
			const client = clients.get(venue);
			if (client === undefined) throw new PermanentError(`venue ${venue} is not a configured chain`, { venue });
			return client;
		},
		checkChains: async () => {
			const all = [...endpoints].flatMap(([venue, each]) => each.map((endpoint) => ({ venue, ...endpoint })));
			const looks = await Promise.all(
				all.map(async ({ venue, key, verify }) => {
					try {
						await verify();
						return [];
					} catch (error) {
						if (error instanceof ConfigError) throw error;
						return [{ venue, key, problem: errorText(error) }];
					}
				}),
			);
			return looks.flat();
		},
	};
}

interface Endpoint {
	readonly key: string;
	readonly transport: Transport;
	readonly verify: () => Promise<void>;
}

function endpointsOf(venue: VenueId, chain: ChainEndpoints, timeoutMs: number): Endpoint[] {
	return chain.rpcUrls.map((url, index) => {
		const key = `chains.${venue}.rpcUrls[${index}]`;
		const base = http(url, { timeout: timeoutMs, retryCount: RETRIES });
		const verify = onceDone(async () => {
			const answered = await base({}).request({ method: 'eth_chainId' });
			if (Number(answered) !== chain.chainId) {
				throw new ConfigError(key, `serves chain ${Number(answered)}, not ${chain.chainId}`);
			}
		});
		return { key, transport: verified(base, verify), verify };
	});
}

function verified(base: Transport, verify: () => Promise<void>): Transport {
	return (options) => {
		const transport = base(options);
		const request: typeof transport.request = async (...args) => {
			await verify();
			return transport.request(...args);
		};
		return { ...transport, request };
	};
}

function createClient(chain: ChainEndpoints, endpoints: readonly Endpoint[]): PublicClient {
	return createPublicClient({
		chain: defineChain({
			id: chain.chainId,
			name: chain.name,
			nativeCurrency: { name: 'native', symbol: 'NATIVE', decimals: 18 },
			rpcUrls: { default: { http: chain.rpcUrls } },
			contracts: { multicall3: { address: chain.multicall3 } },
		}),
		transport: fallback(
			endpoints.map(({ transport }) => transport),
			{ rank: false, retryCount: 0 },
		),
		pollingInterval: chain.pollMs,
		// A cached height is a stale fact.
		cacheTime: 0,
	});
}

/** Runs until it has succeeded once; callers at the same time share one run. */
function onceDone(run: () => Promise<void>): () => Promise<void> {
	let running: Promise<void> | null = null;
	return () => {
		running ??= run().catch((error: unknown) => {
			running = null;
			throw error;
		});
		return running;
	};
}
