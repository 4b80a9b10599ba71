/** What an endpoint makes of the truth that lies about money: another balance, another nonce, no receipt, events that never were. */
import { z } from 'zod';
import type { RpcCall } from './rpc-lag.ts';

const filter = z.looseObject({ address: z.string().optional(), topics: z.array(z.string().nullable()).default([]) });

/** About heights, blocks and fees it says what is true. */
export function lieAbout({ method, params }: RpcCall, truth: unknown): unknown {
	switch (method) {
		case 'eth_getBalance':
		case 'eth_getTransactionCount':
			return typeof truth === 'string' ? `0x${(BigInt(truth) + 7n).toString(16)}` : truth;
		case 'eth_call':
			return typeof truth === 'string' ? lastByteChanged(truth) : truth;
		case 'eth_getTransactionReceipt':
		case 'eth_getTransactionByHash':
			return null;
		case 'eth_getLogs':
			return Array.isArray(truth) && truth.length > 0 ? [] : [madeUp(params[0])];
		default:
			return truth;
	}
}

/** Of a balance, alone or the last of several, it is the smallest units. */
function lastByteChanged(hex: string): string {
	if (hex.length < 4) return hex;
	return `${hex.slice(0, -2)}${((Number.parseInt(hex.slice(-2), 16) + 7) % 256).toString(16).padStart(2, '0')}`;
}

function madeUp(asked: unknown): unknown {
	const { address, topics } = filter.parse(asked ?? {});
	const word = `0x${'5'.repeat(64)}`;
	return {
		address: address ?? `0x${'5'.repeat(40)}`,
		topics: topics.map((topic) => topic ?? word),
		data: word,
		blockNumber: '0x1',
		blockHash: word,
		transactionHash: word,
		transactionIndex: '0x0',
		logIndex: '0x0',
		removed: false,
	};
}
