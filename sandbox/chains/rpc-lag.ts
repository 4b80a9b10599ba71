/** What a node answers that is some blocks behind: it does not know that there is more. */
import { z } from 'zod';

export interface RpcCall {
	readonly method: string;
	readonly params: readonly unknown[];
}
/** Asks the node itself. */
export type AskNode = (call: RpcCall) => Promise<unknown>;

const BLOCK_AT: Readonly<Record<string, number>> = { eth_call: 1, eth_getBalance: 1, eth_getCode: 1, eth_getTransactionCount: 1 };
const height = z.string().regex(/^0x[0-9a-f]+$/i);
const placed = z.looseObject({ blockNumber: height });
const filter = z.looseObject({ fromBlock: z.unknown().optional(), toBlock: z.unknown().optional() });

/** Throws what the node would say about a block that it does not have. */
export async function answerLate(ask: AskNode, { method, params }: RpcCall, lagBlocks: number): Promise<unknown> {
	const head = BigInt(height.parse(await ask({ method: 'eth_blockNumber', params: [] }))) - BigInt(lagBlocks);
	const own = head > 0n ? head : 0n;
	const at = BLOCK_AT[method];
	if (at !== undefined) {
		const block = blockOf(params[at], own);
		if (block > own) throw new Error('header not found');
		return ask({ method, params: [...params.slice(0, at), hex(block), ...params.slice(at + 1)] });
	}
	switch (method) {
		case 'eth_blockNumber':
			return hex(own);
		case 'eth_getBlockByNumber': {
			const block = blockOf(params[0], own);
			return block > own ? null : ask({ method, params: [hex(block), ...params.slice(1)] });
		}
		case 'eth_getLogs': {
			const asked = filter.parse(params[0] ?? {});
			const [fromBlock, toBlock] = [blockOf(asked.fromBlock, own), blockOf(asked.toBlock, own)];
			if (fromBlock > own) return [];
			return ask({ method, params: [{ ...asked, fromBlock: hex(fromBlock), toBlock: hex(toBlock > own ? own : toBlock) }] });
		}
		case 'eth_getTransactionReceipt':
		case 'eth_getTransactionByHash': {
			const found = await ask({ method, params });
			const { data } = placed.safeParse(found);
			return data !== undefined && BigInt(data.blockNumber) > own ? null : found;
		}
		default:
			return ask({ method, params });
	}
}

/** A number, or the node's own head for every name. */
function blockOf(block: unknown, own: bigint): bigint {
	const { data } = height.safeParse(block);
	return data === undefined ? own : BigInt(data);
}

function hex(block: bigint): string {
	return `0x${block.toString(16)}`;
}
