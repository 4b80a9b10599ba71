/** `src/store/ledger.ts` in memory. */
import type * as real from '../../../src/store/ledger.ts';
import { refuse, tablesOf } from './memory.ts';
import { noteBooking } from './transfers.ts';

export const post: typeof real.post = async (tx, { moves, event, earmarkId, legId, tx: hash }) => {
	const memory = await tablesOf(tx);
	// Not an id of the sequence: the product draws it.
	const name = `00000000-0000-4000-a000-${memory.ledger.length.toString(16).padStart(12, '0')}`;
	const posting = { posting: name, event, earmarkId, legId, tx: hash, at: memory.now() };
	if (moves.some((move) => move.amount < 0n)) refuse('an amount is not negative');
	for (const { venue, asset, from, to, amount } of moves) {
		memory.add(memory.ledger, { id: memory.serial(), ...posting, account: from, venue, asset, amount: -amount });
		memory.add(memory.ledger, { id: memory.serial(), ...posting, account: to, venue, asset, amount });
	}
};

export const postMined: typeof real.postMined = async (tx, { blockNumber, ...posting }) => {
	await post(tx, posting);
	const own = posting.moves.filter(({ from, to }) => from === 'wallet' || to === 'wallet');
	await noteBooking(
		tx,
		own.map(({ venue, asset }) => ({ venue, asset, tx: posting.tx, blockNumber })),
	);
};
