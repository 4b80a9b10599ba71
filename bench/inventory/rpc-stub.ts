/**
 * Endpoints of many chains on loopback that count what they are asked, and answer no sooner than after a delay, as endpoints far away.
 * What they answer is what was so when the request came.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Hex, pad, toHex, zeroAddress, zeroHash } from 'viem';
import { z } from 'zod';
import { readBody } from '../../sandbox/http/read-body.ts';
import { answerCall, codeAt, Revert } from './stub-calls.ts';
import { type Block, createStubChain, lower, parentHash, type StubChain, type StubLog } from './stub-chain.ts';

interface Requests {
	/** Calls of JSON-RPC: each element of a batch is one. */
	readonly total: number;
	readonly byMethod: ReadonlyMap<string, number>;
	/** A batch is one. */
	readonly httpRequests: number;
}

export interface ServedChain extends StubChain {
	readonly url: string;
	/** Since the start, or since they were reset. */
	requests(): Requests;
}

export interface RpcStubs {
	readonly chains: readonly ServedChain[];
	/** Of all chains together. */
	requests(): Requests;
	reset(): void;
	stop(): Promise<void>;
}

export interface StubOptions {
	/** Chain ids. */
	readonly chains: readonly number[];
	/** From a request's arrival until its answer. */
	readonly latencyMs: number;
	/** Decides addresses, ids, hashes and the first balances. */
	readonly seed: number;
}

interface Counts {
	readonly byMethod: Map<string, number>;
	httpRequests: number;
}

export async function startRpcStubs({ chains, latencyMs, seed }: StubOptions): Promise<RpcStubs> {
	const started = await Promise.all(chains.map((chainId) => serve(createStubChain(chainId, seed), latencyMs)));
	return {
		chains: started.map(({ served }) => served),
		requests: () => sumOf(started.map(({ counts }) => counts)),
		reset: () => {
			for (const { counts } of started) {
				counts.byMethod.clear();
				counts.httpRequests = 0;
			}
		},
		stop: async () => void (await Promise.all(started.map(({ server }) => stop(server)))),
	};
}

async function serve(chain: StubChain, latencyMs: number) {
	const counts: Counts = { byMethod: new Map(), httpRequests: 0 };
	const server = createServer((incoming, response) => {
		const late = pause(latencyMs);
		const answered = readBody(incoming).then((text) => answerText({ chain, counts, text }));
		Promise.all([answered, late])
			.then(([content]) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(content)))
			.catch((error: unknown) => response.writeHead(500).end(String(error)));
	});
	// A connection that a server closes for idleness can meet a request on its way.
	server.keepAliveTimeout = 0;
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { server, counts, served: { ...chain, url, requests: () => sumOf([counts]) } };
}

function stop(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeAllConnections();
	});
}

function sumOf(all: readonly Counts[]): Requests {
	const byMethod = new Map<string, number>();
	for (const counts of all) {
		for (const [method, count] of counts.byMethod) byMethod.set(method, (byMethod.get(method) ?? 0) + count);
	}
	const total = [...byMethod.values()].reduce((sum, count) => sum + count, 0);
	return { total, byMethod, httpRequests: all.reduce((sum, { httpRequests }) => sum + httpRequests, 0) };
}

const request = z.looseObject({
	id: z.union([z.number(), z.string(), z.null()]).default(null),
	method: z.string(),
	params: z.array(z.unknown()).default([]),
});
const body = z.union([request, z.array(request).min(1)]);

/** With the codes and words of geth. */
class RpcError extends Error {
	readonly code: number;

	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}
}

const [SERVER_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS, PARSE_ERROR, REVERTED] = [
	-32_000, -32_600, -32_601, -32_602, -32_700, 3,
];

function answerText({ chain, counts, text }: { readonly chain: StubChain; readonly counts: Counts; readonly text: string }): unknown {
	counts.httpRequests += 1;
	const parsed = body.safeParse(jsonOf(text));
	if (!parsed.success) {
		const error = text.trim().startsWith('{') || text.trim().startsWith('[') ? INVALID_REQUEST : PARSE_ERROR;
		return { jsonrpc: '2.0', id: null, error: { code: error, message: 'no request of JSON-RPC' } };
	}
	const answerOne = ({ id, method, params }: z.output<typeof request>) => {
		counts.byMethod.set(method, (counts.byMethod.get(method) ?? 0) + 1);
		try {
			return { jsonrpc: '2.0', id, result: answer(chain, method, params) };
		} catch (error) {
			return { jsonrpc: '2.0', id, error: problemOf(error) };
		}
	};
	return Array.isArray(parsed.data) ? parsed.data.map(answerOne) : answerOne(parsed.data);
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** A defect of the stub itself is thrown on. */
function problemOf(error: unknown): { readonly code: number; readonly message: string; readonly data?: Hex } {
	if (error instanceof Revert) return { code: REVERTED, message: error.message, data: error.data };
	if (error instanceof RpcError) return { code: error.code, message: error.message };
	if (error instanceof z.ZodError) return { code: INVALID_PARAMS, message: z.prettifyError(error) };
	throw error;
}

const hex = z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]*$/)]);
const hash = z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]{64}$/)]);
const address = z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]{40}$/)]);
const height = z.string().regex(/^0x[0-9a-fA-F]{1,16}$/);
const tag = z.enum(['latest', 'pending', 'safe', 'finalized', 'earliest']);
const numbered = z.union([tag, height]);
/** EIP-1898. */
const blockRef = z.union([
	numbered,
	z.strictObject({ blockHash: hash, requireCanonical: z.boolean().default(false) }),
	z.strictObject({ blockNumber: height }).transform(({ blockNumber }) => blockNumber),
]);
const callParams = z.looseObject({ to: address.nullish(), data: hex.optional(), input: hex.optional() });
const topic = z.union([hash.nullable(), z.array(hash)]);
const filter = z.looseObject({
	fromBlock: numbered.default('latest'),
	toBlock: numbered.default('latest'),
	blockHash: hash.optional(),
	address: z.union([address, z.array(address)]).nullish(),
	topics: z.array(topic).nullish(),
});

type Method = (chain: StubChain, params: readonly unknown[]) => unknown;

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
	['eth_chainId', ({ chainId }) => toHex(chainId)],
	['net_version', ({ chainId }) => `${chainId}`],
	['eth_blockNumber', (chain) => toHex(chain.head().number)],
	['eth_getBlockByNumber', (chain, [ref]) => blockJson(chain.blockAt(heightOf(chain, numbered.parse(ref))))],
	['eth_getBlockByHash', (chain, [asked]) => blockJson(chain.blockOf(hash.parse(asked)))],
	['eth_getCode', code],
	['eth_getBalance', (chain, [of, ref]) => toHex(chain.balance({ token: 'native', holder: address.parse(of) }, blockFor(chain, ref)))],
	['eth_call', call],
	['eth_getLogs', (chain, [asked]) => logs(chain, filter.parse(asked))],
]);

function answer(chain: StubChain, method: string, params: readonly unknown[]): unknown {
	const known = METHODS.get(method);
	if (known === undefined) throw new RpcError(UNKNOWN_METHOD, `the method ${method} does not exist/is not available`);
	return known(chain, params);
}

function code(chain: StubChain, [at, ref]: readonly unknown[]): Hex {
	blockFor(chain, ref);
	return codeAt(chain, address.parse(at));
}

function call(chain: StubChain, [asked, ref]: readonly unknown[]): Hex {
	const { to, data, input } = callParams.parse(asked);
	return answerCall({ chain, block: blockFor(chain, ref), to: lower(to ?? zeroAddress), data: input ?? data ?? '0x' });
}

/** Blocks behind the latest. */
const BEHIND = { latest: 0, pending: 0, safe: 4, finalized: 8 } as const;

function heightOf(chain: StubChain, ref: z.output<typeof numbered>): number {
	if (ref === 'earliest') return 0;
	const behind = BEHIND[ref as keyof typeof BEHIND] as number | undefined;
	return behind === undefined ? Number(ref) : Math.max(0, chain.head().number - behind);
}

/** The block that a call is made at. */
function blockFor(chain: StubChain, ref: unknown): Block {
	const asked = blockRef.parse(ref ?? 'latest');
	if (typeof asked === 'string') {
		const block = chain.blockAt(heightOf(chain, asked));
		if (block === undefined) throw new RpcError(SERVER_ERROR, 'header not found');
		return block;
	}
	const block = chain.blockOf(asked.blockHash);
	if (block === undefined) throw new RpcError(SERVER_ERROR, 'header for hash not found');
	if (asked.requireCanonical && !chain.isCanonical(block)) throw new RpcError(SERVER_ERROR, 'hash is not currently canonical');
	return block;
}

function logs(chain: StubChain, { fromBlock, toBlock, blockHash, address: of, topics }: z.output<typeof filter>): StubLog[] {
	const addresses = of === null || of === undefined ? null : new Set([of].flat().map(lower));
	const wanted = (topics ?? []).map((each) => (each === null || each.length === 0 ? null : new Set([each].flat().map(lower))));
	return blocksOf(chain, { fromBlock, toBlock, blockHash }).flatMap((block) =>
		block.logs.filter((log) => {
			if (addresses !== null && !addresses.has(log.address)) return false;
			return wanted.every((each, index) => {
				const found = log.topics[index];
				return found !== undefined && (each === null || each.has(found));
			});
		}),
	);
}

type Range = Pick<z.output<typeof filter>, 'fromBlock' | 'toBlock' | 'blockHash'>;

/** Those of the range that there are. */
function blocksOf(chain: StubChain, { fromBlock, toBlock, blockHash }: Range): Block[] {
	if (blockHash !== undefined) {
		const block = chain.blockOf(blockHash);
		if (block === undefined) throw new RpcError(SERVER_ERROR, 'unknown block');
		return [block];
	}
	const [first, last] = [heightOf(chain, fromBlock), heightOf(chain, toBlock)];
	if (first > last) throw new RpcError(INVALID_PARAMS, 'invalid block range params');
	const count = Math.max(0, Math.min(last, chain.head().number) - first + 1);
	return Array.from({ length: count }, (_, index) => chain.blockAt(first + index) ?? []).flat();
}

const NO_BYTES = pad('0x', { size: 256 });
/** Says of every log that it may be there. */
const ANY_BLOOM = `0x${'ff'.repeat(256)}`;
const GAS_LIMIT = 30_000_000;

/** Without its transactions, which nobody can ask for. */
function blockJson(block: Block | undefined): unknown {
	if (block === undefined) return null;
	const { number, hash: own, timestamp, logs: emitted } = block;
	return {
		number: toHex(number),
		hash: own,
		parentHash: parentHash(block),
		timestamp: toHex(timestamp),
		nonce: pad('0x', { size: 8 }),
		sha3Uncles: zeroHash,
		logsBloom: emitted.length === 0 ? NO_BYTES : ANY_BLOOM,
		transactionsRoot: zeroHash,
		stateRoot: zeroHash,
		receiptsRoot: zeroHash,
		mixHash: zeroHash,
		miner: zeroAddress,
		difficulty: '0x0',
		totalDifficulty: '0x0',
		extraData: '0x',
		size: '0x220',
		gasLimit: toHex(GAS_LIMIT),
		gasUsed: '0x0',
		baseFeePerGas: '0x1',
		transactions: [],
		uncles: [],
	};
}
