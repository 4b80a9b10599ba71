/**
 * What endpoints have to agree on. Only what is compared is handed on: nodes of different make add fields of their own, and a field that
 * only one of them has said is no fact.
 */
import { BaseError } from 'viem';
import { z } from 'zod';
import { TransientError } from '../errors.ts';

export interface RpcRequest {
	readonly method: string;
	readonly params: readonly unknown[];
}

/** Estimates and offers, of which a transaction's check, fee cap and simulation take what they need; nobody's funds are judged by them. */
const FREE = new Set([
	'eth_chainId',
	'eth_estimateGas',
	'eth_gasPrice',
	'eth_maxPriorityFeePerGas',
	'eth_feeHistory',
	'eth_blobBaseFee',
	'net_version',
	'web3_clientVersion',
]);

/** Whether one endpoint may answer alone. What is not known is a fact. */
export function isFree(method: string): boolean {
	return FREE.has(method);
}

/** Where a method names the block that it is asked at. */
const BLOCK_AT: Readonly<Record<string, number>> = {
	eth_call: 1,
	eth_getBalance: 1,
	eth_getBlockByNumber: 0,
	eth_getCode: 1,
	eth_getStorageAt: 2,
	eth_getTransactionCount: 1,
};

const filter = z.looseObject({ fromBlock: z.unknown().optional(), toBlock: z.unknown().optional(), blockHash: z.unknown().optional() });

/** Whether the answer depends on how far an endpoint has come: such a request is asked at an agreed block. */
export function asksForLatest({ method, params }: RpcRequest): boolean {
	if (method === 'eth_getLogs') {
		const { fromBlock, toBlock, blockHash } = filter.parse(params[0] ?? {});
		return blockHash === undefined && (isLatest(fromBlock) || isLatest(toBlock));
	}
	const at = BLOCK_AT[method];
	return at !== undefined && isLatest(params[at]);
}

/** The same request at `height` wherever it asks for the latest block. */
export function pinTo(request: RpcRequest, height: bigint): RpcRequest {
	const pinned = (block: unknown) => (isLatest(block) ? hexOf(height) : block);
	const { method, params } = request;
	if (method === 'eth_getLogs') {
		const asked = filter.parse(params[0] ?? {});
		return { method, params: [{ ...asked, fromBlock: pinned(asked.fromBlock), toBlock: pinned(asked.toBlock) }] };
	}
	const at = BLOCK_AT[method];
	if (at === undefined) return request;
	return { method, params: [...params.slice(0, at), pinned(params[at]), ...params.slice(at + 1)] };
}

/** The block that an endpoint must have reached to answer, or null when the request does not say. */
export function blockAsked({ method, params }: RpcRequest): bigint | null {
	if (method === 'eth_getLogs') return bigintOf(filter.parse(params[0] ?? {}).toBlock);
	const at = BLOCK_AT[method];
	return at === undefined ? null : bigintOf(params[at]);
}

/** The block that a receipt, transaction or block stands in, or null. */
export function blockAnswered(fact: unknown): bigint | null {
	const { data } = z.looseObject({ blockNumber: z.unknown().optional(), number: z.unknown().optional() }).safeParse(fact);
	return bigintOf(data?.blockNumber ?? data?.number);
}

const hex = z
	.string()
	.regex(/^0x[0-9a-f]*$/i)
	.toLowerCase();
const maybe = hex.nullish().transform((value) => value ?? null);
const log = z.object({
	address: hex,
	topics: z.array(hex),
	data: hex,
	blockNumber: maybe,
	blockHash: maybe,
	transactionHash: maybe,
	transactionIndex: maybe,
	logIndex: maybe,
	removed: z.boolean().default(false),
});
const receipt = z.object({
	transactionHash: hex,
	transactionIndex: hex,
	blockHash: hex,
	blockNumber: hex,
	from: hex,
	to: maybe,
	contractAddress: maybe,
	status: maybe,
	gasUsed: hex,
	cumulativeGasUsed: hex,
	effectiveGasPrice: maybe,
	type: maybe,
	logs: z.array(log),
});
const transaction = z.object({
	hash: hex,
	blockHash: maybe,
	blockNumber: maybe,
	transactionIndex: maybe,
	from: hex,
	to: maybe,
	nonce: hex,
	value: hex,
	input: hex,
	gas: hex,
	type: maybe,
});
const block = z.object({
	number: maybe,
	hash: maybe,
	parentHash: hex,
	timestamp: hex,
	gasLimit: hex,
	gasUsed: hex,
	baseFeePerGas: maybe,
	transactions: z.array(z.union([hex, transaction])).default([]),
});

const FACTS: Readonly<Record<string, z.ZodType>> = {
	eth_blockNumber: hex,
	eth_call: hex,
	eth_getBalance: hex,
	eth_getBlockByHash: block.nullable(),
	eth_getBlockByNumber: block.nullable(),
	eth_getCode: hex,
	eth_getLogs: z.array(log),
	eth_getTransactionByHash: transaction.nullable(),
	eth_getTransactionCount: hex,
	eth_getTransactionReceipt: receipt.nullable(),
};

/** The part of an answer that is compared and handed on, in one order of its fields. Throws `TransientError` for an answer of another shape. */
export function factOf(method: string, answer: unknown): unknown {
	const shape = FACTS[method];
	if (shape === undefined || isFree(method)) return answer;
	const { success, data } = shape.safeParse(answer);
	if (!success) throw new TransientError(`the answer to ${method} has another shape`);
	return data;
}

/** What a node says about a call that it would not execute, in words that nodes of different make share; null when it has not answered. */
export function refusalOf(error: unknown): string | null {
	if (!(error instanceof BaseError)) return null;
	let refusal: string | null = null;
	error.walk((each) => {
		const { code, data, message } = said.parse(each);
		if (code === 3 || /execution reverted|insufficient funds/i.test(message)) {
			refusal = /insufficient funds/i.test(message)
				? 'insufficient funds'
				: `reverted ${/0x[0-9a-f]*/i.exec(data)?.[0].toLowerCase() ?? ''}`;
		}
		return false;
	});
	return refusal;
}

const said = z.object({
	code: z.unknown().optional(),
	data: z.string().catch(''),
	message: z.string().catch(''),
});

export function hexOf(height: bigint): `0x${string}` {
	return `0x${height.toString(16)}`;
}

function isLatest(tag: unknown): boolean {
	return tag === undefined || tag === null || tag === 'latest';
}

function bigintOf(value: unknown): bigint | null {
	return typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value) ? BigInt(value) : null;
}
