/** What a run is played on. */
import type { App } from '../../src/app.ts';
import type { createJudge } from './invariants.ts';
import type { namesOf } from './jobs.ts';
import { type Outside, VENUES } from './outside.ts';
import type { Clock } from './product.ts';
import type { SimulatedQueue } from './queue.ts';
import type { Memory } from './store/memory.ts';

export interface Stage {
	readonly app: App;
	readonly memory: Memory;
	readonly outside: Outside;
	readonly queue: SimulatedQueue;
	readonly clock: Clock;
	readonly judge: ReturnType<typeof createJudge>;
	readonly names: ReturnType<typeof namesOf>;
	/** The log of everything that has happened. */
	readonly story: string[];
	/** Disturbances that took effect. */
	faults: number;
}

export function tell(stage: Stage, words: string): void {
	stage.story.push(words);
}

/** What a twin has not committed yet has not happened. */
export async function judgeNow({ memory, judge }: Stage): Promise<void> {
	await memory.outside();
	judge.check();
}

export function mineAll({ outside }: Stage): void {
	for (const chain of outside.chains.values()) chain.mine();
}

export const venueOf = (pick: number): string => VENUES[pick % VENUES.length] ?? VENUES[0];

export function wordsOf(amounts: ReadonlyMap<string, bigint>): string {
	return [...amounts].map(([venue, units]) => `${units} at ${venue}`).join(' or ') || 'nothing that we can pay';
}
