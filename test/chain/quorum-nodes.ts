/** Endpoints of one chain, a client over them, and what it tells. */
import { createPublicClient, type Hash, keccak256, RpcRequestError } from 'viem';
import { type NoAgreementError, quorum } from '../../src/chain/quorum.ts';
import type { RpcRequest } from '../../src/chain/quorum-facts.ts';
import { createLog } from '../../src/observe/log.ts';

export const HASH: Hash = `0x${'ab'.repeat(32)}`;
export const HOLDER = '0x1111111111111111111111111111111111111111';
export const RAW = '0x02f8';
export const HANGS = new Promise<never>(() => {});
export const hex = (value: number | bigint) => `0x${value.toString(16)}`;

interface Node {
	height: number;
	/** Instead of the truth; undefined leaves it. */
	says: (request: RpcRequest) => unknown;
	asked: RpcRequest[];
	doubts: number;
}

export function receiptAt(block: number) {
	return {
		transactionHash: HASH,
		transactionIndex: '0x0',
		blockHash: HASH,
		blockNumber: hex(block),
		from: HOLDER,
		to: HOLDER,
		contractAddress: null,
		status: '0x1',
		gasUsed: '0x5208',
		cumulativeGasUsed: '0x5208',
		effectiveGasPrice: '0x1',
		type: '0x2',
		logs: [],
	};
}

const LOG = {
	address: HOLDER,
	topics: [HASH],
	data: '0x01',
	blockNumber: '0x64',
	blockHash: HASH,
	transactionHash: HASH,
	transactionIndex: '0x0',
	logIndex: '0x0',
	removed: false,
};

/** What an honest node of this chain says. */
function truth({ method, params }: RpcRequest, height: number): unknown {
	switch (method) {
		case 'eth_blockNumber':
			return hex(height);
		case 'eth_getBalance':
			return hex(1_000 + Number(params[1]));
		case 'eth_getTransactionCount':
			return '0x9';
		case 'eth_getTransactionReceipt':
			return receiptAt(90);
		case 'eth_getLogs':
			return [LOG];
		case 'eth_getBlockByNumber':
			return { number: params[0], hash: HASH, parentHash: HASH, timestamp: '0x7', gasLimit: '0x1', gasUsed: '0x0', transactions: [] };
		case 'eth_sendRawTransaction':
			return keccak256(RAW);
		default:
			return `0x${'0'.repeat(63)}7`;
	}
}

/** A client over `count` nodes that are honest until they are told otherwise, all within one process. */
export function stand(count: number, { needed = Math.floor(count / 2) + 1, patienceMs = 5_000 } = {}) {
	const nodes = Array.from({ length: count }, (): Node => ({ height: 100, says: () => undefined, asked: [], doubts: 0 }));
	const lines: { msg: string; key?: string; level: string; method?: string }[] = [];
	const clock = { nowMs: 1_000_000 };
	const endpoints = nodes.map((node, index) => ({
		key: `rpcUrls[${index}]`,
		doubt: () => {
			node.doubts += 1;
		},
		request: async (request: RpcRequest) => {
			node.asked.push(request);
			const said = await node.says(request);
			if (said instanceof Error) throw said;
			return said === undefined ? truth(request, node.height) : said;
		},
	}));
	const log = createLog('info', 'test', { write: (line: string) => lines.push(JSON.parse(line)) });
	const transport = quorum(endpoints, { venue: '10', needed, patienceMs, log, nowMs: () => clock.nowMs });
	const client = createPublicClient({ transport, cacheTime: 0 });
	const [first, second, third] = nodes as [Node, Node, Node];
	const told = () => lines.map(({ msg, key }) => (key === undefined ? msg : `${key}: ${msg}`));
	const asked = (method: string) => nodes.map((node) => node.asked.filter((each) => each.method === method).length);
	return { client, nodes, first, second, third, lines, told, asked, clock };
}

export function rpcError(code: number, message: string, data?: string): RpcRequestError {
	return new RpcRequestError({ body: {}, error: { code, message, ...(data !== undefined && { data }) }, url: 'http://secret.example/key' });
}

/** What a promise rejects with. Throws when it does not. */
export const refusal = async (promise: Promise<unknown>): Promise<NoAgreementError> => {
	const error = await promise.then(
		(answer) => Promise.reject(new Error(`it was answered: ${String(answer)}`)),
		(thrown: unknown) => thrown,
	);
	return error as NoAgreementError;
};
