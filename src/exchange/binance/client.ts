/**
 * ccxt as far as it is used: it knows where an endpoint is and how a request is signed. Its unified methods are not called: they load all
 * markets first and remember for ever that this has failed, cut amounts to a precision, and hide Binance's own statuses. Time, size and what
 * an answer means are looked after here, because ccxt lets a body take any time and names errors by their words.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { binance } from 'ccxt';
import { BallastError, errorText, TransientError } from '../../errors.ts';
import { causeText, readBody } from '../../http.ts';
import type { Endpoint } from './endpoints.ts';
import { isWelcome, type RawAnswer } from './refusal.ts';

const MAX_BYTES = 16_000_000;

interface ClientSettings {
	readonly apiUrl: string;
	readonly keys: { readonly apiKey: string; readonly secret: string };
	readonly fetch: typeof fetch;
	/** For one call, the body of its answer included. */
	readonly timeoutMs: number;
}

export type Parameters = Readonly<Record<string, string | number>>;

/** Asked when everything is ready for the call, so that times in it are those of the call. */
export type AskParameters = () => Parameters;

/** The parsed body. Throws `UnwelcomeAnswer` for an answer that is a refusal or none at all, `TransientError` when none came. Never repeats a call. */
export type Send = (endpoint: Endpoint, parameters: AskParameters) => Promise<unknown>;

/** Binance has answered, but not what was asked for. */
export class UnwelcomeAnswer extends Error {
	readonly answer: RawAnswer;

	constructor(answer: RawAnswer) {
		super(`an answer with status ${answer.status}`);
		this.answer = answer;
	}
}

let loading: Promise<typeof binance> | null = null;

/**
 * Binance's class alone: a fifth of a second and 35 MB instead of most of a second and 90 MB for all exchanges. Its module is not in the
 * package's list of exports, so it is found by its place beside the one that is. Once per process.
 */
function loadBinance(): Promise<typeof binance> {
	loading ??= importBinance().catch((error: unknown) => {
		loading = null;
		throw error;
	});
	return loading;
}

async function importBinance(): Promise<typeof binance> {
	const entry = pathToFileURL(createRequire(import.meta.url).resolve('ccxt'));
	const { default: found } = (await import(new URL('../js/src/binance.js', entry).href)) as { readonly default: typeof binance };
	return found;
}

/** Nothing is loaded before the first call. */
export function createSend(settings: ClientSettings): Send {
	let client: binance | null = null;
	return async ({ path, api, method }, parameters) => {
		try {
			client ??= createClient(await loadBinance(), settings);
			return await client.request(path, api, method, { ...parameters() });
		} catch (error) {
			if (error instanceof UnwelcomeAnswer || error instanceof BallastError) throw error;
			throw new TransientError(`Binance: ${method} ${path}: ${errorText(error)}`, { service: 'binance', path }, { cause: error });
		}
	};
}

function createClient(found: typeof binance, { apiUrl, keys, fetch, timeoutMs }: ClientSettings): binance {
	const client = new found({ ...keys, enableRateLimit: false, timeout: timeoutMs });
	// ccxt would write numbers anew in some answers; here, an amount that comes as a number is refused as it is.
	client.quoteJsonNumbers = false;
	const host = apiUrl.replace(/\/+$/, '');
	const urls = client.urls.api as Record<string, string>;
	for (const [name, url] of Object.entries(urls)) urls[name] = url.replace(/^https?:\/\/[^/]+/, host);
	client.fetchImplementation = (url: string, init: RequestInit) => answerOf({ fetch, timeoutMs }, url, init);
	return client;
}

async function answerOf(
	{ fetch, timeoutMs }: Pick<ClientSettings, 'fetch' | 'timeoutMs'>,
	url: string,
	init: RequestInit,
): Promise<Response> {
	const { pathname: path } = new URL(url);
	try {
		const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
		const text = await readBody(response, MAX_BYTES);
		const answer: RawAnswer = { status: response.status, retryAfter: response.headers.get('retry-after'), text };
		if (!isWelcome(answer)) throw new UnwelcomeAnswer(answer);
		return new Response(text, { status: response.status });
	} catch (error) {
		if (error instanceof UnwelcomeAnswer) throw error;
		const isTimeout = error instanceof Error && error.name === 'TimeoutError';
		const problem = isTimeout ? `no answer within ${timeoutMs} ms` : causeText(error);
		throw new TransientError(`Binance: ${init.method} ${path}: ${problem}`, { service: 'binance', path }, { cause: error });
	}
}
