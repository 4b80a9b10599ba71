/** `src/store/demands.ts` in memory. */
import { InvariantError } from '../../../src/errors.ts';
import type { Demand } from '../../../src/invoice/demand.ts';
import { type DemandStatus, demandStatesBefore } from '../../../src/invoice/demand-state.ts';
import { amount, HUB_DECIMALS } from '../../../src/money/amount.ts';
import { powerOfTen } from '../../../src/money/units.ts';
import { theOne } from '../../../src/store/db.ts';
import type * as real from '../../../src/store/demands.ts';
import { type DemandRow, type Memory, tablesOf } from './memory.ts';

const SERVED: readonly string[] = ['open', 'earmarked'];
const byAge = (one: DemandRow, other: DemandRow) =>
	one.enqueuedAt.localeCompare(other.enqueuedAt) || one.externalId.localeCompare(other.externalId);

export const saveInvoice: typeof real.saveInvoice = async (tx, { intentId, asset, enqueuedAt, ...listed }) => {
	const memory = await tablesOf(tx);
	// PostgreSQL takes an id for a row before it sees that it is there.
	const id = memory.id();
	const known = demandOfInvoice(memory, intentId);
	if (known?.status === 'gone') {
		const anew = { status: 'open', reason: 'NOT_EVALUATED', destinations: [], evaluatedAt: null };
		memory.change(known, { ...anew, nextActionAt: memory.now(), updatedAt: memory.now() });
	}
	const demand = known ?? newDemand();
	if (known === undefined) memory.add(memory.demands, demand);
	const { owner, tickerHash, origin, destinations, amountHub, discountBps, hubStatus } = listed;
	const facts = { owner, tickerHash, origin, destinations, amountHub, discountBps, hubStatus };
	const invoice = memory.invoices.find((each) => each.demandId === demand.id);
	const now = memory.now();
	if (invoice === undefined)
		memory.add(memory.invoices, { demandId: demand.id, intentId, ...facts, listedAt: now, createdAt: now, updatedAt: now });
	else memory.change(invoice, { ...facts, listedAt: now, updatedAt: now });
	return demand.id;

	function newDemand(): DemandRow {
		const at = memory.now();
		return {
			...{ id, kind: 'invoice', externalId: intentId, asset, status: 'open', destinations: [], maxCostHub: null },
			...{ reason: 'NOT_EVALUATED', reasonDetail: null, enqueuedAt: new Date(enqueuedAt * 1_000).toISOString(), firstSeenAt: at },
			...{ evaluatedAt: null, nextActionAt: at, generation: 0, version: 0, createdAt: at, updatedAt: at },
		};
	}
};

export const takeDueDemands: typeof real.takeDueDemands = async (tx, { limit, againAfterMs }) => {
	const memory = await tablesOf(tx);
	const now = memory.now();
	const due = memory.demands.filter((each) => SERVED.includes(each.status) && each.nextActionAt <= now).sort(byAge);
	const taken = due.slice(0, limit);
	for (const row of taken) memory.change(row, { nextActionAt: memory.now(againAfterMs), generation: row.generation + 1 });
	return taken.map((row) => row.id);
};

export const readDemand: typeof real.readDemand = async (db, id) => {
	const memory = await tablesOf(db);
	const row = memory.demands.find((each) => each.id === id);
	if (row === undefined) throw new InvariantError(`demand ${id} does not exist`, { demandId: id });
	return toDemand(row);
};

export const demandIdOfInvoice: typeof real.demandIdOfInvoice = async (db, invoiceId) =>
	demandOfInvoice(await tablesOf(db), invoiceId)?.id ?? null;

export const readOpenDemands: typeof real.readOpenDemands = async (db, asset) => {
	const memory = await tablesOf(db);
	const open = memory.demands.filter((each) => each.status === 'open' && each.asset === asset);
	return open.sort(byAge).map(toDemand);
};

export const assetsToPlan: typeof real.assetsToPlan = async (db) => {
	const memory = await tablesOf(db);
	const served = memory.demands.filter((each) => SERVED.includes(each.status));
	return [...new Set(served.map((each) => each.asset))].sort();
};

export const unevaluatedDemands: typeof real.unevaluatedDemands = async (db, patienceMs) => {
	const memory = await tablesOf(db);
	const since = memory.now(-patienceMs);
	return memory.demands.filter((each) => each.status === 'open' && each.evaluatedAt === null && each.firstSeenAt > since).length;
};

export const recordEvaluation: typeof real.recordEvaluation = async (tx, { demandId, destinations, maxCost, waiting, nextLookMs }) => {
	const memory = await tablesOf(tx);
	const row = memory.demands.find((each) => each.id === demandId && each.status === 'open');
	if (row === undefined) return;
	memory.change(row, {
		destinations: destinations.map((each) => ({ venue: each.venue, amount: each.amount.toString() })),
		maxCostHub: maxCost,
		...{ reason: waiting.reason, reasonDetail: waiting.detail, evaluatedAt: memory.now(), nextActionAt: memory.now(nextLookMs) },
		...{ updatedAt: memory.now(), version: row.version + 1 },
	});
};

export const recordWaiting: typeof real.recordWaiting = async (tx, demandId, waiting) => {
	const memory = await tablesOf(tx);
	const row = memory.demands.find((each) => each.id === demandId && SERVED.includes(each.status));
	if (row !== undefined)
		memory.change(row, { reason: waiting?.reason ?? null, reasonDetail: waiting?.detail ?? null, updatedAt: memory.now() });
};

export const expectDemandWithin: typeof real.expectDemandWithin = async (db, demandId, ms) => {
	const memory = await tablesOf(db);
	const row = memory.demands.find((each) => each.id === demandId);
	if (row !== undefined) memory.change(row, { nextActionAt: memory.now(ms) });
};

export const setDemandStatus: typeof real.setDemandStatus = async (tx, { id, to, reason, from = demandStatesBefore(to) }) => {
	const memory = await tablesOf(tx);
	const row = theOne(
		memory.demands.filter((each) => each.id === id && from.includes(each.status as DemandStatus)),
		'demand',
		id,
	);
	memory.change(row, {
		...{ status: to, reason, reasonDetail: null, nextActionAt: memory.now(), updatedAt: memory.now(), version: row.version + 1 },
		...(to === 'open' ? { destinations: [] } : {}),
	});
};

/** Another source may call a demand of its own the same. */
export function demandOfInvoice({ demands }: Memory, invoiceId: string): DemandRow | undefined {
	return demands.find((each) => each.kind === 'invoice' && each.externalId === invoiceId);
}

function toDemand(row: DemandRow): Demand {
	const destinations = row.destinations as { venue: string; amount: string }[];
	return {
		...{ id: row.id, externalId: row.externalId, asset: row.asset, status: row.status as DemandStatus },
		destinations: destinations.map((each) => ({ venue: each.venue, amount: amount(BigInt(each.amount)) })),
		maxCost: row.maxCostHub === null ? null : { numerator: row.maxCostHub, denominator: powerOfTen(HUB_DECIMALS) },
		enqueuedAt: Math.floor(Date.parse(row.enqueuedAt) / 1_000),
		...{ reason: row.reason, reasonDetail: row.reasonDetail, evaluated: row.evaluatedAt !== null },
	};
}
