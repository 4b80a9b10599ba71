/** Login and headers of the operators' pages. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** HTTP Basic: compared in constant time over digests, so that neither content nor length shows. */
export function requireLogin({ user, password }: { user: string; password: string }): RequestHandler {
	const expected = digest(`${user}:${password}`);
	return (request, response, next) => {
		const [scheme, token] = (request.headers.authorization ?? '').split(' ');
		const given = digest(Buffer.from(scheme === 'Basic' ? (token ?? '') : '', 'base64').toString('utf8'));
		if (timingSafeEqual(given, expected)) return next();
		response.set('WWW-Authenticate', 'Basic realm="ballast", charset="UTF-8"').status(401).send('Log in with the operator account.\n');
	};
}

/** The board asks a public host for a font; nothing but this origin is ever loaded. A write from another site is refused. */
export function securityHeaders(request: Request, response: Response, next: NextFunction): void {
	response.set({
		'Content-Security-Policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
		'X-Content-Type-Options': 'nosniff',
		'Referrer-Policy': 'same-origin',
	});
	const site = request.headers['sec-fetch-site'];
	if (request.method !== 'GET' && request.method !== 'HEAD' && site !== undefined && site !== 'same-origin') {
		response.status(403).send('Writes are taken from this site only.\n');
		return;
	}
	next();
}

function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
