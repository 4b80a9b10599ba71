/**
 * When to look for a proof again. Quotes are rough: proofs come between half and twice the promised time, so that is where looks are
 * close together, each a share of the time waited so far later than the one before. What is late costs looks only by its logarithm.
 */
/** A twentieth later than the soonest: few proofs lie between, and a look is saved for all others. */
const FIRST_SHARE = 0.55;
const SHARE = 0.16;
const SOONEST_MS = 500;
/** A promise may be far too pessimistic. */
const LATEST_FIRST_MS = 600_000;

interface Waiting {
	/** Since the sending call was seen mined. */
	readonly waitedMs: number;
	/** What the quote promised. */
	readonly expectedMs: number;
	/** However late it is, looks are never further apart than this. */
	readonly latestMs: number;
}

/** Milliseconds until the next look. */
export function lookAgainIn({ waitedMs, expectedMs, latestMs }: Waiting): number {
	const untilLikely = Math.min(expectedMs * FIRST_SHARE - waitedMs, LATEST_FIRST_MS);
	return Math.ceil(Math.max(SOONEST_MS, untilLikely, Math.min(waitedMs * SHARE, latestMs)));
}
