/** One call: charged before it is made, judged by Binance's own words, and its answer checked. */
import type { z } from 'zod';
import { BallastError, BusyError, errorText, PermanentError, TransientError } from '../../errors.ts';
import type { RequestBudget } from '../../http.ts';
import { type AskParameters, type Send, UnwelcomeAnswer } from './client.ts';
import type { Endpoint } from './endpoints.ts';
import { judge, pauseMsOf } from './refusal.ts';

/**
 * Throws `PermanentError` with Binance's code and words when it clearly refuses, `BusyError` when it wants to be left alone or our own
 * budget says to wait, and `TransientError` for everything else: time-outs, 5xx, answers of another shape, codes without a clear meaning.
 */
export type Call = <Schema extends z.ZodType>(endpoint: Endpoint, parameters: AskParameters, schema: Schema) => Promise<z.output<Schema>>;

type Budgets = Readonly<Record<Endpoint['by'], RequestBudget>>;

/** A ban, and the firewall in front, close all doors at once. */
const ALL_CLOSED: readonly number[] = [403, 418];

export function createCall(send: Send, budgets: Budgets): Call {
	return async (endpoint, parameters, schema) => {
		try {
			await budgets[endpoint.by].enter(endpoint.weight);
			return checked(endpoint, schema, await send(endpoint, parameters));
		} catch (error) {
			if (error instanceof UnwelcomeAnswer) return await refuse(endpoint, error, budgets);
			if (error instanceof BallastError) throw error;
			throw new TransientError(`${titleOf(endpoint)}: ${errorText(error)}`, detailsOf(endpoint), { cause: error });
		}
	};
}

const titleOf = ({ method, path }: Endpoint): string => `Binance: ${method} ${path}`;
const detailsOf = ({ path }: Endpoint) => ({ service: 'binance', path });

/** The body, if it is of the shape. Throws `TransientError` naming the field. */
export function checked<Schema extends z.ZodType>(endpoint: Endpoint, schema: Schema, body: unknown): z.output<Schema> {
	const parsed = schema.safeParse(body);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	const field = issue?.path.join('.') || 'body';
	throw new TransientError(`${titleOf(endpoint)}: the answer's ${field}: ${issue?.message}`, { ...detailsOf(endpoint), field });
}

async function refuse(endpoint: Endpoint, { answer }: UnwelcomeAnswer, budgets: Budgets): Promise<never> {
	const { kind, code, words } = judge(answer);
	const said = `${titleOf(endpoint)} answers ${answer.status}: ${words}`;
	const details = { ...detailsOf(endpoint), status: `${answer.status}`, ...(code !== null && { code: `${code}` }) };
	if (kind === 'refused') throw new PermanentError(said, details);
	if (kind === 'unclear') throw new TransientError(said, details);
	const pauseMs = pauseMsOf(answer);
	const closed = ALL_CLOSED.includes(answer.status) ? Object.values(budgets) : [budgets[endpoint.by]];
	// Whether or not the others can be told, this caller is.
	await Promise.allSettled(closed.map((budget) => budget.pause(pauseMs)));
	throw new BusyError(said, pauseMs, details);
}
