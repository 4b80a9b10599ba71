/**
 * JSON over HTTP with everything bounded: time, size and retries. What a service did not clearly say is a `TransientError`:
 * nothing may be concluded from it. Only GETs are repeated, because only they are free of consequences.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { BusyError, errorText, PermanentError, storableText, TransientError } from './errors.ts';

interface JsonClientSettings {
	readonly fetch: typeof fetch;
	/** For one request, its body included. */
	readonly timeoutMs: number;
	readonly baseUrl: string;
	/** What messages call the other side. */
	readonly service: string;
	/** The largest body that is read. */
	readonly maxBytes?: number;
	/** Whether a GET that failed is asked once more; not of a service that counts what it is asked. */
	readonly repeats?: boolean;
	readonly wait?: (ms: number) => Promise<unknown>;
	readonly nowMs?: () => number;
}

/** What came back: the parsed body, or the service's clear word that there is no such thing. */
export type JsonAnswer<T> = { readonly kind: 'found'; readonly value: T } | { readonly kind: 'notFound' };

interface GetRequest<Schema extends z.ZodType> {
	readonly path: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly schema: Schema;
}

interface PostRequest<Schema extends z.ZodType> {
	readonly path: string;
	readonly body: unknown;
	readonly schema: Schema;
}

/**
 * Both throw `TransientError` for time-outs, lost connections, 429, 5xx, and bodies that are too large, no JSON, or not of the
 * schema's shape, `BusyError` when the service asks for a longer pause than a call waits; `PermanentError` with the body's beginning for every other refusal but 404, which is an answer.
 */
export interface JsonClient {
	get<Schema extends z.ZodType>(request: GetRequest<Schema>): Promise<JsonAnswer<z.output<Schema>>>;
	post<Schema extends z.ZodType>(request: PostRequest<Schema>): Promise<JsonAnswer<z.output<Schema>>>;
}

const MAX_BYTES = 8_000_000;
const RETRY_AFTER_MS = 200;
/** A service that wants a longer pause gets it from the caller's own schedule. */
const MAX_RETRY_AFTER_MS = 2_000;
const LONGEST_PAUSE_MS = 600_000;
const ERROR_BODY_CHARS = 300;

export function createJsonClient(settings: JsonClientSettings): JsonClient {
	const wait = settings.wait ?? sleep;
	return {
		get: async ({ path, query, schema }) => {
			const url = urlOf(settings.baseUrl, path, query);
			const first = await exchange(settings, { path, url, init: { method: 'GET' } });
			const pauseMs = first.kind === 'failed' ? first.retryAfterMs : null;
			if (pauseMs === null || settings.repeats === false) return concluded(settings, { path, schema }, first);
			await wait(pauseMs);
			return concluded(settings, { path, schema }, await exchange(settings, { path, url, init: { method: 'GET' } }));
		},
		post: async ({ path, body, schema }) => {
			const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
			return concluded(settings, { path, schema }, await exchange(settings, { path, url: urlOf(settings.baseUrl, path), init }));
		},
	};
}

/** `failed` says when the same question may be asked again; null when it may not. */
type Exchange =
	| { readonly kind: 'answered'; readonly body: unknown }
	| { readonly kind: 'notFound' }
	| { readonly kind: 'failed'; readonly error: TransientError; readonly retryAfterMs: number | null };

interface Sent {
	readonly path: string;
	readonly url: string;
	readonly init: RequestInit;
}

async function exchange(settings: JsonClientSettings, { path, url, init }: Sent): Promise<Exchange> {
	const { service } = settings;
	const named = `${service}: ${init.method} ${path}`;
	let status = 'none';
	let retryAfterMs: number | null = RETRY_AFTER_MS;
	try {
		const signal = AbortSignal.timeout(settings.timeoutMs);
		const response = await settings.fetch(url, { ...init, headers: { accept: 'application/json', ...init.headers }, signal });
		status = String(response.status);
		const text = await readBody(response, settings.maxBytes ?? MAX_BYTES);
		if (response.ok) {
			// The service has answered; asking again would give the same.
			retryAfterMs = null;
			return { kind: 'answered', body: JSON.parse(text) as unknown };
		}
		if (response.status === 404) return { kind: 'notFound' };
		const details = { service, path, status };
		const said = `${named} answers ${status}: ${storableText(text.slice(0, ERROR_BODY_CHARS))}`;
		if (response.status < 500 && response.status !== 429 && response.status !== 408) throw new PermanentError(said, details);
		const pauseMs = pauseOf(response, settings.nowMs ?? Date.now);
		if (pauseMs > MAX_RETRY_AFTER_MS) return { kind: 'failed', error: new BusyError(said, pauseMs, details), retryAfterMs: null };
		return { kind: 'failed', error: new TransientError(said, details), retryAfterMs: pauseMs };
	} catch (error) {
		if (error instanceof PermanentError) throw error;
		// A time-out has used up the caller's patience already.
		const isTimeout = error instanceof Error && error.name === 'TimeoutError';
		const problem = isTimeout ? `no answer within ${settings.timeoutMs} ms` : `status ${status}: ${causeText(error)}`;
		const failure = new TransientError(`${named}: ${problem}`, { service, path, status }, { cause: error });
		return { kind: 'failed', error: failure, retryAfterMs: isTimeout ? null : retryAfterMs };
	}
}

function concluded<Schema extends z.ZodType>(
	{ service }: JsonClientSettings,
	{ path, schema }: { path: string; schema: Schema },
	outcome: Exchange,
): JsonAnswer<z.output<Schema>> {
	switch (outcome.kind) {
		case 'failed':
			throw outcome.error;
		case 'notFound':
			return outcome;
		case 'answered': {
			const parsed = schema.safeParse(outcome.body);
			if (parsed.success) return { kind: 'found', value: parsed.data };
			const [issue] = parsed.error.issues;
			const field = issue?.path.join('.') || 'body';
			throw new TransientError(`${service}: ${path}: the answer's ${field}: ${issue?.message}`, { service, path, status: '200', field });
		}
	}
}

/** Reads at most `maxBytes`; a larger body is not worth its memory. Throws `TransientError` for one. */
export async function readBody(response: Response, maxBytes: number): Promise<string> {
	if (response.body === null) return '';
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	const reader = response.body.getReader();
	for (let next = await reader.read(); !next.done; next = await reader.read()) {
		bytes += next.value.byteLength;
		if (bytes > maxBytes) {
			await reader.cancel();
			throw new TransientError(`the body is larger than ${maxBytes} bytes`);
		}
		chunks.push(next.value);
	}
	return Buffer.concat(chunks).toString('utf8');
}

/** Retry-After in seconds or as a date. */
function pauseOf(response: Response, nowMs: () => number): number {
	const text = response.headers.get('retry-after');
	if (text === null) return RETRY_AFTER_MS;
	const pauseMs = /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - nowMs();
	return Number.isNaN(pauseMs) ? RETRY_AFTER_MS : Math.min(Math.max(pauseMs, 0), LONGEST_PAUSE_MS);
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
export function causeText(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? ` (${errorText(error.cause)})` : '';
	return errorText(error) + cause;
}

function urlOf(baseUrl: string, path: string, query: Readonly<Record<string, string>> = {}): string {
	const parameters = new URLSearchParams(query).toString();
	return `${baseUrl.replace(/\/+$/, '')}${path}${parameters === '' ? '' : `?${parameters}`}`;
}

/** The requests that all our processes together may make of a service that counts them. */
export type OpenBudget = (service: string, perSecond: number) => RequestBudget;

export interface RequestBudget {
	/**
	 * Waits for its turn, for about a second at most. Throws `TransientError` with `retryAfterMs` when it is further away. A request that
	 * weighs more than one takes as many turns.
	 */
	enter(weight?: number): Promise<void>;
	/** The service has had enough: nobody enters for so long. */
	pause(ms: number): Promise<void>;
}
