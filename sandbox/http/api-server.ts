/** A JSON API on loopback whose every answer can be replaced, delayed or withheld by a test. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { readBody } from './read-body.ts';

export interface ApiRequest {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	/** Parsed JSON; undefined when there was none. */
	readonly body: unknown;
}

export interface ApiAnswer {
	readonly status: number;
	readonly body: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

/** What a test wants instead of the regular answer; a field left out stays regular. */
export interface ApiFault {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** Text is sent as it is, so that it may be nonsense; everything else as JSON. */
	readonly body?: unknown;
	/** What becomes of the regular body of an answer that is no refusal. */
	readonly change?: (body: unknown) => unknown;
	readonly delayMs?: number;
	/** No answer at all, although the request has been carried out. */
	readonly hang?: boolean;
	/** Carried out twice; the second answer is given. */
	readonly repeats?: boolean;
}

export type ApiFaultRule = (request: ApiRequest) => ApiFault | undefined;
export type ApiHandler = (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;

/** What a stand-in shows of the API in front of it. */
export interface ApiFace {
	readonly url: string;
	/** What the API does instead of answering. */
	fault: ApiFaultRule;
	/** Requests per "GET /path" since the start, or since it was cleared. */
	readonly counts: Map<string, number>;
}

/** A stand-in may put what is behind the API into the same object. */
export interface ApiServer extends ApiFace {
	stop(): Promise<void>;
}

/** Thrown by a handler: the request is wrong, and the caller is told why. */
export class ApiError extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

export function startApi(handle: ApiHandler): Promise<ApiServer> {
	return startServer({
		read: async (incoming) => requestOf(incoming, parse(await readBody(incoming))),
		handle: (request) => answer(handle, request),
		refusal: { message: 'told to fail' },
	});
}

/** How an API reads requests, what it makes of them, and what stands in a refusal that only a fault has asked for. */
interface Serving<Request extends ApiRequest> {
	readonly read: (incoming: IncomingMessage) => Promise<Request>;
	readonly handle: (request: Request) => ApiAnswer | Promise<ApiAnswer>;
	readonly refusal: unknown;
}

/** What `read` and `handle` throw is a 500. */
export async function startServer<Request extends ApiRequest>({ read, handle, refusal }: Serving<Request>): Promise<ApiServer> {
	const api = { url: '', fault: (() => undefined) as ApiFaultRule, counts: new Map<string, number>(), stop: () => Promise.resolve() };
	const server = createServer((incoming, response) => {
		const serve = async () => {
			const request = await read(incoming);
			const key = `${request.method} ${request.path}`;
			api.counts.set(key, (api.counts.get(key) ?? 0) + 1);
			const fault = api.fault(request);
			// A request that is refused is not carried out; one whose answer is merely late or lost is.
			const refused = fault?.status !== undefined && fault.status >= 400;
			if (fault?.repeats === true && !refused) await handle(request);
			await deliver(response, refused ? { status: 500, body: refusal } : await handle(request), fault);
		};
		serve().catch((error: unknown) => send(response, { status: 500, body: { message: String(error) } }));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	api.stop = () =>
		new Promise((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	return api;
}

/** A request with this body. */
export function requestOf({ url, method = 'GET' }: IncomingMessage, body: unknown): ApiRequest {
	const { pathname: path, searchParams: query } = new URL(url ?? '/', 'http://localhost');
	return { method, path, query, body };
}

function parse(text: string): unknown {
	if (text === '') return undefined;
	try {
		return JSON.parse(text);
	} catch {
		throw new ApiError(400, 'the body is not JSON');
	}
}

async function answer(handle: ApiHandler, request: ApiRequest): Promise<ApiAnswer> {
	try {
		return await handle(request);
	} catch (error) {
		if (error instanceof ApiError) return { status: error.status, body: { message: error.message } };
		throw error;
	}
}

async function deliver(response: ServerResponse, regular: ApiAnswer, fault: ApiFault = {}): Promise<void> {
	if (fault.delayMs !== undefined) await pause(fault.delayMs);
	if (fault.hang === true) return;
	const said = fault.change !== undefined && regular.status < 400 ? fault.change(regular.body) : regular.body;
	const body = 'body' in fault ? fault.body : said;
	send(response, { status: fault.status ?? regular.status, body, headers: { ...regular.headers, ...fault.headers } });
}

function send(response: ServerResponse, { status, body, headers = {} }: ApiAnswer): void {
	const text = typeof body === 'string' ? body : JSON.stringify(body ?? null);
	response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}
