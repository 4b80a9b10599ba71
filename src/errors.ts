/**
 * Three classes of error, because there are three things a worker can do about one (architecture §3):
 * a transient one is tried again, a permanent one stops this piece of work, a broken invariant stops it and calls a person.
 * A message says what happened, to which id, and what is safe to do next.
 */

export class BallastError extends Error {
	/** Ids that a reader needs to find the thing: `{ effectId, chain }`. Never secrets. */
	readonly details: Readonly<Record<string, string>>;

	constructor(message: string, details: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
		super(message, options);
		this.name = new.target.name;
		this.details = details;
	}
}

/** Nothing is known to be wrong; the same call may succeed later: time-outs, 429, 5xx, lost connections. */
export class TransientError extends BallastError {}

/** A service wants to be left alone for so long: nothing has failed, and asking sooner makes it worse. */
export class BusyError extends TransientError {
	readonly retryAfterMs: number;

	constructor(message: string, retryAfterMs: number, details: Readonly<Record<string, string>> = {}) {
		super(message, details);
		this.retryAfterMs = retryAfterMs;
	}
}

/** Trying the same again gives the same answer: a malformed row, an unknown asset, a refused request. */
export class PermanentError extends BallastError {}

/** Something that the design rules out has happened. Stop, keep everything as it is, and let a person look. */
export class InvariantError extends BallastError {}

/** The configuration cannot be used; `key` is the path of the wrong value. */
export class ConfigError extends PermanentError {
	readonly key: string;

	constructor(key: string, problem: string) {
		super(`configuration: ${key}: ${problem}`, { key });
		this.key = key;
	}
}

/** The text of anything thrown, safe to store: PostgreSQL refuses NUL characters and lone surrogates. */
export function errorText(error: unknown): string {
	const text = error instanceof Error ? messageOf(error) : String(error);
	// Cut first: a cut may leave half of a surrogate pair behind, which the cleaning then replaces.
	return storableText(text.slice(0, 2_000));
}

const QUERY_CHARS = 200;

/**
 * drizzle says which query failed and keeps why in its cause; Node says nothing where none of a host's addresses answers; viem adds the whole
 * call, over many lines, to what went wrong.
 */
function messageOf(error: Error): string {
	const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
	if (error.message === '' && first instanceof Error) return messageOf(first);
	if ('shortMessage' in error && error.message.includes('\n')) {
		const { shortMessage, details } = error as { shortMessage: unknown; details?: unknown };
		return [shortMessage, details].filter(Boolean).join(' ').replace(/\s+/g, ' ');
	}
	if (!error.message.startsWith('Failed query: ') || !(error.cause instanceof Error)) return error.message;
	const query = error.message.replace(/\nparams: .*$/s, '').replace(/\s+/g, ' ');
	return `${messageOf(error.cause)} (${query.slice(0, QUERY_CHARS)})`;
}

/** Strips what `text` and `jsonb` columns refuse: NUL and lone surrogates, as token names and revert reasons may hold them. */
export function storableText(text: string): string {
	return text.replaceAll('\u0000', '').replace(/\p{Surrogate}/gu, '\uFFFD');
}
