/** The words in which a race is written down: commands by name, one beginning, and what was told of it. */
import type { Command, Disturbances } from './commands.ts';
import { loadSimulator } from './load.ts';
import type { Beginning } from './outside.ts';
import { VENUES } from './outside.ts';
import type { Vias } from './product.ts';

type Venue = (typeof VENUES)[number];

const CALM: Disturbances = { interruptedAt: 0, interruptedBy: 0, diesAt: 0 };

/** One run of the job. */
export const once = (words: string, disturbed: Partial<Disturbances> = {}): Command => ({
	...{ kind: 'step', pick: words, toItsEnd: false },
	...CALM,
	...disturbed,
});
/** Run until it is done, with blocks in between. */
export const done = (words: string, disturbed: Partial<Disturbances> = {}): Command => ({
	...{ kind: 'step', pick: words, toItsEnd: true },
	...CALM,
	...disturbed,
});
/** The first of the deposits under way gets further. */
export const arrives = (how: (Command & { kind: 'arrive' })['how'] = 'whole'): Command => ({ kind: 'arrive', pick: 0, how });
export const expires: Command = { kind: 'expire', pick: 0 };
export const invoice = (name: 'A' | 'B', change: (Command & { kind: 'invoice' })['change'], by = 40): Command => ({
	...{ kind: 'invoice', pick: name === 'A' ? 0 : 1 },
	...{ change, by },
});
export const blockAt = (venue: Venue): Command => ({ kind: 'mine', pick: VENUES.indexOf(venue) });
export const contracts = (venue: Venue, trouble: (Command & { kind: 'trouble' })['trouble']): Command => ({
	...{ kind: 'trouble', pick: VENUES.indexOf(venue) },
	trouble,
});
export const offersAtLeast = (venue: Venue, floor: number): Command => ({ kind: 'fees', pick: VENUES.indexOf(venue), floor });
/** The last block is taken back, and what was in it is forgotten. */
export const takenBack = (venue: Venue): Command => ({ kind: 'reorganise', pick: VENUES.indexOf(venue), depth: 1, forgets: true });
export const claims = (venue: Venue, how: 'are paused' | 'go on'): Command => ({
	...{ kind: 'claims', pick: VENUES.indexOf(venue) },
	paused: how === 'are paused',
});

interface Terms {
	/** What `claiming` keeps of a deposit: with 6 it is too dear where `model` will do, with 1 it is the first choice. */
	readonly claiming: bigint;
	readonly vias: Vias;
	/** So many blocks on top make a transaction final; none unless told otherwise. */
	readonly finality?: bigint;
}

/** What is where, what the invoices ask for, and what happens. The invariants are judged after every event, and at the end. */
export function storyOf({ claiming, vias, finality = 0n }: Terms) {
	return async (
		balances: Beginning['balances'],
		needs: readonly Readonly<Record<string, bigint>>[],
		commands: readonly Command[],
	): Promise<readonly string[]> => {
		const beginning = { balances, finality, fees: { model: 1n, claiming }, needs: needs.map((each) => new Map(Object.entries(each))) };
		const { play } = await loadSimulator();
		return (await play({ ...beginning, vias, commands })).story;
	};
}

/** The lines that begin so. */
export const told = (lines: readonly string[], beginning: string) => lines.filter((line) => line.trim().startsWith(beginning));

/** The same, each once: whoever looks again at what has ended says the same of it. */
export const outcomes = (lines: readonly string[], beginning: string) => [...new Set(told(lines, beginning))];
