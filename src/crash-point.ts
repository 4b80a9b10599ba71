/**
 * Named places between two writes at which a process can be told to die, as if its machine had lost power there. Fault campaigns arm one
 * of them by the environment; otherwise passing one does nothing.
 */

/** In the order in which an invoice passes them; each name says what has happened already. */
export const CRASH_POINTS = [
	/** In the transaction that commits an earmark: another poller or planner may be writing one for the same invoice. */
	'earmark-written',
	/** The intents have committed, and nobody was woken. */
	'planned',
	/** Jobs were added, and their wake-ups are not marked as sent. */
	'relayed',
	/** The effect was claimed. */
	'claimed',
	'nonce-committed',
	/** The bytes exist and are not stored. */
	'signed',
	/** The bytes are stored and were not sent. */
	'attempt-stored',
	/** The bytes were sent, and the answer was an error or none. */
	'reply-lost',
	/** The node has taken the bytes, and that is not recorded. */
	'sent',
	/** The chain has mined them, and nobody has noted it. */
	'mined',
	/** In the transaction that records the verdict. */
	'verdict-written',
	/** What outbids an earlier transaction is stored and was not sent. */
	'outbid-stored',
	/** A proof was found and is not stored. */
	'proof-fetched',
	/** A keyed request is stored, and nobody was asked. */
	'request-committed',
	/** The right to one call is taken, and it was not made. */
	'request-claimed',
	/** The call was made, and the answer was a refusal, an error or none. */
	'answer-lost',
	/** The service has accepted it, and that is not recorded. */
	'requested',
	/** The service has carried it out, and that is not recorded. */
	'answer-found',
	/** Somebody else has claimed for us, and that is not recorded. */
	'claimed-by-others',
	/** A hop has arrived, and whoever waits for it was not woken. */
	'delivered',
	/** In the transaction that releases an earmark whose purchase is final. */
	'release-written',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

export interface ArmedCrash {
	readonly point: CrashPoint;
	/** The process dies when it comes there for this time; 1 is the first. */
	readonly time: number;
}

let armed: ArmedCrash | null = null;
let passed = 0;

/** From now on this process dies at that place; null disarms it. */
export function armCrash(crash: ArmedCrash | null): void {
	armed = crash;
	passed = 0;
}

/** SIGKILL to ourselves when the place is armed and its time has come: nothing after the call happens. */
export function crashPoint(point: CrashPoint): void {
	if (armed?.point !== point) return;
	passed += 1;
	if (passed === armed.time) process.kill(process.pid, 'SIGKILL');
}
