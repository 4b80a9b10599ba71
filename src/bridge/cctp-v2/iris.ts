/**
 * Iris, Circle's API of the attesters: what a transfer costs, how much may go fast, and what has become of a message. All processes
 * share one budget of requests, because Circle answers nobody for minutes once it has been asked too often.
 */
import { type Hash, type Hex, isHex } from 'viem';
import { z } from 'zod';
import { BusyError, PermanentError, TransientError } from '../../errors.ts';
import { createJsonClient, type JsonAnswer, type JsonClient } from '../../http.ts';
import type { Amount } from '../../money/amount.ts';
import { parseBps } from '../../money/rate.ts';
import { isDecimalText, parseAmount } from '../../money/units.ts';
import type { BridgePorts } from '../bridge.ts';
import type { CctpPair, CctpV2Settings } from './settings.ts';

const TIMEOUT_MS = 4_000;
/** Circle's documents name five minutes, and its answers nothing. */
const PENALTY_SECONDS = 300;
/** The longest pause that the JSON client does not name. */
const SHORT_PAUSE_MS = 2_000;
/** A threshold up to this one is fast. */
const FAST_THRESHOLD = 1_000;
/** More than any double needs, and few enough for exact rates. */
const MAX_DECIMAL_CHARS = 30;

/** A JSON number by its shortest text, which is what was written down: no arithmetic happens before it is exact again. */
const decimalNumber = z
	.union([z.number(), z.string()])
	.transform(String)
	.refine((text) => text.length <= MAX_DECIMAL_CHARS && isDecimalText(text), { error: 'is not a plain decimal number', abort: true });
const bps = decimalNumber.refine((text) => {
	const { numerator, denominator } = parseBps(text);
	return numerator < denominator;
}, 'is not below 10000 basis points');
const word = z.string().regex(/^[\w .-]{1,64}$/, 'is not a short word');

const fees = z.array(z.object({ finalityThreshold: z.int().min(0).max(0xffff_ffff), minimumFee: bps })).max(100);
const allowance = z.object({ allowance: decimalNumber });
const messages = z.object({
	messages: z
		.array(
			z.object({
				message: z.string().refine((text) => isHex(text), 'is not hex'),
				/** "PENDING" or null until it is there. */
				attestation: z.string().nullish(),
				status: word,
				delayReason: word.nullish(),
			}),
		)
		.max(1_000),
});

/** Basis points as decimal text; null where the API offers none. */
export interface BurnFees {
	readonly fast: string | null;
	readonly standard: string | null;
}

export type SeenMessage = z.output<typeof messages>['messages'][number];

/** Every call throws `TransientError` when nothing usable comes back, and `BusyError` when Circle or our own budget says to wait. */
export interface Iris {
	/** Throws `PermanentError` when the API does not serve the pair. */
	fees(pair: CctpPair): Promise<BurnFees>;
	/** Base units that may go fast now, of all users together; rounded down. */
	allowance(decimals: number): Promise<Amount>;
	/** What is known of a transaction's messages; nothing while it was not seen. */
	messages(sourceDomain: number, transactionHash: Hash): Promise<readonly SeenMessage[]>;
	/** Asks for a message to be attested anew, as final; whether that is accepted. */
	reattest(nonce: Hex): Promise<boolean>;
}

export function createIris({ apiUrl, requestsPerSecond, symbol }: CctpV2Settings, ports: BridgePorts): Iris {
	const http = createJsonClient({
		fetch: async (...request) => withPenalty(await ports.fetch(...request)),
		timeoutMs: TIMEOUT_MS,
		baseUrl: apiUrl,
		service: 'Iris',
		repeats: false,
		nowMs: ports.nowMs,
	});
	const budget = ports.budget(`iris:${new URL(apiUrl).host}`, requestsPerSecond);
	const asked = async <T>(ask: (client: JsonClient) => Promise<JsonAnswer<T>>): Promise<JsonAnswer<T>> => {
		await budget.enter();
		try {
			return await ask(http);
		} catch (error) {
			if (!(error instanceof TransientError) || error.details.status !== '429') throw error;
			const pauseMs = error instanceof BusyError ? error.retryAfterMs : SHORT_PAUSE_MS;
			await budget.pause(pauseMs);
			throw new BusyError(error.message, pauseMs, error.details);
		}
	};
	return {
		async fees({ from, to, origin, destination }) {
			const path = `/v2/burn/${symbol}/fees/${from.domain}/${to.domain}`;
			const answer = await asked((client) => client.get({ path, schema: fees }));
			if (answer.kind === 'found') return feesIn(answer.value);
			const pair = { origin: origin.venue, destination: destination.venue };
			throw new PermanentError(`Iris knows no fees for ${symbol} from ${origin.venue} to ${destination.venue}`, pair);
		},
		async allowance(decimals) {
			const path = `/v2/fastBurn/${symbol}/allowance`;
			const answer = await asked((client) => client.get({ path, schema: allowance }));
			if (answer.kind === 'found') return roundedDown(answer.value.allowance, decimals);
			throw new PermanentError(`Iris knows no allowance for ${symbol}`);
		},
		async messages(sourceDomain, transactionHash) {
			const path = `/v2/messages/${sourceDomain}`;
			const answer = await asked((client) => client.get({ path, query: { transactionHash }, schema: messages })).catch(unknownYet);
			return answer.kind === 'found' ? answer.value.messages : [];
		},
		async reattest(nonce) {
			try {
				const answer = await asked((client) => client.post({ path: `/v2/reattest/${nonce}`, body: undefined, schema: z.unknown() }));
				return answer.kind === 'found';
			} catch (error) {
				if (error instanceof PermanentError) return false;
				throw error;
			}
		},
	};
}

/** Whatever Iris refuses to say about a transfer under way, nothing has become of it by that. */
function unknownYet(error: unknown): never {
	if (error instanceof PermanentError) throw new TransientError(error.message, error.details, { cause: error });
	throw error;
}

/** A refusal without a pause of its own gets the one that Circle's documents name. */
function withPenalty(response: Response): Response {
	if (response.status !== 429 || response.headers.has('retry-after')) return response;
	const headers = new Headers(response.headers);
	headers.set('retry-after', String(PENALTY_SECONDS));
	return new Response(response.body, { status: response.status, headers });
}

/** Of several fees for one kind of finality the last, which is that of the highest threshold. */
function feesIn(listed: z.output<typeof fees>): BurnFees {
	const ordered = [...listed].sort((a, b) => a.finalityThreshold - b.finalityThreshold);
	const fast = ordered.findLast(({ finalityThreshold }) => finalityThreshold <= FAST_THRESHOLD);
	const standard = ordered.findLast(({ finalityThreshold }) => finalityThreshold > FAST_THRESHOLD);
	return { fast: fast?.minimumFee ?? null, standard: standard?.minimumFee ?? null };
}

/** Token units finer than the token has are cut off. */
function roundedDown(text: string, decimals: number): Amount {
	const [whole = '0', fraction = ''] = text.split('.');
	return parseAmount(decimals === 0 || fraction === '' ? whole : `${whole}.${fraction.slice(0, decimals)}`, decimals);
}
