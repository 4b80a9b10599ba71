/** `POST /webhooks/everclear`: something has happened to an invoice. Only ever a reason to look at once; the poll remains the guarantee. */
import { type Request, type Response, Router, raw } from 'express';
import type { Hex } from 'viem';
import { z } from 'zod';
import type { App } from '../app.ts';
import { errorText } from '../errors.ts';
import { takeDelivery } from '../store/webhooks.ts';
import { checkSignature } from './signature.ts';

const MOST_BYTES = 64 * 1_024;
const EVENTS = ['invoice-enqueued', 'settlement-enqueued', 'invoice-changed'] as const;

/** Keys that nobody here reads are allowed: the sender may grow. */
const announcement = z.object(
	{
		event: z.enum(EVENTS, `is not one of ${EVENTS.join(', ')}`),
		intentId: z
			.string('is not text')
			.regex(/^0x[0-9a-fA-F]{64}$/, 'is not a 32-byte hex value')
			.transform((id) => id.toLowerCase() as Hex),
	},
	'is not a JSON object',
);

interface Answer {
	readonly status: number;
	readonly body: { readonly ok: true; readonly replay: boolean } | { readonly ok: false; readonly error: string };
}

/** Without a secret nobody could be believed, and there is no such address. */
export function webhookRoutes(app: Pick<App, 'db' | 'log' | 'nowMs'>, secret: string | undefined): Router {
	const router = Router();
	if (secret === undefined) return router;
	router.post('/webhooks/everclear', async (request, response) => {
		const { status, body } = await answerTo(app, secret, { request, response });
		if (!body.ok) app.log.warn({ status, problem: body.error }, 'webhook delivery refused');
		response.status(status).json(body);
	});
	return router;
}

async function answerTo(
	app: Pick<App, 'db' | 'log' | 'nowMs'>,
	secret: string,
	{ request, response }: { request: Request; response: Response },
): Promise<Answer> {
	const body = await readRaw(request, response);
	if (body === null) return refusal(413, `body: is not at most ${MOST_BYTES} plain bytes`);
	const signed = { timestamp: request.get('x-ballast-timestamp'), signature: request.get('x-ballast-signature'), body };
	const verdict = checkSignature(secret, signed, app.nowMs());
	if (!verdict.ok) return refusal(401, verdict.problem);
	const parsed = announcement.safeParse(jsonOf(body));
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		return refusal(400, `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'is malformed'}`);
	}
	const { event, intentId } = parsed.data;
	try {
		const taken = await takeDelivery(app.db, { signature: verdict.signature, event, invoiceId: intentId });
		app.log.info({ invoice: intentId, event, replay: taken === 'replay' }, 'webhook delivery taken');
		return { status: 200, body: { ok: true, replay: taken === 'replay' } };
	} catch (error) {
		app.log.warn({ invoice: intentId, error: errorText(error) }, 'webhook delivery not stored');
		return refusal(503, 'not stored: deliver it again');
	}
}

/** The bytes that were signed; null when there are too many, or they are compressed. */
async function readRaw(request: Request, response: Response): Promise<Buffer | null> {
	const parse = raw({ type: () => true, limit: MOST_BYTES, inflate: false });
	const failed = await new Promise<boolean>((resolve) => parse(request, response, (error: unknown) => resolve(error !== undefined)));
	if (failed) return null;
	const body: unknown = request.body;
	return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function jsonOf(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString('utf8'));
	} catch {
		return undefined;
	}
}

function refusal(status: number, error: string): Answer {
	return { status, body: { ok: false, error } };
}
