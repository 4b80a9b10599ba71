/** Questions about balances, books, receivables, wake-ups and the stop switch. */
import type { Hash } from 'viem';
import { positionKey } from '../../../src/inventory/venue.ts';
import { hubAmount, ZERO } from '../../../src/money/amount.ts';
import { bookNative, bookTransfers, openBooks } from '../../../src/store/books.ts';
import { lockEarmarks, lockInventory } from '../../../src/store/db.ts';
import { readHoldings } from '../../../src/store/holdings.ts';
import { absorbNow, readAges, saveBalances, snapshotBlocks, venuesMoving } from '../../../src/store/inventory.ts';
import { post, postMined } from '../../../src/store/ledger.ts';
import { relayOutbox, wake } from '../../../src/store/outbox.ts';
import { insertReceivable, openReceivables, saveHubStatus, saveLookedUpTo, settleReceivable } from '../../../src/store/receivables.ts';
import { readReserveOverrides } from '../../../src/store/reserves.ts';
import { isStopped, readStop, writeStop } from '../../../src/store/stops.ts';
import { claimLook, noteBooking, readCursor, saveMovements } from '../../../src/store/transfers.ts';
import { type Chance, VENUES } from './chance.ts';
import type { InTransaction, OnConnection } from './questions.ts';

const positionOf = (of: Chance) => ({ venue: of.venue(), asset: of.asset() });
const readingOf = (of: Chance) => ({
	...positionOf(of),
	...{ amount: of.units(), blockNumber: of.block(), blockHash: of.hash() },
	settled: of.seldom() ? null : { amount: of.units(), blockNumber: of.block() },
});

function movementOf(of: Chance, venue: string, known: readonly Hash[]) {
	const transactionHash = known.length > 0 && of.seldom() ? of.one(known) : of.hash();
	const [incoming, outgoing] = of.below(2) === 0 ? [of.units(), ZERO] : [ZERO, of.units()];
	return { venue, asset: of.asset(), transactionHash, blockNumber: of.block(), blockHash: of.hash(), incoming, outgoing };
}

/** One row per place and transaction, as a chain is read. */
function once<T extends { readonly asset: string; readonly transactionHash: string }>(movements: readonly T[]): T[] {
	return [...new Map(movements.map((each) => [`${each.asset} ${each.transactionHash}`, each])).values()];
}

export const onFunds = {
	saveBalances: (db, of) =>
		saveBalances(db, [...new Map([readingOf(of), readingOf(of)].map((each) => [positionKey(each), each])).values()]),
	venuesMoving: async (db) => [...(await venuesMoving(db))].sort(),
	readAges: async (db) => [...(await readAges(db)).keys()].sort(),
	readCursor: (db, of) => readCursor(db, of.venue()),
	claimLook: (db, of) => claimLook(db, of.venue(), 1_000 * of.below(3)),
	saveMovements: async (db, of) => {
		const chain = of.venue();
		const before = of.seldom() ? null : await readCursor(db, chain);
		const upTo = { blockNumber: of.block(), blockHash: of.hash() };
		const fromBlock = of.seldom() ? of.block() : (before?.blockNumber ?? 0n) + 1n;
		const known = of.memory.transfers.filter((each) => each.chain === chain).map(({ tx }) => tx as Hash);
		const movements = Array.from({ length: of.below(3) }, () => movementOf(of, chain, known));
		return saveMovements(db, { chain, before, fromBlock, upTo, movements: once(movements) });
	},
	bookNative: (db, of) => bookNative(db, positionOf(of)),
	bookTransfers: (db, of) => bookTransfers(db, { chain: of.venue(), settledBlock: of.block() }),
	readHoldings: (db, of) => readHoldings(db, of.asset(), new Map([['USDC@1', of.units()]])),
	openReceivables: (db, of) => openReceivables(db, 1 + of.below(3)),
	saveLookedUpTo: async (db, of) => {
		const { intentId } = of.one(await openReceivables(db, 9));
		return saveLookedUpTo(db, { intentId, upTo: new Map([[of.venue(), of.block()]]) });
	},
	saveHubStatus: async (db, of) => {
		const receivable = of.one(await openReceivables(db, 9));
		const isStale = of.seldom();
		const said = { hubStatus: of.one(['INVOICED', 'DISPATCHED']), status: of.one(['pending', 'invoiced'] as const) };
		return saveHubStatus(db, { receivable: isStale ? { ...receivable, hubStatus: 'OLD' } : receivable, ...said });
	},
	settleReceivable: async (db, of) => {
		const receivable = of.one(await openReceivables(db, 9));
		const payment = {
			venue: of.venue(),
			amount: of.units(),
			tx: of.hash(),
			blockNumber: of.block(),
			decimals: { origin: 6, paid: of.one([6, 18]) },
		};
		await settleReceivable(db, receivable, payment);
		return settleReceivable(db, receivable, payment);
	},
	relayOutbox: (db, of) => {
		const fails = of.seldom();
		return relayOutbox(db, 1 + of.below(3), async (_, tx) => {
			await lockInventory(tx, of.asset());
			if (fails) throw new RangeError('the queue server is not there');
		});
	},
	readStop: (db) => readStop(db),
	isStopped: (db) => isStopped(db),
	writeStop: (db, of) => writeStop(db, { stopped: of.below(2) === 0, actor: 'examiner', reason: `${of.below(9)}` }),
	readReserveOverrides: (db, of) => readReserveOverrides(db, of.asset()),
} satisfies Record<string, OnConnection>;

export const inFunds = {
	lockInventory: (tx, of) => lockInventory(tx, of.asset()),
	lockEarmarks: (tx, of) =>
		lockEarmarks(
			tx,
			of.memory.earmarks.map(({ id }) => id),
		),
	snapshotBlocks: (tx, of) => snapshotBlocks(tx, of.asset()),
	absorbNow: (tx, of) => absorbNow(tx, { ...positionOf(of), earmarkId: of.id(of.memory.earmarks) }),
	post: (tx, of) => {
		const earmark = of.row(of.memory.earmarks);
		const legId = of.memory.legs.find(({ earmarkId }) => earmarkId === earmark.id)?.id ?? null;
		const [from, to] = of.one([['wallet', 'in_flight'] as const, ['in_flight', 'bridge'] as const]);
		const move = { asset: earmark.asset, from, to, amount: of.units() };
		return post(tx, {
			...{ event: 'sent', earmarkId: earmark.id, legId, tx: of.hash() },
			moves: of.one([[{ ...move, venue: of.venue() }], VENUES.map((venue) => ({ ...move, venue }))]),
		});
	},
	postMined: (tx, of) => {
		const earmark = of.row(of.memory.earmarks);
		const moves = [{ asset: earmark.asset, venue: of.venue(), from: 'wallet', to: 'in_flight', amount: of.units() } as const];
		const known = of.memory.transfers.map(({ tx: hash }) => hash as Hash);
		const hash = known.length > 0 && of.seldom() ? of.one(known) : of.hash();
		return postMined(tx, { event: 'sent', earmarkId: earmark.id, legId: null, tx: hash, blockNumber: of.block(), moves });
	},
	noteBooking: (tx, of) => noteBooking(tx, [{ ...positionOf(of), tx: of.hash(), blockNumber: of.block() }]),
	openBooks: (tx, of) => openBooks(tx, positionOf(of)),
	wake: (tx, of) => wake(tx, { topic: 'plan' }, { topic: 'flow', earmarkId: of.id(of.memory.earmarks), generation: of.below(9) }),
	insertReceivable: (tx, of) => {
		const { id, asset, venue } = of.row(of.memory.earmarks);
		const units = of.units();
		const owed = { amount: units, amountHub: hubAmount(units * 10n ** 12n), lookedUpTo: { [of.venue()]: `${of.block()}` } };
		return insertReceivable(tx, { earmarkId: id, intentId: of.hash(), asset, origin: venue, ...owed });
	},
} satisfies Record<string, InTransaction>;
