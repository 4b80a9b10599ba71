/**
 * The HTTP side of the exchange. Unlike the other APIs here it takes forms, its headers matter in both directions, and the text of a
 * request is signed as it was sent; faults work as on `sandbox/http/api-server.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiAnswer, ApiFault, ApiFaultRule, ApiRequest, ApiServer } from '../http/api-server.ts';
import { readBody } from '../http/read-body.ts';

export interface FormRequest extends ApiRequest {
	/** What stands behind the question mark, as it was sent. */
	readonly search: string;
	/** The body as it was sent. */
	readonly form: string;
	/** The parameters of both; of one that is in both, that of the query counts. */
	readonly parameters: ReadonlyMap<string, string>;
	readonly apiKey: string | null;
}

export interface FormAnswer extends ApiAnswer {
	readonly headers: Readonly<Record<string, string>>;
}

/** `handle` answers refusals, too: what it throws is a 500. */
export async function startFormApi(handle: (request: FormRequest) => FormAnswer | Promise<FormAnswer>): Promise<ApiServer> {
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
			await deliver(response, refused ? { status: 500, body: null, headers: {} } : await handle(request), fault);
		};
		serve().catch((error: unknown) => send(response, { status: 500, body: { message: String(error) }, headers: {} }));
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

async function read(incoming: IncomingMessage): Promise<FormRequest> {
	const url = new URL(incoming.url ?? '/', 'http://localhost');
	const form = await readBody(incoming);
	const parameters = new Map([...new URLSearchParams(form), ...url.searchParams]);
	const apiKey = incoming.headers['x-mbx-apikey'];
	return {
		method: incoming.method ?? 'GET',
		path: url.pathname,
		query: url.searchParams,
		body: form === '' ? undefined : Object.fromEntries(new URLSearchParams(form)),
		search: url.search.slice(1),
		form,
		parameters,
		apiKey: typeof apiKey === 'string' ? apiKey : null,
	};
}

async function deliver(response: ServerResponse, regular: FormAnswer, fault: ApiFault = {}): Promise<void> {
	if (fault.delayMs !== undefined) await pause(fault.delayMs);
	if (fault.hang === true) return;
	const said = fault.change !== undefined && regular.status < 400 ? fault.change(regular.body) : regular.body;
	const body = 'body' in fault ? fault.body : said;
	send(response, { status: fault.status ?? regular.status, body, headers: { ...regular.headers, ...fault.headers } });
}

function send(response: ServerResponse, { status, body, headers }: FormAnswer): void {
	const text = typeof body === 'string' ? body : JSON.stringify(body ?? null);
	response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}
