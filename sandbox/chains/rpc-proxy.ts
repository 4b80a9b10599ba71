/** A JSON-RPC endpoint in front of a chain that can be told to misbehave, and that counts what it is asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readBody } from '../http/read-body.ts';
import { type AskNode, answerLate } from './rpc-lag.ts';
import { lieAbout } from './rpc-lies.ts';

/**
 * `error`: a JSON-RPC error; `error500`: the endpoint itself fails; `hang`: no answer, and the node never hears of it;
 * `timeout-after-accept`: the node does what was asked, and no answer ever comes back; `reply-lost`: it does, and the connection breaks; `{ result }`: this answer instead of the node's;
 * `lie`: another balance, nonce, receipt or event than the node's; `{ lagBlocks }`: as a node answers that is so many blocks behind;
 * `{ delayMs }`: done at once, answered so much later; `{ retryAfterSeconds }`: refused with 429 and this Retry-After.
 * What happens to one element of a batch by way of HTTP happens to the whole batch.
 */
export type RpcFault =
	| 'pass'
	| 'error'
	| 'error500'
	| 'hang'
	| 'timeout-after-accept'
	| 'reply-lost'
	| 'lie'
	| { readonly result: unknown }
	| { readonly lagBlocks: number }
	| { readonly delayMs: number }
	| { readonly retryAfterSeconds: number };
export type RpcFaultRule = (method: string, params: readonly unknown[]) => RpcFault;

export interface RpcProxy {
	readonly url: string;
	/** Decides the fate of each request; of a batch, element by element. */
	fault: RpcFaultRule;
	/** Requests per method since the start, or since `counts` was cleared. */
	readonly counts: Map<string, number>;
	stop(): Promise<void>;
}

const request = z.looseObject({
	id: z.union([z.number(), z.string(), z.null()]).default(null),
	method: z.string(),
	params: z.array(z.unknown()).default([]),
});
type RpcRequest = z.output<typeof request>;
const body = z.union([request, z.array(request)]);

export async function startRpcProxy(target: string): Promise<RpcProxy> {
	const proxy = { url: '', fault: (() => 'pass') as RpcFaultRule, counts: new Map<string, number>(), stop: () => Promise.resolve() };
	const server = createServer((incoming, response) => {
		answer({ proxy, target, incoming, response }).catch((error: unknown) => reply(response, 502, { error: String(error) }));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	proxy.stop = () =>
		new Promise((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	return proxy;
}

interface Exchange {
	readonly proxy: RpcProxy;
	readonly target: string;
	readonly incoming: IncomingMessage;
	readonly response: ServerResponse;
}

async function answer({ proxy, target, incoming, response }: Exchange): Promise<void> {
	const parsed = body.parse(JSON.parse(await readBody(incoming)));
	const requests = Array.isArray(parsed) ? parsed : [parsed];
	for (const { method } of requests) proxy.counts.set(method, (proxy.counts.get(method) ?? 0) + 1);
	const fates = requests.map((each) => ({ each, fate: proxy.fault(each.method, each.params) }));
	if (fates.some(({ fate }) => fate === 'error500')) return reply(response, 500, { error: 'internal server error' });
	const [retryAfterSeconds] = fates.flatMap(({ fate }) => (isOf(fate, 'retryAfterSeconds') ? [fate.retryAfterSeconds] : []));
	if (retryAfterSeconds !== undefined) {
		response.setHeader('retry-after', `${retryAfterSeconds}`);
		return reply(response, 429, { error: 'too many requests' });
	}
	if (fates.some(({ fate }) => fate === 'hang')) return;
	const answers = await Promise.all(fates.map(({ each, fate }) => answerOne(target, each, fate)));
	if (fates.some(({ fate }) => fate === 'timeout-after-accept')) return;
	if (fates.some(({ fate }) => fate === 'reply-lost')) return void response.destroy();
	const delayMs = Math.max(0, ...fates.map(({ fate }) => (isOf(fate, 'delayMs') ? fate.delayMs : 0)));
	if (delayMs > 0) await pause(delayMs);
	reply(response, 200, Array.isArray(parsed) ? answers : answers[0]);
}

function isOf<Key extends string>(fate: RpcFault, key: Key): fate is Extract<RpcFault, Readonly<Record<Key, unknown>>> {
	return typeof fate === 'object' && key in fate;
}

async function answerOne(target: string, each: RpcRequest, fate: RpcFault): Promise<unknown> {
	if (fate === 'error') return { jsonrpc: '2.0', id: each.id, error: { code: -32_000, message: 'the node is told to fail' } };
	if (isOf(fate, 'result')) return { jsonrpc: '2.0', id: each.id, result: fate.result };
	if (isOf(fate, 'lagBlocks')) return lateAnswer(target, each, fate.lagBlocks);
	const answered = await askNode(target, each);
	return fate === 'lie' && 'result' in answered ? { ...answered, result: lieAbout(each, answered.result) } : answered;
}

const response = z.looseObject({ result: z.unknown().optional() });

async function askNode(target: string, each: RpcRequest): Promise<z.output<typeof response>> {
	const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(each) };
	return response.parse(await (await fetch(target, asked)).json());
}

async function lateAnswer(target: string, each: RpcRequest, lagBlocks: number): Promise<unknown> {
	const { id } = each;
	try {
		const ask: AskNode = async (call) => (await askNode(target, { jsonrpc: '2.0', id, ...call, params: [...call.params] })).result;
		return { jsonrpc: '2.0', id, result: await answerLate(ask, each, lagBlocks) };
	} catch (error) {
		return { jsonrpc: '2.0', id, error: { code: -32_000, message: error instanceof Error ? error.message : String(error) } };
	}
}

function reply(response: ServerResponse, status: number, content: unknown): void {
	response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}
