/** What the failures of a database that operators know mean to them: what is wrong, what is safe, what to do. No password is ever in it. */
import { DrizzleQueryError } from 'drizzle-orm';
import { PermanentError, TransientError } from '../errors.ts';

const KEY = 'DATABASE_URL';
/** True of each of them: PostgreSQL has refused the connection or the statement, and a statement that fails takes its transaction back. */
const SAFE = 'Nothing was written and nothing was sent.';

type Meaning = (error: Fields) => string;
interface Fields {
	readonly code: string;
	readonly message: string;
	/** Of the server, without a password. */
	readonly at: string;
}

const UNMIGRATED: Meaning = ({ message }) =>
	`the database has no tables of this version yet: run \`npm run -s ballast -- migrate\`, then start again. ${SAFE} (${message})`;
const UNREACHED: Meaning = ({ code, at }) =>
	`no server answers at ${at} (${code}). ${SAFE} Start PostgreSQL, or correct host and port, and try again.`;
const UNKNOWN_HOST: Meaning = ({ code, message }) =>
	`its host name cannot be resolved (${code}: ${message}). ${SAFE} Correct the host, or see to the name server.`;
const REFUSED: Meaning = ({ message }) => `the server refuses the login (${message}). ${SAFE} Correct user and password, and try again.`;

/** Trying again gives the same until somebody has changed something. */
const PERMANENT: Readonly<Record<string, Meaning>> = {
	ENOTFOUND: UNKNOWN_HOST,
	'28P01': REFUSED,
	'28000': REFUSED,
	'3D000': ({ message }) => `${message}. ${SAFE} Correct the name, or create it and run \`npm run -s ballast -- migrate\`.`,
	'3F000': UNMIGRATED,
	'42P01': UNMIGRATED,
	'42703': UNMIGRATED,
	'42501': ({ message }) => `its user lacks a right (${message}). ${SAFE} Use the user that has migrated the database.`,
};

/** They pass by themselves, or once somebody has seen to the server. */
const TRANSIENT: Readonly<Record<string, Meaning>> = {
	ECONNREFUSED: UNREACHED,
	EHOSTUNREACH: UNREACHED,
	ENETUNREACH: UNREACHED,
	ETIMEDOUT: UNREACHED,
	CONNECT_TIMEOUT: UNREACHED,
	EAI_AGAIN: UNKNOWN_HOST,
	'25006': ({ message }) => `the server is read only (${message}). ${SAFE} Name the primary, not a standby.`,
	'53100': ({ message }) =>
		`the server's disk is full (${message}). ${SAFE} Rows that are committed are intact; free space on it, and work goes on by itself.`,
	'53200': ({ message }) => `the server is out of memory (${message}). ${SAFE} Work goes on by itself once it has some.`,
	'53300': ({ message }) =>
		`the server has no connection left (${message}). ${SAFE} Lower DATABASE_POOL or raise max_connections: docs/operations.md counts them.`,
	'57P03': ({ message }) => `the server takes no connections now (${message}). ${SAFE} Wait until it has started, and try again.`,
};

/** The same failure in an operator's words, with the failure as its cause; null when it is none of those. */
export function databaseTrouble(error: unknown): PermanentError | TransientError | null {
	const fields = fieldsOf(error);
	if (fields === null) return null;
	const { code } = fields;
	const permanent = PERMANENT[code];
	if (permanent !== undefined) return new PermanentError(`${KEY}: ${permanent(fields)}`, { key: KEY, code }, { cause: error });
	const transient = TRANSIENT[code];
	return transient === undefined ? null : new TransientError(`${KEY}: ${transient(fields)}`, { key: KEY, code }, { cause: error });
}

/** Null of what is no error of the driver: what a chain or an API says comes wrapped, and is not looked into. */
function fieldsOf(error: unknown): Fields | null {
	const driver = causeOfQuery(error);
	if (!(driver instanceof Error && 'code' in driver && typeof driver.code === 'string')) return null;
	const { address, port } = driver as { address?: unknown; port?: unknown };
	const at = [address, port].flat().filter((part) => part !== undefined);
	return { code: driver.code, message: driver.message || driver.code, at: at.join(':') || 'the address given' };
}

/** drizzle wraps what the driver says, and Node what several addresses of one host say. */
function causeOfQuery(error: unknown): unknown {
	if (error instanceof DrizzleQueryError) return causeOfQuery(error.cause);
	return error instanceof AggregateError ? causeOfQuery(error.errors[0]) : error;
}
