/** `src/store/receivables.ts` in memory. */
import type { Hex } from 'viem';
import { crossing } from '../../../src/inventory/moves.ts';
import { amount, hubAmount } from '../../../src/money/amount.ts';
import type { ReceivableStatus } from '../../../src/settle/receivable-state.ts';
import type * as real from '../../../src/store/receivables.ts';
import { postMined } from './ledger.ts';
import { refuse, tablesOf } from './memory.ts';

export const insertReceivable: typeof real.insertReceivable = async (tx, receivable) => {
	const memory = await tablesOf(tx);
	const id = memory.id();
	const isKnown = memory.receivables.some((each) => each.earmarkId === receivable.earmarkId || each.intentId === receivable.intentId);
	if (isKnown) refuse('one receivable per earmark and per intent');
	const at = memory.now();
	memory.add(memory.receivables, {
		...{ id, ...receivable, status: 'pending', hubStatus: 'NONE' },
		...{ settledVenue: null, settledAmount: null, settledTx: null, createdAt: at, updatedAt: at },
	});
};

export const openReceivables: typeof real.openReceivables = async (db, limit) => {
	const open = (await tablesOf(db)).receivables.filter((each) => each.status !== 'settled');
	open.sort((one, other) => one.updatedAt.localeCompare(other.updatedAt));
	return open.slice(0, limit).map((row) => ({
		...{ earmarkId: row.earmarkId, intentId: row.intentId as Hex, asset: row.asset, origin: row.origin },
		...{ amount: amount(row.amount), amountHub: hubAmount(row.amountHub) },
		...{ status: row.status as ReceivableStatus, hubStatus: row.hubStatus },
		lookedUpTo: new Map(Object.entries(row.lookedUpTo as Record<string, string>).map(([venue, block]) => [venue, BigInt(block)])),
		isNew: row.updatedAt === row.createdAt,
	}));
};

export const saveLookedUpTo: typeof real.saveLookedUpTo = async (db, { intentId, upTo }) => {
	const memory = await tablesOf(db);
	const row = memory.receivables.find((each) => each.intentId === intentId && each.status !== 'settled');
	const blocks = Object.fromEntries([...upTo].map(([venue, block]) => [venue, block.toString()]));
	if (row !== undefined) memory.change(row, { lookedUpTo: { ...(row.lookedUpTo as object), ...blocks }, updatedAt: memory.now() });
};

export const saveHubStatus: typeof real.saveHubStatus = async (db, { receivable, hubStatus, status }) => {
	const memory = await tablesOf(db);
	const { intentId, status: was, hubStatus: said } = receivable;
	const row = memory.receivables.find((each) => each.intentId === intentId && each.status === was && each.hubStatus === said);
	if (row !== undefined) memory.change(row, { hubStatus, status });
	return row !== undefined;
};

export const settleReceivable: typeof real.settleReceivable = (db, receivable, payment) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const { intentId, earmarkId, asset, origin } = receivable;
		const row = memory.receivables.find((each) => each.intentId === intentId && each.status !== 'settled');
		if (row === undefined) return false;
		const { venue, amount: settledAmount, tx: settledTx, blockNumber, decimals } = payment;
		memory.change(row, { status: 'settled', settledVenue: venue, settledAmount, settledTx, updatedAt: memory.now() });
		const moves = crossing({
			out: { venue: origin, asset, decimals: decimals.origin, amount: receivable.amount, account: 'receivable' },
			into: { venue, asset, decimals: decimals.paid, amount: settledAmount },
			...{ via: 'hub', difference: 'external' },
		});
		await postMined(tx, { event: 'settled', earmarkId, legId: null, tx: settledTx, blockNumber, moves });
		return true;
	});
