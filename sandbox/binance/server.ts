/**
 * The HTTP side of the exchange. Unlike the other APIs here it takes forms, its headers matter in both directions, and the text of a
 * request is signed as it was sent.
 */
import type { IncomingMessage } from 'node:http';
import { type ApiAnswer, type ApiRequest, type ApiServer, requestOf, startServer } from '../http/api-server.ts';
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
export function startFormApi(handle: (request: FormRequest) => FormAnswer | Promise<FormAnswer>): Promise<ApiServer> {
	return startServer({ read, handle, refusal: null });
}

async function read(incoming: IncomingMessage): Promise<FormRequest> {
	const form = await readBody(incoming);
	const fields = new URLSearchParams(form);
	const request = requestOf(incoming, form === '' ? undefined : Object.fromEntries(fields));
	const apiKey = incoming.headers['x-mbx-apikey'];
	return {
		...request,
		search: new URL(incoming.url ?? '/', 'http://localhost').search.slice(1),
		form,
		parameters: new Map([...fields, ...request.query]),
		apiKey: typeof apiKey === 'string' ? apiKey : null,
	};
}
