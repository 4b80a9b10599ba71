/** What everybody else makes of a gate that one process keeps: the longer nothing was kept, the less it can be relied on. */
import type { Gate, GateSettings, GateState } from './gate.ts';

export interface Obeyed {
	readonly state: GateState;
	readonly reason: string;
	/** Unix milliseconds; null when nothing was ever kept. */
	readonly sinceMs: number | null;
}

interface Kept {
	readonly gate: Gate;
	/** Milliseconds since it was kept. */
	readonly ageMs: number;
}

/** `silentMs`: when nothing was kept for so long, whoever keeps it counts as gone. */
interface Patience extends Pick<GateSettings, 'haltMs'> {
	readonly silentMs: number;
}

const RANK: Readonly<Record<GateState, number>> = { normal: 0, degraded: 1, halted: 2 };

export function obeyed(kept: Kept | null, { haltMs, silentMs }: Patience): Obeyed {
	if (kept === null) return { state: 'halted', reason: 'the chain was never looked at: is a feed process running?', sinceMs: null };
	const { gate, ageMs } = kept;
	const { state, reason, sinceMs } = gate;
	const silence = `nobody has kept it for ${Math.floor(ageMs / 1_000)} s: is a feed process running?`;
	if (state !== 'halted' && ageMs >= haltMs) return { state: 'halted', reason: silence, sinceMs };
	if (state === 'normal' && ageMs >= silentMs) return { state: 'degraded', reason: silence, sinceMs };
	return { state, reason, sinceMs };
}

/** The one that allows less. */
export const worseOf = (one: Obeyed, other: Obeyed): Obeyed => (RANK[other.state] > RANK[one.state] ? other : one);
