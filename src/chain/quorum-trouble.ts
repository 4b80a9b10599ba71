/** Says once that something is wrong, and once that it is over: what fails for some questions only would otherwise be told at every turn. */
import type { VenueId } from '../inventory/venue.ts';
import type { Log } from '../observe/log.ts';

export interface Watch {
	readonly venue: VenueId;
	readonly log: Log;
	/** Unix milliseconds. */
	readonly nowMs: () => number;
}

export interface Trouble {
	/** `about` goes into the line and names the method, where it is about one. */
	begin(kind: string, about: Readonly<Record<string, unknown>>): void;
	/** The same method went well. It is over when it has been quiet for `QUIET_MS`. */
	end(method: string): void;
	/** Whether there was any within the last `QUIET_MS`. */
	isRecent(): boolean;
}

/** Twice a minute a failing endpoint may cost a call its patience. */
export const QUIET_MS = 30_000;

/** `ids` are in each line. */
export function createTrouble({ venue, log, nowMs }: Watch, ids: Readonly<Record<string, unknown>> = {}): Trouble {
	let trouble: { readonly kind: string; readonly method: unknown; readonly lastMs: number } | null = null;
	const isRecent = (): boolean => trouble !== null && nowMs() - trouble.lastMs < QUIET_MS;
	return {
		begin(kind, about) {
			if (trouble?.kind !== kind) log.warn({ venue, ...ids, ...about }, kind);
			trouble = { kind, method: about.method, lastMs: nowMs() };
		},
		end(method) {
			if (trouble === null || isRecent() || (trouble.method !== undefined && trouble.method !== method)) return;
			log.info({ venue, ...ids, was: trouble.kind }, 'well again');
			trouble = null;
		},
		isRecent,
	};
}
