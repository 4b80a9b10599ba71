/** One endpoint of a chain: it proves its chain before its first answer, and no call to it outlasts its limit. */
import { setTimeout as pause } from 'node:timers/promises';
import { BaseError, HttpRequestError, http, RpcRequestError, TimeoutError } from 'viem';
import { ConfigError, errorText } from '../errors.ts';
import type { RpcRequest } from './quorum-facts.ts';
import type { QuorumEndpoint } from './quorum-members.ts';

export interface Endpoint extends QuorumEndpoint {
	/** Throws `ConfigError` when it serves another chain. Asks once, until it is doubted. */
	verify(): Promise<void>;
}

const RETRY_MS = 150;
/** What a node says when it has had no time for the question, in the codes of JSON-RPC and of its vendors. */
const BUSY_CODES: readonly unknown[] = [-32_005, -32_007, -32_603, 429];
const BUSY_STATUSES = [403, 408, 413, 429, 500, 502, 503, 504];

/** `timeoutMs` is what one try may take; a failed one is followed by one more. */
export function openEndpoint({
	key,
	url,
	chainId,
	timeoutMs,
}: {
	readonly key: string;
	readonly url: string;
	readonly chainId: number;
	readonly timeoutMs: number;
}): Endpoint {
	// The time limit of the transport would end with the headers of an answer; the signal ends its body as well.
	const { request } = http(url, { timeout: 0, retryCount: 0 })({});
	const once = async (asked: RpcRequest): Promise<unknown> => {
		const signal = AbortSignal.timeout(timeoutMs);
		try {
			return await request({ method: asked.method, params: asked.params } as never, { signal });
		} catch (error) {
			throw signal.aborted ? new TimeoutError({ body: { method: asked.method }, url }) : error;
		}
	};
	const ask = async (asked: RpcRequest): Promise<unknown> => {
		try {
			return await once(asked);
		} catch (error) {
			const delayMs = retryDelayMs(error, timeoutMs);
			if (delayMs === null) throw named(error, { url, key });
			await pause(delayMs);
		}
		return once(asked).catch((error: unknown) => Promise.reject(named(error, { url, key })));
	};
	let proof: Promise<void> | null = null;
	const verify = (): Promise<void> => {
		proof ??= prove().catch((error: unknown) => {
			proof = null;
			throw error;
		});
		return proof;
	};
	const prove = async (): Promise<void> => {
		const answered = Number(await ask({ method: 'eth_chainId', params: [] }));
		if (answered !== chainId) throw new ConfigError(key, `serves chain ${answered}, not ${chainId}`);
	};
	return {
		key,
		verify,
		doubt: () => {
			proof = null;
		},
		async request(asked) {
			await verify();
			return ask(asked);
		},
	};
}

/** Null when it is not asked again: it has answered, or wants to be left alone for longer than a call may take. */
function retryDelayMs(error: unknown, timeoutMs: number): number | null {
	if (!(error instanceof BaseError)) return RETRY_MS;
	const refused = error.walk((each) => each instanceof RpcRequestError);
	if (refused instanceof RpcRequestError) return BUSY_CODES.includes(refused.code) ? RETRY_MS : null;
	if (!(error instanceof HttpRequestError) || error.status === undefined) return RETRY_MS;
	if (!BUSY_STATUSES.includes(error.status)) return null;
	const seconds = Number.parseInt(error.headers?.get('Retry-After') ?? '', 10);
	if (Number.isNaN(seconds)) return RETRY_MS;
	const delayMs = seconds * 1_000;
	return delayMs <= timeoutMs ? delayMs : null;
}

/** The same error with the endpoint's place in the configuration wherever its URL stands, which may hold a key. */
function named(error: unknown, { url, key }: { readonly url: string; readonly key: string }): unknown {
	const addresses = URL.canParse(url) ? [url, new URL(url).href] : [url];
	const rename = (text: string): string => addresses.reduce((renamed, address) => renamed.replaceAll(address, key), text);
	for (let each: unknown = error; each instanceof BaseError; each = each.cause) {
		each.message = rename(each.message);
		each.stack = rename(each.stack ?? '');
		if (each.details !== undefined) each.details = rename(each.details);
		if (each.metaMessages !== undefined) each.metaMessages = each.metaMessages.map(rename);
		if ('url' in each) each.url = key;
	}
	if (error instanceof HttpRequestError || error instanceof TimeoutError) shorten(error, key);
	return error;
}

const DETAILS_CHARS = 200;

/** One line that ends up in logs and in reasons that operators read: which endpoint, and why, where fetch says only that it failed. */
function shorten(error: HttpRequestError | TimeoutError, key: string): void {
	const reached = error.cause instanceof Error && error.cause.cause instanceof Error ? error.cause.cause : null;
	const why = reached === null ? error.details : `${error.details}: ${errorText(reached)}`;
	const status = error instanceof HttpRequestError && error.status !== undefined ? ` Status: ${error.status}.` : '';
	error.details = why.replace(/\s+/g, ' ').slice(0, DETAILS_CHARS);
	error.message = `${error.shortMessage} URL: ${key}.${status} ${error.details}`;
}
