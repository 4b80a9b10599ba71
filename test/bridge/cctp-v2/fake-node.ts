/** A node outside that answers as it is told, and remembers what it was asked. */
import { createPublicClient, encodeAbiParameters, encodeErrorResult, type Hex, http, type PublicClient } from 'viem';

export interface RpcQuestion {
	readonly method: string;
	readonly params: readonly unknown[];
}

/** What a node says instead of a result. */
export class RpcFailure extends Error {
	readonly code: number;
	readonly data: unknown;

	constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
		super(message);
		this.code = code;
		this.data = data;
	}
}

export interface FakeNode {
	readonly client: PublicClient;
	/** The methods, in order. */
	readonly asked: string[];
}

export function fakeNode(answer: (question: RpcQuestion) => unknown): FakeNode {
	const asked: string[] = [];
	const fetchFn: typeof fetch = async (_url, init) => {
		const { id, method, params } = JSON.parse(String(init?.body)) as RpcQuestion & { id: number };
		asked.push(method);
		try {
			return Response.json({ jsonrpc: '2.0', id, result: answer({ method, params }) });
		} catch (error) {
			if (!(error instanceof RpcFailure)) return new Response('down', { status: 502 });
			const { code, message, data } = error;
			return Response.json({ jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } });
		}
	};
	return { client: createPublicClient({ transport: http('http://node.test', { fetchFn, retryCount: 0 }), cacheTime: 0 }), asked };
}

/** As nodes tell of a contract's `require`. */
export function revert(reason: string): RpcFailure {
	return new RpcFailure({ code: 3, message: `execution reverted: ${reason}`, data: revertData(reason) });
}

export const revertData = (reason: string): Hex =>
	encodeErrorResult({
		abi: [{ type: 'error', name: 'Error', inputs: [{ name: 'reason', type: 'string' }] }],
		errorName: 'Error',
		args: [reason],
	});

export const TRUE: Hex = encodeAbiParameters([{ type: 'bool' }], [true]);
