/**
 * One of the two places that can hold the cache. A side decides what it is asked in one step, and in the same step marks what the other
 * side does not have yet; what is marked is brought over from what the side holds then (`bring.ts`), so nothing depends on an order.
 */
import { TransientError } from '../errors.ts';
import type { Phase } from './phase.ts';
import type { Row, StoredText } from './row.ts';

/** What is kept equal as one: `r:<id>`, `w:<deposit transaction>` or `p`, the pause. */
export type Entity = `r:${string}` | `w:${string}` | 'p';

export interface Mark {
	readonly entity: Entity;
	/** Of the change that marked it last; a mark is taken away only by who has read it. */
	readonly token: string;
}

/** How many a side holds. */
export interface Sizes {
	readonly rows: number;
	readonly withdrawals: number;
}

/** Who asks. */
export interface Asker {
	/** The phase that it follows, or null for an instance that was given one: it is let in whatever is stored. */
	readonly follows: Phase | null;
}

/** Who changes something. */
export interface Change extends Asker {
	/** A UUID of this change; asked again with the same one after a lost connection, the answer is the same. */
	readonly token: string;
	/** Whether what changes is marked for the other side; `stored`: when the stored phase keeps both. */
	readonly marks: 'always' | 'stored' | 'never';
}

/**
 * Every call rejects with `TransientError` when the side cannot be reached or does not answer in time, and with `PhaseMovedError` when the
 * stored phase is more than one away from what the asker follows, or a copy has begun that waits for nobody in the asker's phase.
 */
export interface Side {
	readonly name: 'redis' | 'postgres';
	rowsOn(routes: readonly string[], asker: Asker): Promise<StoredText[]>;
	/** All rows that hold this transaction; those that cannot be read are left out and told. */
	rowsWith(transaction: string, asker: Asker): Promise<StoredText[]>;
	has(id: string, asker: Asker): Promise<boolean>;
	isPaused(asker: Asker): Promise<boolean>;
	withdrawal(depositTransaction: string, asker: Asker): Promise<string | null>;

	add(rows: readonly Row[], change: Change): Promise<void>;
	/** The ids that this change has removed. */
	remove(ids: readonly string[], change: Change): Promise<string[]>;
	clear(change: Change): Promise<void>;
	setPause(paused: boolean, change: Change): Promise<void>;
	putWithdrawal(depositTransaction: string, text: string, change: Change): Promise<void>;
	/** Whether this change has removed it. */
	removeWithdrawal(depositTransaction: string, change: Change): Promise<boolean>;

	/** Some of what is marked, the oldest first. */
	marked(limit: number): Promise<Mark[]>;
	/** Takes marks away, each only while its token is the same. */
	unmark(marks: readonly Mark[]): Promise<void>;
	close(): Promise<void>;
}

/** What a side holds of an entity: its text, `1` or `0` for the pause, null for nothing. `removedBy`: the token of the change that removed it, when known. */
export interface Held {
	readonly entity: Entity;
	readonly value: string | null;
	readonly removedBy: string | null;
}

/** The stored phase has moved on without whoever asked. Nothing was done. */
export class PhaseMovedError extends TransientError {
	readonly stored: Phase;

	constructor(stored: Phase) {
		super(`the stored phase is ${stored} by now; nothing was done`, { stored });
		this.stored = stored;
	}
}
