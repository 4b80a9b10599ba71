/** The exam that both stores take together: the simulator's runs, and what they are asked at random. */
import fc from 'fast-check';
import { demands } from '../../../drizzle/schema/demands.ts';
import type { Db } from '../../../src/store/db.ts';
import { openingOf } from '../commands.ts';
import { type Played, play } from '../play.ts';
import type { DemandRow, Memory } from '../store/memory.ts';
import { Both, unanswered } from './both.ts';
import { Chance } from './chance.ts';
import { empty } from './clock.ts';
import { type Asked, ask, BEGINNING, inTransactions, onConnection } from './questions.ts';

/** Plays a seed on both stores: every answer and, at the end, every row is compared. Nobody dies. Throws with what is different. */
export async function playOnBoth(postgres: Db, seed: number): Promise<Played> {
	await empty(postgres);
	const { commands, ...opening } = openingOf(seed);
	const lived = commands.map((command) => ('diesAt' in command ? { ...command, diesAt: 0 } : command));
	const made: Both[] = [];
	try {
		const played = await play({ ...opening, commands: lived }, (options) => {
			const both = new Both(postgres, options);
			made.push(both);
			return both;
		});
		await made[0]?.compareRows();
		return played;
	} catch (error) {
		throw made[0]?.difference ?? error;
	}
}

/** Asks both stores one thing after the other, as `playOnBoth` does. */
export async function askBoth(postgres: Db, asked: readonly { readonly afterMs: number; readonly what: Asked }[]): Promise<void> {
	await empty(postgres);
	let nowMs = 1_790_000_000_000;
	const both = new Both(postgres, { nowMs: () => nowMs, onStatement: () => {} });
	await addNamesakes(postgres, both.memory);
	for (const [index, { afterMs, what }] of [...BEGINNING.map((each) => ({ afterMs: 0, what: each })), ...asked].entries()) {
		// Of what happens in the same moment PostgreSQL does not say what came first.
		nowMs += 1 + afterMs;
		await ask(both.db, what, new Chance(both.memory, what.seed));
		const names = what.kind === 'on a connection' ? what.name : what.names.join(', ');
		if (both.difference !== null) throw new Error(`asked ${what.kind}, as number ${index + 1}: ${names}\n${both.difference.message}`);
	}
	await both.compareRows();
}

/** Demands of another source under the external ids of invoices: no question about an invoice is about them. No function writes such rows yet. */
async function addNamesakes(postgres: Db, memory: Memory): Promise<void> {
	for (const [index, externalId] of ['0xa', '0xb'].entries()) {
		const at = memory.now();
		const row: DemandRow = {
			...{ id: `00000000-0000-4000-a000-00000000000${index}`, kind: 'imbalance', externalId, asset: 'USDC', status: 'open' },
			...{ destinations: [], maxCostHub: null, reason: null, reasonDetail: null, enqueuedAt: memory.instant((index + 5) * 1_000) },
			...{ firstSeenAt: at, evaluatedAt: null, nextActionAt: at, generation: 0, version: 0, createdAt: at, updatedAt: at },
		};
		await postgres.insert(demands).values(row);
		memory.add(memory.demands, row);
	}
}

/** Functions that have answered nothing so far, or have thrown whatever they were asked. */
export const silent = (): string[] => unanswered();

const seed = fc.nat();
/** No two questions of one transaction are the same: their rows would be of one moment. */
const names = fc.uniqueArray(fc.constantFrom(...inTransactions), { minLength: 1, maxLength: 3 });

export const sequences = fc.array(
	fc.record({
		afterMs: fc.constantFrom(0, 0, 700, 15_000, 90_000),
		what: fc.oneof(
			fc.record({ kind: fc.constant('on a connection' as const), name: fc.constantFrom(...onConnection), seed }),
			fc.record({ kind: fc.constant('in a transaction' as const), names, isUndone: fc.nat(7).map((each) => each === 0), seed }),
		),
	}),
	{ minLength: 60, maxLength: 60 },
);
