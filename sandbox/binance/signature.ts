/** Who may ask: the key in the header, the signature over query and body as they were sent, and a timestamp that is not stale. */
import { createHmac } from 'node:crypto';
import { Refusal } from './refusal.ts';
import type { FormRequest } from './server.ts';
import type { BinanceSettings } from './settings.ts';

export interface Keys {
	readonly apiKey: string;
	readonly secret: string;
}

const KEY_FORMAT = /^[A-Za-z0-9]{64}$/;
const SIGNATURE = /(^|&)signature=[^&]*/;
const USUAL_WINDOW_MS = 5_000;
const WIDEST_WINDOW_MS = 60_000;
/** By how much a caller's clock may be ahead. */
const AHEAD_MS = 1_000;

/** Throws the refusal of a request that is not the key owner's. */
export function verify(request: FormRequest, { apiKey, secret }: Keys, settings: BinanceSettings): void {
	if (request.apiKey === null || !KEY_FORMAT.test(request.apiKey)) throw new Refusal('badKeyFormat');
	if (request.apiKey !== apiKey) throw new Refusal('badKey');
	const timestamp = wholeNumber(request, 'timestamp');
	if (timestamp === undefined) throw new Refusal('missing', ['timestamp']);
	const recvWindow = wholeNumber(request, 'recvWindow') ?? USUAL_WINDOW_MS;
	if (recvWindow > WIDEST_WINDOW_MS) throw new Refusal('wideRecvWindow');
	const signature = request.parameters.get('signature');
	if (signature === undefined) throw new Refusal('missing', ['signature']);
	// Nothing stands between query and body, not even when both have parameters.
	const signed = request.search.replace(SIGNATURE, '') + request.form.replace(SIGNATURE, '');
	if (createHmac('sha256', secret).update(signed).digest('hex') !== signature.toLowerCase()) throw new Refusal('badSignature');
	const now = settings.nowMs() + settings.skewMs;
	if (timestamp >= now + AHEAD_MS) throw new Refusal('tooEarly');
	if (now - timestamp > recvWindow) throw new Refusal('tooLate');
}

/** Undefined when it was not sent. Throws the refusal of what is no whole number. */
export function wholeNumber({ parameters }: Pick<FormRequest, 'parameters'>, name: string): number | undefined {
	const text = parameters.get(name);
	if (text === undefined) return undefined;
	if (!/^\d{1,15}$/.test(text)) throw new Refusal('missing', [name]);
	return Number(text);
}

/** Throws the refusal of a request that does not say it. */
export function required({ parameters }: Pick<FormRequest, 'parameters'>, name: string): string {
	const text = parameters.get(name);
	if (text === undefined || text === '') throw new Refusal('missing', [name]);
	return text;
}
