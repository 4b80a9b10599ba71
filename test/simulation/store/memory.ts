/**
 * Tables in memory for the simulation: rows as drizzle reads them, one transaction at a time, each undone when it throws. Time and ids are the
 * simulation's, so that the same seed writes the same rows.
 */
import type { demands, invoices } from '../../../drizzle/schema/demands.ts';
import type { earmarks, holds, hops } from '../../../drizzle/schema/earmarks.ts';
import type { attempts, effects, laneEvents, signerLanes } from '../../../drizzle/schema/effects.ts';
import type { balanceSnapshots, outbox, receivables, stops, transferCursors, transfers } from '../../../drizzle/schema/inventory.ts';
import type { ledgerEntries } from '../../../drizzle/schema/ledger.ts';
import type { routeBreakers, routeEvents } from '../../../drizzle/schema/routes.ts';
import type { Db, Tx } from '../../../src/store/db.ts';
import type { LegRow as LegOfEarmark } from '../../../src/store/legs.ts';

/** A row that may be changed in place, through `Memory.change` only. */
type Row<Table extends { readonly $inferSelect: unknown }> = { -readonly [Key in keyof Table['$inferSelect']]: Table['$inferSelect'][Key] };

export type DemandRow = Row<typeof demands>;
export type EarmarkRow = Row<typeof earmarks>;
/** Nobody tells the simulation of transfers without an earmark. */
export type LegRow = { -readonly [Key in keyof LegOfEarmark]: LegOfEarmark[Key] };
export type HopRow = Row<typeof hops>;
export type HoldRow = Row<typeof holds>;
export type EffectRow = Row<typeof effects>;
export type AttemptRow = Row<typeof attempts>;
export type LaneRow = Row<typeof signerLanes>;
export type TransferRow = Row<typeof transfers>;
export type RouteBreakerRow = Row<typeof routeBreakers>;

export interface MemoryOptions {
	/** Unix milliseconds; asked at the beginning of every transaction and of every statement outside of one. */
	readonly nowMs: () => number;
	/** Called before every transaction and every write outside of one; what it throws is a process that dies there. `what` names the write. */
	readonly onStatement: (what: string) => void;
}

/** The rows of a run: as its judge reads them, and what the product takes for its database. */
export interface Rows {
	readonly memory: Memory;
	readonly db: Db;
}

export function rowsInMemory(options: MemoryOptions): Rows {
	const memory = new Memory(options);
	return { memory, db: memory.db };
}

export class Memory {
	readonly demands: DemandRow[] = [];
	readonly invoices: Row<typeof invoices>[] = [];
	readonly earmarks: EarmarkRow[] = [];
	readonly legs: LegRow[] = [];
	readonly hops: HopRow[] = [];
	readonly holds: HoldRow[] = [];
	readonly effects: EffectRow[] = [];
	readonly attempts: AttemptRow[] = [];
	readonly lanes: LaneRow[] = [];
	readonly laneEvents: Row<typeof laneEvents>[] = [];
	readonly snapshots: Row<typeof balanceSnapshots>[] = [];
	readonly transfers: TransferRow[] = [];
	readonly cursors: Row<typeof transferCursors>[] = [];
	readonly receivables: Row<typeof receivables>[] = [];
	readonly ledger: Row<typeof ledgerEntries>[] = [];
	readonly outbox: Row<typeof outbox>[] = [];
	readonly stops: Row<typeof stops>[] = [];
	readonly routeBreakers: RouteBreakerRow[] = [];
	readonly routeEvents: Row<typeof routeEvents>[] = [];
	/** Rises with every write, those that are undone later included. */
	writes = 0;
	private readonly options: MemoryOptions;
	private ids = 0;
	/** The last instant that was written out: most are asked for again at once. */
	private written = { ms: Number.NaN, text: '' };
	/** How the transaction that is open is undone, last change first. */
	private undo: (() => void)[] | null = null;
	/** When the transaction that is open has begun. */
	private begunMs = 0;
	private turn: Promise<unknown> = Promise.resolve();

	constructor(options: MemoryOptions) {
		this.options = options;
	}

	/** What the product takes for its database. */
	get db(): Db {
		const root: Handle = { memory: this, isRoot: true, transaction: (work) => this.transaction(work) };
		return root as unknown as Db;
	}

	/** PostgreSQL's `clock_timestamp()`. */
	get nowMs(): number {
		return this.options.nowMs();
	}

	/** PostgreSQL's `now()`, and so many milliseconds later: the beginning of a transaction for as long as it is open. */
	now(plusMs = 0): string {
		return this.instant((this.undo === null ? this.nowMs : this.begunMs) + plusMs);
	}

	/** As drizzle reads an instant. */
	instant(ms: number): string {
		if (this.written.ms !== ms) this.written = { ms, text: new Date(ms).toISOString() };
		return this.written.text;
	}

	id(): string {
		return `00000000-0000-4000-8000-${this.serial().toString(16).padStart(12, '0')}`;
	}

	serial(): bigint {
		this.ids += 1;
		return BigInt(this.ids);
	}

	add<T>(table: T[], ...rows: T[]): void {
		this.beforeWrite(
			() =>
				`a row of ${Object.keys(rows[0] ?? {})
					.slice(0, 2)
					.join(' and ')}`,
		);
		table.push(...rows);
		this.undo?.push(() => table.splice(table.length - rows.length, rows.length));
	}

	change<T extends object>(row: T, changes: Partial<T>): void {
		this.beforeWrite(() => Object.keys(changes).sort().join(' and '));
		const before: Partial<T> = {};
		for (const key in changes) before[key] = row[key];
		Object.assign(row, changes);
		this.undo?.push(() => Object.assign(row, before));
	}

	/** Whoever is not in the transaction that is open waits until it has ended. */
	async outside(): Promise<void> {
		while (this.undo !== null) await this.turn;
	}

	private beforeWrite(what: () => string): void {
		this.writes += 1;
		if (this.undo === null) this.options.onStatement(what());
	}

	/** `reason` as the audit log has it. */
	async transaction<T>(work: (tx: Tx) => Promise<T>, reason = 'a transaction'): Promise<T> {
		this.options.onStatement(reason);
		const mine = this.turn.then(() => this.run(work));
		this.turn = mine.catch(() => {});
		return mine;
	}

	private async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
		this.undo = [];
		this.begunMs = this.nowMs;
		const inside: Handle = { memory: this, isRoot: false, transaction: () => Promise.reject(new Error('a transaction in a transaction')) };
		try {
			return await work(inside as unknown as Tx);
		} catch (error) {
			this.writes += 1;
			for (const step of this.undo.reverse()) step();
			throw error;
		} finally {
			this.undo = null;
		}
	}
}

/** A connection or a transaction. */
export interface Handle {
	readonly memory: Memory;
	readonly isRoot: boolean;
	transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** The tables behind a handle, once nobody else's transaction is open. */
export async function tablesOf(handle: Db | Tx): Promise<Memory> {
	const { memory, isRoot } = handle as unknown as Handle;
	if (isRoot) await memory.outside();
	return memory;
}

/** What PostgreSQL does to a row that breaks a rule of its table. */
export class Refused extends Error {}

export function refuse(rule: string): never {
	throw new Refused(`the database refuses it: ${rule}`);
}
