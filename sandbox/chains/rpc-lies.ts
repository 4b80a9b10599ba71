/** What an endpoint makes of the truth that lies about money: another balance, another nonce, no receipt, events that never were. */
import { toEventSelector } from 'viem';
import { z } from 'zod';
import type { RpcCall } from './rpc-lag.ts';

const TRANSFER = toEventSelector('event Transfer(address indexed from, address indexed to, uint256 value)');
/** Of what may be one of several it takes the first. */
const oneOf = z.union([z.string(), z.array(z.string()).transform(([first]) => first)]);
const filter = z.looseObject({ address: oneOf.optional(), topics: z.array(oneOf.nullable()).default([]) });

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
	// A transfer names both accounts, whichever was asked for.
	const isTransfer = topics[0] === TRANSFER && topics.length < 3;
	return {
		address: address ?? `0x${'5'.repeat(40)}`,
		topics: [...topics.map((topic) => topic ?? word), ...Array<string>(isTransfer ? 3 - topics.length : 0).fill(word)],
		data: word,
		blockNumber: '0x1',
		blockHash: word,
		transactionHash: word,
		transactionIndex: '0x0',
		logIndex: '0x0',
		removed: false,
	};
}
