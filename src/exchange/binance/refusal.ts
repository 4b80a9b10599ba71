/**
 * What an answer means that is not the one asked for. It is judged by Binance's own code and the status of HTTP: a refusal is believed only
 * where the code says clearly that nothing was taken; everything else, known or not, says nothing.
 */
import { storableText } from '../../errors.ts';

export interface RawAnswer {
	readonly status: number;
	readonly retryAfter: string | null;
	readonly text: string;
}

/** `refused` is Binance's clear no: nothing was taken, and the same call gets the same answer. `unclear` says nothing. */
interface Verdict {
	readonly kind: 'refused' | 'busy' | 'unclear';
	/** Null when Binance gives none. */
	readonly code: number | null;
	readonly words: string;
}

const ERROR_CHARS = 300;
/** A refusal is short; a longer answer is what was asked for. */
const MOST_REFUSAL_CHARS = 4_000;
const BUSY_CODES: ReadonlySet<number> = new Set([-1003, -1015, -4005]);
const LEAVE_ALONE: ReadonlySet<number> = new Set([418, 429]);
const MINUTE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60 * MINUTE_MS;

export const TIMESTAMP_CODE = -1021;

/**
 * -1002 to -1131 and -2008 to -2017 are judged before anything is looked at: the key, the signature, the time, the form of the request.
 * -4004 to -4060 are the wallet's reasons not to take a withdrawal. Left out on purpose: -1000, -1001, -1004, -1006, -1007, -1008 and
 * -4027 (trouble on their side), -4032, -4038 and -4041 ("exception", "try again"), and whatever has no published meaning.
 */
const REFUSED_CODES: ReadonlySet<number> = new Set([
	...[-1002, -1005, -1011, -1020, TIMESTAMP_CODE, -1022, -1023, -1099],
	...[-1100, -1101, -1102, -1103, -1104, -1105, -1106, -1108, -1109, -1128, -1130, -1131],
	...[-2008, -2014, -2015, -2017],
	...[-4004, -4006, -4007, -4008, -4012, -4013, -4014, -4015, -4016, -4017, -4018, -4019],
	...[-4021, -4022, -4023, -4024, -4025, -4026, -4028, -4033, -4034, -4035, -4036, -4039, -4044, -4046, -4047, -4060],
]);

/** Whether it is an answer to what was asked. */
export function isWelcome(answer: RawAnswer): boolean {
	return answer.status === 200 && codeIn(answer.text) === null;
}

export function judge({ status, text }: RawAnswer): Verdict {
	const found = codeIn(text);
	const code = found?.code ?? null;
	const words = storableText(found === null ? text.slice(0, ERROR_CHARS) : `${found.code} ${found.words}`.slice(0, ERROR_CHARS));
	return { kind: kindOf(status, code), code, words };
}

function kindOf(status: number, code: number | null): Verdict['kind'] {
	if (LEAVE_ALONE.has(status)) return 'busy';
	if (status >= 500 || status === 408) return 'unclear';
	// The firewall in front of Binance has no codes; who goes on asking is banned.
	if (code === null) return status === 403 ? 'busy' : 'unclear';
	if (BUSY_CODES.has(code)) return 'busy';
	return REFUSED_CODES.has(code) ? 'refused' : 'unclear';
}

/** For how long a busy Binance is left alone, in milliseconds: what it says, within bounds; without a word, a minute, and two after a ban. */
export function pauseMsOf({ status, retryAfter }: RawAnswer): number {
	const isSeconds = retryAfter !== null && /^\d{1,9}$/.test(retryAfter.trim());
	if (!isSeconds) return status === 418 ? 2 * MINUTE_MS : MINUTE_MS;
	return Math.min(Math.max(Number(retryAfter) * 1_000, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

function codeIn(text: string): { readonly code: number; readonly words: string } | null {
	if (text.length > MOST_REFUSAL_CHARS) return null;
	try {
		const body: unknown = JSON.parse(text);
		if (typeof body !== 'object' || body === null || !('code' in body)) return null;
		const code = String(body.code);
		return /^-?\d{1,9}$/.test(code) ? { code: Number(code), words: 'msg' in body ? String(body.msg) : '' } : null;
	} catch {
		return null;
	}
}
