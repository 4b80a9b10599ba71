/**
 * The ways in which any API here can be told to misbehave, one word each, and how to say for which requests:
 * `api.fault = firstOf(times(2, when('GET', /min-amounts$/, broken())), when('POST', /^\/intents$/, late(300), lose()))`.
 */
import type { ApiFault, ApiFaultRule } from './api-server.ts';

/** Carried out at once, answered after so many milliseconds. */
export const late = (ms: number): ApiFault => ({ delayMs: ms });

/** Carried out, and the answer never comes. */
export const lose = (): ApiFault => ({ hang: true });

/** Carried out twice, as when something on the way repeats the request; the second answer arrives. */
export const double = (): ApiFault => ({ repeats: true });

/** Refused, and not carried out. */
export const refuse = (status = 400): ApiFault => ({ status, body: { message: `told to answer ${status}` } });

/** The API's own word that there is no such thing. */
export const notFound = (): ApiFault => refuse(404);

/** Too many requests: come back in so many seconds. */
export const tooMany = (retryAfterSeconds: number): ApiFault => ({ ...refuse(429), headers: { 'retry-after': `${retryAfterSeconds}` } });

/** The API itself has failed. */
export const broken = (): ApiFault => refuse(500);

/** Carried out, and answered with 200 and this: text that is no JSON, unless a body of the wrong shape is given. */
export const nonsense = (body: unknown = '<html>it works!</html>'): ApiFault => ({ status: 200, body });

/** These misbehaviours together, for requests of this method whose path matches. */
export function when(method: string, path: RegExp, ...faults: readonly ApiFault[]): ApiFaultRule {
	const together: ApiFault = Object.assign({}, ...faults);
	return (request) => (request.method === method && path.test(request.path) ? together : undefined);
}

/** Only for the first `count` requests that the rule is about. */
export function times(count: number, rule: ApiFaultRule): ApiFaultRule {
	let left = count;
	return (request) => {
		const fault = left > 0 ? rule(request) : undefined;
		if (fault !== undefined) left -= 1;
		return fault;
	};
}

/** Of several rules the first that has something to say about a request. */
export function firstOf(...rules: readonly ApiFaultRule[]): ApiFaultRule {
	return (request) => {
		for (const rule of rules) {
			const fault = rule(request);
			if (fault !== undefined) return fault;
		}
		return undefined;
	};
}
