/** What one rebalance is as a row: its id, its route and its text are made once, before any side is written. */
import { randomUUID } from 'node:crypto';
import { PermanentError } from '../errors.ts';
import type { RebalanceAction, RebalanceRoute, StoredRebalance, WithdrawalRecord } from './cache.ts';

export interface Row {
	/** `<destination>-<origin>-<asset as given>-<uuid>`. */
	readonly id: string;
	/** `<destination>-<origin>-<asset in lower case>`; what follows `rebalances:route:` in Redis. */
	readonly route: string;
	readonly transaction: string;
	/** The action as JSON, byte for byte the same on both sides. */
	readonly text: string;
}

/** A row as a side has it. */
export interface StoredText {
	readonly id: string;
	readonly text: string;
}

export const routeOf = ({ destination, origin, asset }: RebalanceRoute): string => `${destination}-${origin}-${asset.toLowerCase()}`;

/** Throws `PermanentError` naming the field that is missing, or when it cannot be written as JSON. */
export function rowOf(action: RebalanceAction): Row {
	const wrong = wrongFieldOf(action);
	if (wrong !== null) throw new PermanentError(`a rebalance has no usable ${wrong}`, { field: wrong });
	const { destination, origin, asset } = action;
	const id = `${destination}-${origin}-${asset}-${randomUUID()}`;
	const text = textOf(action);
	const found = readRow({ id, text });
	// What is written may be less than what was given: a number that is none, a field of a prototype.
	if (found === null || found.row.route !== routeOf(action))
		throw new PermanentError('a rebalance is not the same any more when it is written as JSON');
	return found.row;
}

function textOf(value: unknown): string {
	try {
		return JSON.stringify(value);
	} catch (error) {
		throw new PermanentError(`a rebalance cannot be written as JSON: ${(error as Error).message}`, {}, { cause: error });
	}
}

/** What a row is found by, besides its id. */
function factsOf(action: RebalanceAction): Pick<Row, 'route' | 'transaction'> {
	return { route: routeOf(action), transaction: action.transaction };
}

/** Null when the text is no JSON object with the fields that a row needs. */
export function readRow({ id, text }: StoredText): { readonly row: Row; readonly action: StoredRebalance } | null {
	const action = objectOf(text);
	if (action === null || wrongFieldOf(action) !== null) return null;
	const known = action as RebalanceAction;
	return { row: { id, ...factsOf(known), text }, action: { ...known, id } };
}

const TEXTS = ['asset', 'bridge', 'amount', 'transaction'] as const;
const CHAINS = ['origin', 'destination'] as const;

/** The first field that a row needs and that is not there. Rows of older versions have no recipient. */
function wrongFieldOf(value: unknown): string | null {
	if (typeof value !== 'object' || value === null) return 'fields';
	const fields = value as Readonly<Record<string, unknown>>;
	const isChain = (field: string) => typeof fields[field] === 'number' || typeof fields[field] === 'string';
	return TEXTS.find((field) => typeof fields[field] !== 'string') ?? CHAINS.find((field) => !isChain(field)) ?? null;
}

export const withdrawalText = (record: WithdrawalRecord): string => JSON.stringify(record);

/** Null when the text is no JSON object with the fields of a withdrawal; the oldest ones were the plain reference. */
export function readWithdrawal(text: string): WithdrawalRecord | null {
	const record = objectOf(text);
	if (record === null || !['asset', 'method', 'refid'].every((field) => typeof record[field] === 'string')) return null;
	return record as unknown as WithdrawalRecord;
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
	} catch {
		return null;
	}
}

/** Throws `PermanentError` naming the first field with a character that PostgreSQL cannot store. */
export function refuseNul(value: unknown, field: string): void {
	if (typeof value === 'string') {
		if (value.includes('\u0000')) throw new PermanentError(`${field} holds a NUL character, which PostgreSQL cannot store`, { field });
		return;
	}
	if (typeof value !== 'object' || value === null) return;
	for (const [key, each] of Object.entries(value)) {
		refuseNul(key, `the name of a field of ${field}`);
		refuseNul(each, `${field}.${key}`);
	}
}
