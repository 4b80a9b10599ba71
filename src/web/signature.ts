/** Who says so, and when: HMAC-SHA256 over timestamp and raw body, compared in constant time. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { WEBHOOK_WINDOW_SECONDS } from '../store/webhooks.ts';

interface SignedRequest {
	/** The headers as they came; undefined when they did not. */
	readonly timestamp: string | undefined;
	readonly signature: string | undefined;
	readonly body: Buffer;
}

type Verdict = { readonly ok: true; readonly signature: string } | { readonly ok: false; readonly problem: string };

/** `nowMs` in Unix milliseconds. Of a good request the signature comes back as computed here: one spelling, however it was sent. */
export function checkSignature(secret: string, { timestamp, signature, body }: SignedRequest, nowMs: number): Verdict {
	if (timestamp === undefined || !/^[0-9]{1,12}$/.test(timestamp)) return bad('x-ballast-timestamp: is not a time in Unix seconds');
	if (Math.abs(nowMs - Number(timestamp) * 1_000) > WEBHOOK_WINDOW_SECONDS * 1_000)
		return bad(`x-ballast-timestamp: is more than ${WEBHOOK_WINDOW_SECONDS} seconds from now`);
	if (signature === undefined || !/^[0-9a-fA-F]{64}$/.test(signature)) return bad('x-ballast-signature: is not 32 bytes of hex');
	const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
	if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) return bad('x-ballast-signature: is not that of this body and time');
	return { ok: true, signature: expected.toString('hex') };
}

function bad(problem: string): Verdict {
	return { ok: false, problem };
}
