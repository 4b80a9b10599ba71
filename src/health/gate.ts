/**
 * How far what is known of a market can be relied on: `normal`; `degraded`, in which amounts shrink and only what reduces is begun; `halted`, in which
 * nothing new is begun and what has begun goes on. Hysteresis in value and in time keeps it from going to and fro.
 */
import { statesOf } from '../transitions.ts';

export const GATE_TRANSITIONS = {
	normal: ['degraded', 'halted'],
	degraded: ['normal', 'halted'],
	halted: ['degraded'],
} as const satisfies Record<string, readonly string[]>;

export type GateState = keyof typeof GATE_TRANSITIONS;
export const GATE_STATES = statesOf(GATE_TRANSITIONS);

/** Milliseconds, and base units of what the market trades. */
export interface GateSettings {
	/** A discrepancy of at least this, for so long without a break, degrades. */
	readonly enter: bigint;
	readonly enterMs: number;
	/** Less than this, for so long without a break, is normal again. */
	readonly exit: bigint;
	readonly exitMs: number;
	/** Reads of the chain that fail in a row until it counts as lost: others are asked then, and it is degraded. */
	readonly failedReads: number;
	/** Without the chain for so long nothing new is begun. */
	readonly haltMs: number;
	/** Impossible answers in a row that halt. */
	readonly impossible: number;
	/** Good looks, and how far the last is from the first, that end a halt. */
	readonly goodLooks: number;
	readonly goodMs: number;
}

/** `looked`: the chain has answered, and it may be true. `unread`: it has not. `impossible`: it says what cannot be. `tick`: time has passed. */
export interface GateEvent {
	readonly kind: 'looked' | 'unread' | 'impossible' | 'tick';
	/** Unix milliseconds. */
	readonly atMs: number;
	/** As far as it is known then, in base units. */
	readonly discrepancy: bigint;
}

/** Everything that the next event is judged by; instants are Unix milliseconds. */
export interface Gate {
	readonly state: GateState;
	/** Why, for an operator. */
	readonly reason: string;
	readonly sinceMs: number;
	/** Of the last good look, or of the beginning. */
	readonly goodMs: number;
	/** Good looks in a row, and when they began; null when the last one was none. */
	readonly goodLooks: number;
	readonly goodSinceMs: number | null;
	readonly unread: number;
	readonly impossible: number;
	/** Since when the discrepancy is enough to degrade, and since when it is little enough not to. */
	readonly overSinceMs: number | null;
	readonly underSinceMs: number | null;
}

/** Nothing is known yet. */
export const newGate = (atMs: number): Gate => ({
	...{ state: 'normal', reason: 'nothing has happened', sinceMs: atMs, goodMs: atMs },
	...{ goodLooks: 0, goodSinceMs: null, unread: 0, impossible: 0, overSinceMs: null, underSinceMs: null },
});

/** Whether others than the chain are asked. */
export const isLost = ({ unread }: Gate, { failedReads }: GateSettings): boolean => unread >= failedReads;

/** What an event makes of it. The same event again changes nothing but counts of what was seen. */
export function step(before: Gate, event: GateEvent, settings: GateSettings): Gate {
	const gate = counted(before, event, settings);
	const { state, reason } = judged(gate, event.atMs, settings);
	if (state === gate.state) return gate;
	// Whoever was halted is degraded first, and for as long as anybody else.
	const underSinceMs = state === 'degraded' && gate.underSinceMs !== null ? event.atMs : gate.underSinceMs;
	// What was good before a halt does not end it.
	const anew = state === 'halted' ? { goodLooks: 0, goodSinceMs: null } : {};
	return { ...gate, ...anew, state, reason, underSinceMs, sinceMs: event.atMs };
}

/** An operator says that it may be relied on one step further. What still stands in the way takes that back at the next event. */
export function recover(gate: Gate, reason: string, atMs: number): Gate {
	if (gate.state === 'normal') return gate;
	const cleared = { impossible: 0, overSinceMs: null, underSinceMs: null };
	return { ...gate, ...cleared, state: gate.state === 'halted' ? 'degraded' : 'normal', reason, sinceMs: atMs };
}

function counted(gate: Gate, { kind, atMs, discrepancy }: GateEvent, { enter, exit }: GateSettings): Gate {
	const overSinceMs = discrepancy >= enter ? (gate.overSinceMs ?? atMs) : null;
	const underSinceMs = discrepancy < exit ? (gate.underSinceMs ?? atMs) : null;
	const timed = { ...gate, overSinceMs, underSinceMs };
	switch (kind) {
		case 'looked':
			return { ...timed, goodMs: atMs, goodLooks: gate.goodLooks + 1, goodSinceMs: gate.goodSinceMs ?? atMs, unread: 0, impossible: 0 };
		case 'unread':
			return { ...timed, unread: gate.unread + 1, goodLooks: 0, goodSinceMs: null, underSinceMs: null };
		case 'impossible':
			return { ...timed, impossible: gate.impossible + 1, goodLooks: 0, goodSinceMs: null, underSinceMs: null };
		case 'tick':
			return isLost(gate, { failedReads: 1 } as GateSettings) ? { ...timed, underSinceMs: null } : timed;
	}
}

type Verdict = Pick<Gate, 'state' | 'reason'>;

function judged(gate: Gate, atMs: number, settings: GateSettings): Verdict {
	const { state, reason } = gate;
	const halt = haltOf(gate, atMs, settings);
	if (halt !== null) return state === 'halted' ? gate : { state: 'halted', reason: halt };
	if (state === 'halted') {
		const isBack = gate.goodLooks >= settings.goodLooks && atMs - (gate.goodSinceMs ?? atMs) >= settings.goodMs;
		return isBack ? { state: 'degraded', reason: 'the chain answers again' } : { state, reason };
	}
	const trouble = troubleOf(gate, atMs, settings);
	if (trouble !== null) return state === 'degraded' ? gate : { state: 'degraded', reason: trouble };
	if (state === 'normal') return gate;
	const isQuiet = gate.underSinceMs !== null && atMs - gate.underSinceMs >= settings.exitMs;
	return isQuiet ? { state: 'normal', reason: 'the discrepancy has stayed small' } : gate;
}

function haltOf(gate: Gate, atMs: number, { haltMs, impossible }: GateSettings): string | null {
	if (gate.impossible >= impossible) return `balances that cannot be, ${gate.impossible} times in a row`;
	return atMs - gate.goodMs >= haltMs ? `no look at the chain for ${Math.floor((atMs - gate.goodMs) / 1_000)} s` : null;
}

function troubleOf(gate: Gate, atMs: number, settings: GateSettings): string | null {
	if (isLost(gate, settings)) return `${gate.unread} reads of the chain failed in a row`;
	const isOver = gate.overSinceMs !== null && atMs - gate.overSinceMs >= settings.enterMs;
	return isOver ? `the discrepancy has been at least ${settings.enter} base units for ${settings.enterMs / 1_000} s` : null;
}
