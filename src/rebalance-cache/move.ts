/** Changes the stored phase: one step at a time, recorded, and never while an acknowledged change is on one side alone. */
import { PermanentError } from '../errors.ts';
import { answersIn, areNeighbours, indexOf, keepsBoth, PHASES, type Phase } from '../rebalances/phase.ts';
import type { Cause } from '../store/db.ts';
import type { CacheState } from '../store/rebalance-cache/upkeep.ts';
import { repair, type Sides } from './bring.ts';
import { type CopyOptions, copyCache } from './copy.ts';
import { storedPhase } from './stored-phase.ts';

/**
 * Returns the phase that is stored then. Throws `PermanentError` when it is no neighbour of the stored one, or nothing was copied before
 * both sides are to be asked; `TransientError` when a side does not answer, and then nothing has changed.
 */
export async function movePhase(sides: Sides, to: Phase, options: CopyOptions & { readonly cause: Cause }): Promise<Phase> {
	const state = await sides.postgres.state();
	const from = storedPhase(state);
	if (from === to && !state.mirroring) return from;
	if (!areNeighbours(from, to))
		throw new PermanentError(`the phase is ${from}: the way to ${to} begins with ${nextTo(from, to)}`, { from, to });
	if (from === 'dual-write' && to === 'dual-read') await requireCopy(sides);
	if (from === 'done' && to === 'postgres') return goBackFromDone(sides, state, options);
	// Once before, so that a side that is away or far behind is found out before anything is told.
	if (keepsBoth(from)) await repair(sides, answersIn(from));
	return store(sides, { state, to, mirroring: false, cause: options.cause });
}

/** One step back; from the first phase nowhere. */
export async function rollBack(sides: Sides, options: CopyOptions & { readonly cause: Cause }): Promise<Phase> {
	const from = storedPhase(await sides.postgres.state());
	return movePhase(sides, PHASES[indexOf(from) - 1] ?? from, options);
}

const nextTo = (from: Phase, to: Phase): Phase => PHASES[indexOf(from) + Math.sign(indexOf(to) - indexOf(from))] ?? from;

async function requireCopy({ postgres }: Sides): Promise<void> {
	if (!(await postgres.isCopied())) throw new PermanentError('nothing was copied since the phase is dual-write: `cache copy` comes first');
}

/** From now on everything that changes is marked; what was there before is copied; only then Redis is asked for anything again. */
async function goBackFromDone(sides: Sides, state: CacheState, options: CopyOptions & { readonly cause: Cause }): Promise<Phase> {
	const { cause } = options;
	if (!state.mirroring) await store(sides, { state, to: 'done', mirroring: true, cause });
	await copyCache(sides, options);
	await repair(sides, 'postgres');
	return store(sides, { state: await sides.postgres.state(), to: 'postgres', mirroring: false, cause });
}

interface Step {
	readonly state: CacheState;
	readonly to: Phase;
	readonly mirroring: boolean;
	readonly cause: Cause;
}

/** Redis is told first: who is let in there by the new phase is let in by the old one as well. */
async function store({ redis, postgres }: Sides, { state, to, mirroring, cause }: Step): Promise<Phase> {
	const floor = Math.min(state.floor, indexOf(to));
	await redis.setPhase({ phase: to, floor });
	// Until Redis was told, a neighbour whom it answered may have marked something that nobody looks for after the move.
	if (keepsBoth(storedPhase(state))) await repair({ redis, postgres }, answersIn(storedPhase(state)));
	if (await postgres.move({ before: state.phase, after: to, floor, mirroring }, cause)) return to;
	const now = await postgres.state();
	await redis.setPhase({ phase: storedPhase(now), floor: now.floor });
	throw new PermanentError(`somebody else has changed the phase to ${storedPhase(now)} meanwhile; nothing was done`, {
		phase: storedPhase(now),
	});
}
