/** What the driver says, as those who ask a cache have to know it: try again, or call a person. */
import { BallastError, errorText, TransientError } from '../../errors.ts';
import { databaseTrouble } from '../trouble.ts';

/** Connections that are gone, servers that end or begin, locks and statements that took too long, deadlocks, and a server without room. */
const PASSES = /^(CONNECTION_\w+|CONNECT_TIMEOUT|E[A-Z]+|08\w{3}|40\w{3}|53\w{3}|55P03|57\w{3}|25P0[34]|58\w{3})$/;

/** What the driver says itself has no code. */
const LOST = /^(Connection terminated|timeout expired|Client (was closed|has encountered)|Cannot use a pool)/;

/** A `TransientError` for what passes by itself; whatever is ours or is not known stays what it is. */
export function cacheTrouble(error: unknown): unknown {
	if (error instanceof BallastError) return error;
	const known = databaseTrouble(error);
	if (known !== null) return known;
	const code = codeOf(error);
	if (!PASSES.test(code) && !(error instanceof Error && LOST.test(error.message))) return error;
	return new TransientError(`the database did not answer: ${errorText(error)}`, { code }, { cause: error });
}

function codeOf(error: unknown): string {
	const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
	const failed = first ?? error;
	return failed instanceof Error && 'code' in failed && typeof failed.code === 'string' ? failed.code : '';
}
