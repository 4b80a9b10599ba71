/** The side that does not answer, as whoever is answered by the first one sees it: it may be away, and callers wait for that once. */
import { setTimeout as pause } from 'node:timers/promises';
import { errorText, TransientError } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { type Change, type Entity, PhaseMovedError, type Side } from '../rebalances/side.ts';
import { bringer, type Graves, otherThan, repair, type SideName, type Sides } from './bring.ts';

/** So long a connection that was only lost is asked again. */
const LOST_MS = 500;
const AGAIN_AFTER_MS = 25;

export interface OtherSide {
	/** Null when it does not answer. */
	ask<T>(question: (side: Side) => Promise<T>): Promise<T | null>;
	/** What was acknowledged there, by a neighbour in another phase, comes to the answering side first. */
	catchUp(): Promise<void>;
	/** Brings what has just changed; what cannot be brought stays marked. Empty when nobody there knew better. */
	bring(entities: readonly Entity[], change: Change): Promise<Graves>;
	/** Brings everything that is marked on either side, and finds out whether the other one is back. Never throws. */
	repair(): Promise<void>;
}

interface OtherSideSettings {
	readonly sides: Sides;
	/** The side that answers. */
	readonly answers: SideName;
	readonly log: Log;
}

export function otherSideOf({ sides, answers, log }: OtherSideSettings): OtherSide {
	const side = sides[otherThan(answers)];
	const bringNow = bringer(sides, answers);
	/** Nobody but `repair` asks it then. */
	let isAway = false;
	let repairing: Promise<void> | null = null;
	const within = async <T>(work: () => Promise<T>): Promise<T | null> => {
		const until = performance.now() + LOST_MS;
		while (!isAway) {
			try {
				return await work();
			} catch (error) {
				if (!(error instanceof TransientError)) throw error;
				if (error instanceof PhaseMovedError) return null;
				if (performance.now() > until && !isAway) {
					isAway = true;
					log.warn({ side: side.name, error: errorText(error) }, 'the other side does not answer; what changes is brought to it later');
				}
			}
			await pause(AGAIN_AFTER_MS);
		}
		return null;
	};
	const repairNow = async (): Promise<void> => {
		try {
			await repair(sides, answers);
			if (isAway) log.info({ side: side.name }, 'the other side answers again, and has what has changed');
			isAway = false;
		} catch (error) {
			log.debug({ error: errorText(error) }, 'not brought yet');
		}
	};
	return {
		ask: (question) => within(() => question(side)),
		async catchUp() {
			await within(async () => {
				if ((await side.marked(1)).length > 0) await repair(sides, answers);
			});
		},
		async bring(entities, { token }) {
			if (entities.length === 0) return new Map();
			return (await within(() => bringNow(entities.map((entity) => ({ entity, token }))))) ?? new Map();
		},
		repair() {
			repairing ??= repairNow().finally(() => {
				repairing = null;
			});
			return repairing;
		},
	};
}
