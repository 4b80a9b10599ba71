/**
 * One client per configured chain. Every endpoint must prove that it serves the chain it is configured for before its first
 * answer is used: a wrong URL would otherwise show somebody else's balances as ours. Of several endpoints a quorum answers.
 */
import { type Address, createPublicClient, custom, defineChain, type PublicClient } from 'viem';
import { ConfigError, PermanentError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import { createLog, type Log } from '../observe/log.ts';
import { quorum } from './quorum.ts';
import { type Endpoint, openEndpoint } from './quorum-endpoint.ts';
import { problemOf } from './quorum-members.ts';

export interface ChainEndpoints {
	readonly chainId: number;
	readonly name: string;
	/** In order of preference: later ones are asked when earlier ones do not suffice. */
	readonly rpcUrls: readonly string[];
	/** So many of them must agree; the majority when left out. */
	readonly quorum?: number | undefined;
	readonly pollMs: number;
	readonly multicall3: Address;
	/** Where they are written, for who reads of an error; under the chain unless given. */
	readonly key?: string;
}

/** An endpoint that could not be asked; it is checked again before it is used. */
interface UnreachableEndpoint {
	readonly venue: VenueId;
	readonly key: string;
	readonly problem: string;
}

interface ChainClients {
	/** Throws `PermanentError` for a venue that is not a configured chain. */
	client(venue: VenueId): PublicClient;
	/** Throws `ConfigError` when an endpoint serves another chain. Unreachable ones are returned: they may come back. */
	checkChains(): Promise<UnreachableEndpoint[]>;
}

/** So long one endpoint may take for one try. */
export const RPC_TIMEOUT_MS = 5_000;
/** The part of it after which those endpoints are asked that were not needed so far. */
const PATIENCE = 5;

interface ClientPorts {
	/** Hears of endpoints that fail, lag or disagree. */
	readonly log: Log;
	/** Unix milliseconds. */
	readonly nowMs: () => number;
}

export function createClients(
	chains: ReadonlyMap<VenueId, ChainEndpoints>,
	timeoutMs = RPC_TIMEOUT_MS,
	ports: ClientPorts = { log: createLog('silent', 'clients'), nowMs: () => Date.now() },
): ChainClients {
	const endpoints = new Map([...chains].map(([venue, chain]) => [venue, endpointsOf(venue, chain, timeoutMs)]));
	const clients = new Map(
		[...chains].map(([venue, chain]) => {
			const options = { ...ports, venue, patienceMs: timeoutMs / PATIENCE };
			return [venue, createClient(chain, endpoints.get(venue) ?? [], options)];
		}),
	);
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
						return [{ venue, key, problem: problemOf(error) }];
					}
				}),
			);
			return looks.flat();
		},
	};
}

function endpointsOf(venue: VenueId, { chainId, rpcUrls, key }: ChainEndpoints, timeoutMs: number): Endpoint[] {
	return rpcUrls.map((url, index) => openEndpoint({ key: key ?? `chains.${venue}.rpcUrls[${index}]`, url, chainId, timeoutMs }));
}

function createClient(
	chain: ChainEndpoints,
	endpoints: readonly Endpoint[],
	options: ClientPorts & { readonly venue: VenueId; readonly patienceMs: number },
): PublicClient {
	const needed = chain.quorum ?? majorityOf(endpoints.length);
	const [only, ...more] = endpoints;
	return createPublicClient({
		chain: defineChain({
			id: chain.chainId,
			name: chain.name,
			nativeCurrency: { name: 'native', symbol: 'NATIVE', decimals: 18 },
			rpcUrls: { default: { http: chain.rpcUrls } },
			contracts: { multicall3: { address: chain.multicall3 } },
		}),
		transport: only !== undefined && more.length === 0 ? alone(only) : quorum(endpoints, { ...options, needed }),
		pollingInterval: chain.pollMs,
		// A cached height is a stale fact.
		cacheTime: 0,
	});
}

/** More than half of them, so that no two answers can both have it. */
function majorityOf(count: number): number {
	return Math.floor(count / 2) + 1;
}

function alone({ request }: Endpoint) {
	const ask = ({ method, params }: { method: string; params?: readonly unknown[] }) => request({ method, params: params ?? [] });
	return custom({ request: ask }, { retryCount: 0 });
}
