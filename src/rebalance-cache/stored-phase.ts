/** The stored phase, and who is let in besides those who follow it. */

import { indexOf, type Phase } from '../rebalances/phase.ts';
import type { Cause } from '../store/db.ts';
import type { CacheState } from '../store/rebalance-cache/upkeep.ts';
import type { Sides } from './bring.ts';

/** Before anybody has stored one, everything is in Redis. */
export const storedPhase = ({ phase }: Pick<CacheState, 'phase'>): Phase => phase ?? 'redis';

/** Nobody in an earlier phase is let in any more: whoever writes, writes to both sides. */
export async function raiseFloor({ redis, postgres }: Sides, cause: Cause): Promise<void> {
	const state = await postgres.state();
	const phase = storedPhase(state);
	const floor = indexOf(phase);
	if (state.phase === null || state.floor >= floor) return;
	await redis.setPhase({ phase, floor });
	await postgres.move({ before: state.phase, after: phase, floor, mirroring: state.mirroring }, cause);
}
