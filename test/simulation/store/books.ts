/** `src/store/books.ts` in memory. */
import { type Position, positionKey } from '../../../src/inventory/venue.ts';
import { EFFECT_TRANSITIONS } from '../../../src/leg/effect-state.ts';
import { amount } from '../../../src/money/amount.ts';
import type * as real from '../../../src/store/books.ts';
import { post } from './ledger.ts';
import { type Memory, tablesOf } from './memory.ts';

const BATCH = 500;

export const openBooks: typeof real.openBooks = async (tx, { venue, asset }) => {
	const memory = await tablesOf(tx);
	const row = memory.snapshots.find((each) => each.venue === venue && each.asset === asset);
	if (row === undefined || row.openedBlock !== null) return;
	if (row.settledAmount === null || row.settledBlock === null || row.watchedFrom === null) return;
	if (row.settledBlock < row.watchedFrom) return;
	memory.change(row, { openedBlock: row.settledBlock });
	const isCompared = (hash: string) => memory.transfers.some((each) => each.tx === hash && each.venue === venue && each.asset === asset);
	const before = memory.ledger.filter(
		(each) => each.venue === venue && each.asset === asset && each.account === 'wallet' && !isCompared(each.tx),
	);
	const moves = movesOf({ venue, asset }, row.settledAmount - before.reduce((sum, each) => sum + each.amount, 0n));
	await post(tx, { event: 'opened', earmarkId: null, legId: null, tx: row.blockHash, moves });
};

function movesOf(position: Position, units: bigint) {
	if (units === 0n) return [];
	const ends = units > 0n ? ({ from: 'external', to: 'wallet' } as const) : ({ from: 'wallet', to: 'external' } as const);
	return [{ ...position, ...ends, amount: amount(units > 0n ? units : -units) }];
}

export const bookTransfers: typeof real.bookTransfers = (db, { chain, settledBlock }) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const cursor = memory.cursors.find((each) => each.chain === chain);
		if (cursor === undefined) return 0;
		const upTo = cursor.blockNumber < settledBlock ? cursor.blockNumber : settledBlock;
		const openingOf = (row: Position) => memory.snapshots.find((each) => positionKey(each) === positionKey(row))?.openedBlock ?? null;
		const isDue = (each: Memory['transfers'][number]) => each.chain === chain && !each.isBooked && each.blockNumber <= upTo;
		const rows = memory.transfers.filter((each) => isDue(each) && openingOf(each) !== null && !isUndecided(memory, each.tx));
		rows.sort((a, b) => Number(a.blockNumber - b.blockNumber) || order(keyOf(a), keyOf(b)));
		let booked = 0;
		for (const row of rows.slice(0, BATCH)) {
			const opening = openingOf(row);
			if (opening === null) continue;
			const posted = memory.ledger
				.filter((each) => each.tx === row.tx && each.account === 'wallet' && positionKey(each) === positionKey(row))
				.reduce((sum, each) => sum + each.amount, 0n);
			const moved = row.blockNumber > opening ? row.incoming - row.outgoing : 0n;
			const moves = movesOf({ venue: row.venue, asset: row.asset }, moved - posted);
			await post(tx, { event: 'external', earmarkId: null, legId: null, tx: row.tx, moves });
			memory.change(row, { isBooked: true });
			booked += 1;
		}
		return booked;
	});

const keyOf = ({ tx, venue, asset }: Position & { tx: string }) => `${tx} ${venue} ${asset}`;
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function isUndecided(memory: Memory, hash: string): boolean {
	const effectIds = new Set(memory.attempts.filter((each) => each.hash === hash).map(({ effectId }) => effectId));
	if (effectIds.size === 0) return false;
	return memory.effects.some(
		({ id, status }) => effectIds.has(id) && EFFECT_TRANSITIONS[status as keyof typeof EFFECT_TRANSITIONS].length > 0,
	);
}

const GAS_KNOWN_WITHIN_MS = 86_400_000;

export const bookNative: typeof real.bookNative = (db, { venue, asset }) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const row = memory.snapshots.find((each) => each.venue === venue && each.asset === asset);
		if (row === undefined || row.openedBlock === null || row.settledAmount === null) return;
		const { openedBlock } = row;
		const here = memory.ledger.filter((each) => each.venue === venue && each.asset === asset);
		const booked = here.filter((each) => each.account === 'wallet').reduce((sum, each) => sum + each.amount, 0n);
		const moves = movesOf({ venue, asset }, row.settledAmount - booked);
		if (moves.length === 0) return;
		await post(tx, { event: 'external', earmarkId: null, legId: null, tx: row.blockHash, moves });
		const since = memory.now(-GAS_KNOWN_WITHIN_MS);
		for (const { minedHash, minedBlock, feePaid, updatedAt, venue: at } of memory.effects) {
			if (at !== venue || feePaid === null || minedHash === null || minedBlock === null) continue;
			if (minedBlock <= openedBlock || updatedAt <= since || here.some((each) => each.tx === minedHash)) continue;
			const move = { venue, asset, from: 'external', to: 'fees', amount: amount(feePaid) } as const;
			await post(tx, { event: 'external', earmarkId: null, legId: null, tx: minedHash, moves: [move] });
		}
	});
