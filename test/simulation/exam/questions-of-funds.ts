/** Questions about balances, books, receivables, wake-ups and the stop switch. */
import { hubAmount } from '../../../src/money/amount.ts';
import { lockEarmarks, lockInventory } from '../../../src/store/db.ts';
import { absorbNow, claimIncoming, positionsAwaiting, readHoldings, saveBalances, snapshotBlocks } from '../../../src/store/inventory.ts';
import { post } from '../../../src/store/ledger.ts';
import { relayOutbox, wake } from '../../../src/store/outbox.ts';
import { insertReceivable, openReceivables, saveHubStatus, saveLookedUpTo, settleReceivable } from '../../../src/store/receivables.ts';
import { readReserveOverrides } from '../../../src/store/reserves.ts';
import { isStopped, readStop, writeStop } from '../../../src/store/stops.ts';
import { type Chance, VENUES } from './chance.ts';
import type { InTransaction, OnConnection } from './questions.ts';

const positionOf = (of: Chance) => ({ venue: of.venue(), asset: of.asset() });
const readingOf = (of: Chance) => {
	const blockNumber = of.block();
	const incoming = Array.from({ length: of.below(3) }, () => ({ transactionHash: of.hash(), blockNumber: of.block(), amount: of.units() }));
	return {
		...positionOf(of),
		amount: of.units(),
		blockNumber,
		blockHash: of.hash(),
		incoming: of.seldom() ? null : of.seldom() ? 'lost' : incoming,
	} as const;
};

export const onFunds = {
	saveBalances: (db, of) => saveBalances(db, [readingOf(of), readingOf(of)]),
	positionsAwaiting: (db, of) => positionsAwaiting(db, of.venue()),
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
		const payment = { venue: of.venue(), amount: of.units(), tx: of.hash() };
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
	claimIncoming: (tx, of) => claimIncoming(tx, { ...positionOf(of), amount: of.units(), blockNumber: of.block() }),
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
	wake: (tx, of) => wake(tx, { topic: 'plan' }, { topic: 'flow', earmarkId: of.id(of.memory.earmarks), generation: of.below(9) }),
	insertReceivable: (tx, of) => {
		const { id, asset, venue } = of.row(of.memory.earmarks);
		const units = of.units();
		const owed = { amount: units, amountHub: hubAmount(units * 10n ** 12n), lookedUpTo: { [of.venue()]: `${of.block()}` } };
		return insertReceivable(tx, { earmarkId: id, intentId: of.hash(), asset, origin: venue, ...owed });
	},
} satisfies Record<string, InTransaction>;
