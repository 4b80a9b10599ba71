/** The tables that both stores have, each with its rows in memory. */
import { demands, invoices } from '../../../drizzle/schema/demands.ts';
import { earmarks, holds, hops, rebalanceOperations } from '../../../drizzle/schema/earmarks.ts';
import { attempts, effects, laneEvents, signerLanes } from '../../../drizzle/schema/effects.ts';
import { balanceSnapshots, outbox, receivables, stops, transferCursors, transfers } from '../../../drizzle/schema/inventory.ts';
import { ledgerEntries } from '../../../drizzle/schema/ledger.ts';
import { routeBreakers, routeEvents } from '../../../drizzle/schema/routes.ts';
import type { Memory } from '../store/memory.ts';

export const TABLES = {
	demands: { table: demands, inMemory: (memory: Memory) => memory.demands },
	invoices: { table: invoices, inMemory: (memory: Memory) => memory.invoices },
	earmarks: { table: earmarks, inMemory: (memory: Memory) => memory.earmarks },
	legs: { table: rebalanceOperations, inMemory: (memory: Memory) => memory.legs },
	hops: { table: hops, inMemory: (memory: Memory) => memory.hops },
	holds: { table: holds, inMemory: (memory: Memory) => memory.holds },
	effects: { table: effects, inMemory: (memory: Memory) => memory.effects },
	attempts: { table: attempts, inMemory: (memory: Memory) => memory.attempts },
	lanes: { table: signerLanes, inMemory: (memory: Memory) => memory.lanes },
	laneEvents: { table: laneEvents, inMemory: (memory: Memory) => memory.laneEvents },
	snapshots: { table: balanceSnapshots, inMemory: (memory: Memory) => memory.snapshots },
	transfers: { table: transfers, inMemory: (memory: Memory) => memory.transfers },
	cursors: { table: transferCursors, inMemory: (memory: Memory) => memory.cursors },
	receivables: { table: receivables, inMemory: (memory: Memory) => memory.receivables },
	ledger: { table: ledgerEntries, inMemory: (memory: Memory) => memory.ledger },
	outbox: { table: outbox, inMemory: (memory: Memory) => memory.outbox },
	stops: { table: stops, inMemory: (memory: Memory) => memory.stops },
	routeBreakers: { table: routeBreakers, inMemory: (memory: Memory) => memory.routeBreakers },
	routeEvents: { table: routeEvents, inMemory: (memory: Memory) => memory.routeEvents },
} as const;
