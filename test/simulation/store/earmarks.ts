/** `src/store/earmarks.ts` in memory. */
import type { Earmark } from '../../../src/earmark/earmark.ts';
import { EARMARK_ACTIVE, EARMARK_GROWING, type EarmarkStatus, earmarkStatesBefore } from '../../../src/earmark/state.ts';
import { InvariantError } from '../../../src/errors.ts';
import { amount } from '../../../src/money/amount.ts';
import { theOne } from '../../../src/store/db.ts';
import type * as real from '../../../src/store/earmarks.ts';
import { demandOfInvoice } from './demands.ts';
import { readLegsOf } from './legs.ts';
import { type EarmarkRow, refuse, tablesOf } from './memory.ts';

const FIRST_ACTION_MS = 10_000;
const isActive = ({ status }: EarmarkRow) => EARMARK_ACTIVE.includes(status as EarmarkStatus);

export const insertEarmark: typeof real.insertEarmark = async (tx, { demandId, asset, venue, amount: units, plan }) => {
	const memory = await tablesOf(tx);
	const at = memory.now();
	const id = memory.id();
	if (memory.earmarks.some((each) => each.demandId === demandId && isActive(each))) refuse('earmarks_one_active');
	memory.add(memory.earmarks, {
		...{ id, demandId, asset, venue, amount: units, status: 'planned', plan, reason: null, generation: 1 },
		...{ nextActionAt: memory.now(FIRST_ACTION_MS), version: 0, createdAt: at, updatedAt: at, deletedAt: null },
	});
	return id;
};

export const insertLeg: typeof real.insertLeg = async (tx, earmarkId, { route, asset, origin, destination, send, receive, hops }) => {
	const memory = await tablesOf(tx);
	const at = { version: 0, createdAt: memory.now(), updatedAt: memory.now() };
	const id = memory.id();
	memory.add(memory.legs, {
		...{ id, earmarkId, asset, route, origin, destination, send, receive, delivered: null, status: 'planned', reason: null },
		...{ overdueAt: null, generation: 1, nextActionAt: memory.now(FIRST_ACTION_MS), ...at },
	});
	const unknown = { delivered: null, deliveredTx: null, sentAt: null, lateAt: null, status: 'planned', evidence: null, proof: null };
	for (const [index, { promised = null, ...hop }] of hops.entries())
		memory.add(memory.hops, { id: memory.id(), legId: id, index, ...hop, promised, ...unknown, ...at });
	return id;
};

export const readEarmark: typeof real.readEarmark = async (db, id) => {
	const row = (await tablesOf(db)).earmarks.find((each) => each.id === id);
	if (row === undefined) throw new InvariantError(`earmark ${id} does not exist`, { earmarkId: id });
	return toEarmark(row);
};

export const activeEarmarkOf: typeof real.activeEarmarkOf = async (db, demandId) => {
	const row = (await tablesOf(db)).earmarks.find((each) => each.demandId === demandId && isActive(each));
	return row === undefined ? null : toEarmark(row);
};

export const shortEarmarks: typeof real.shortEarmarks = async (db, asset) => {
	const memory = await tablesOf(db);
	const covered = (row: EarmarkRow) =>
		memory.holds
			.filter((each) => each.earmarkId === row.id && each.venue === row.venue && each.asset === row.asset)
			.filter(({ state }) => state === 'confirmed' || state === 'inbound')
			.reduce((sum, each) => sum + each.amount, 0n);
	const isPaying = (row: EarmarkRow) =>
		memory.effects
			.filter((each) => each.ownerKind === 'earmark' && each.ownerId === row.id && each.kind === 'purchase')
			.some((each) => each.nonce !== null && each.status !== 'reverted' && each.status !== 'cancelled');
	return memory.earmarks
		.filter((row) => row.asset === asset && EARMARK_GROWING.includes(row.status as EarmarkStatus))
		.filter((row) => row.amount > covered(row) && !isPaying(row))
		.map(toEarmark);
};

export const setEarmarkStatus: typeof real.setEarmarkStatus = async (tx, { id, to, reason }) => {
	const memory = await tablesOf(tx);
	const before = earmarkStatesBefore(to);
	const row = theOne(
		memory.earmarks.filter((each) => each.id === id && before.includes(each.status as EarmarkStatus)),
		'earmark',
		id,
	);
	const said = reason === undefined ? {} : { reason };
	memory.change(row, { status: to, ...said, updatedAt: memory.now(), version: row.version + 1 });
};

export const nextGeneration: typeof real.nextGeneration = async (tx, earmarkId) => {
	const memory = await tablesOf(tx);
	const row = theOne(
		memory.earmarks.filter((each) => each.id === earmarkId),
		'earmark',
		earmarkId,
	);
	const generation = row.generation + 1;
	memory.change(row, { generation });
	for (const leg of memory.legs.filter((each) => each.earmarkId === earmarkId)) memory.change(leg, { generation });
	return generation;
};

export const setEarmarkAmount: typeof real.setEarmarkAmount = async (tx, id, units) => {
	const memory = await tablesOf(tx);
	const row = memory.earmarks.find((each) => each.id === id);
	if (row !== undefined) memory.change(row, { amount: units, updatedAt: memory.now(), version: row.version + 1 });
};

export const expectEarmarkWithin: typeof real.expectEarmarkWithin = async (db, earmarkId, ms) => {
	const memory = await tablesOf(db);
	const row = memory.earmarks.find((each) => each.id === earmarkId);
	if (row !== undefined) memory.change(row, { nextActionAt: memory.now(ms) });
};

export const getEarmarkForInvoice: typeof real.getEarmarkForInvoice = async (db, invoiceId) => {
	const memory = await tablesOf(db);
	const demand = demandOfInvoice(memory, invoiceId);
	const rows = memory.earmarks.filter((each) => each.demandId === demand?.id && each.deletedAt === null);
	const row = rows.find(isActive) ?? rows.at(-1);
	return row === undefined ? null : { ...toEarmark(row), invoiceId, operations: await readLegsOf(db, row.id) };
};

function toEarmark(row: EarmarkRow): Earmark {
	const { id, demandId, asset, venue, generation, reason, createdAt } = row;
	return { id, demandId, asset, venue, amount: amount(row.amount), status: row.status as EarmarkStatus, generation, reason, createdAt };
}
