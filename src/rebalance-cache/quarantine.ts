/**
 * What Redis holds and nobody can be served: kept with its raw value, reported, and in nobody's way. What is only odd is reported as well, and
 * served like everything else.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readRow, readWithdrawal, type StoredText } from '../rebalances/row.ts';
import type { Sides } from './bring.ts';

const KINDS = ['setWithoutData', 'dataWithoutSet', 'malformed', 'unknownBridge', 'duplicateTransaction'] as const;

export type QuarantineCounts = Readonly<Record<(typeof KINDS)[number], number>>;

export interface Quarantine {
	/** Keeps aside what cannot be served, and returns the rest. */
	healthyRows(entries: readonly StoredText[]): Promise<StoredText[]>;
	healthyWithdrawals(entries: readonly StoredText[]): Promise<StoredText[]>;
	idsOnRoute(route: string, ids: readonly string[]): Promise<void>;
	/** How much there is of each kind, without what was not met again since the Unix milliseconds given. */
	counts(sinceMs: number): Promise<QuarantineCounts>;
}

interface QuarantineSettings {
	/** Names of bridges that Ballast knows. */
	readonly bridges: ReadonlySet<string>;
}

/** The class that came before writes data and set one after the other, without anything between: so much later both are there. */
const HALF_WRITTEN_MS = 100;
const MOST_DUPLICATES = 1_000_000;

export function quarantineOf({ redis, postgres }: Sides, { bridges }: QuarantineSettings): Quarantine {
	const keep = (kind: (typeof KINDS)[number], found: readonly StoredText[]) =>
		postgres.quarantine(
			kind,
			found.map(({ id, text }) => ({ entity: id, raw: text })),
		);
	return {
		async healthyRows(entries) {
			const read = entries.map((entry) => ({ entry, found: readRow(entry) }));
			await keep('malformed', entriesOf(read, false));
			const rows = read.flatMap(({ found }) => (found === null ? [] : [found]));
			const astray = await twice(rows, async (some) => {
				const isThere = await redis.isOnRoute(some.map(({ row }) => row));
				return some.filter((_, index) => !isThere[index]);
			});
			await keep(
				'dataWithoutSet',
				astray.map(({ row }) => row),
			);
			await keep(
				'unknownBridge',
				rows.filter(({ action }) => !bridges.has(action.bridge)).map(({ row }) => row),
			);
			const left = new Set(astray.map(({ row }) => row.id));
			return entriesOf(read, true).filter(({ id }) => !left.has(id));
		},
		async healthyWithdrawals(entries) {
			const read = entries.map((entry) => ({ entry, found: readWithdrawal(entry.text) }));
			await keep(
				'malformed',
				entriesOf(read, false).map(({ id, text }) => ({ id: `withdrawal ${id}`, text })),
			);
			return entriesOf(read, true);
		},
		async idsOnRoute(route, ids) {
			const empty = await twice(ids, async (some) => {
				const held = await redis.hold(some.map((id) => `r:${id}` as const));
				return some.filter((_, index) => held[index]?.value === null);
			});
			await keep(
				'setWithoutData',
				empty.map((id) => ({ id, text: route })),
			);
		},
		async counts(sinceMs) {
			await postgres.release(sinceMs);
			const duplicates = await postgres.duplicateTransactions(MOST_DUPLICATES);
			const kept = new Map((await postgres.quarantineCounts()).map(({ kind, count }) => [kind, count]));
			const countOf = (kind: string) => kept.get(kind) ?? 0;
			const [setWithoutData, dataWithoutSet, malformed, unknownBridge] = KINDS.map(countOf) as [number, number, number, number];
			return { setWithoutData, dataWithoutSet, malformed, unknownBridge, duplicateTransaction: duplicates.length };
		},
	};
}

const entriesOf = (read: readonly { readonly entry: StoredText; readonly found: unknown }[], isReadable: boolean): StoredText[] =>
	read.filter(({ found }) => (found !== null) === isReadable).map(({ entry }) => entry);

/** Those for which it is still so a moment later. */
async function twice<T>(all: readonly T[], look: (some: readonly T[]) => Promise<T[]>): Promise<T[]> {
	const suspects = await look(all);
	if (suspects.length === 0) return [];
	await pause(HALF_WRITTEN_MS);
	return look(suspects);
}
