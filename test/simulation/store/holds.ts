/** `src/store/holds.ts` in memory. */
import type { Hold } from '../../../src/earmark/earmark.ts';
import { type HoldState, holdStatesBefore } from '../../../src/earmark/hold-state.ts';
import { InvariantError } from '../../../src/errors.ts';
import { amount } from '../../../src/money/amount.ts';
import type * as real from '../../../src/store/holds.ts';
import { tablesOf } from './memory.ts';

export const placeHolds: typeof real.placeHolds = async (tx, drafts) => {
	const memory = await tablesOf(tx);
	for (const draft of drafts) {
		const rest = { leftAtBlock: null, version: 0, createdAt: memory.now(), updatedAt: memory.now() };
		if (draft.amount > 0n) memory.add(memory.holds, { id: memory.id(), ...draft, ...rest });
	}
};

export const readHolds: typeof real.readHolds = async (db, earmarkId) => {
	const memory = await tablesOf(db);
	const rows = memory.holds.filter((each) => each.earmarkId === earmarkId && each.state !== 'released');
	return rows.map(({ id, legId, venue, asset, ...row }): Hold => {
		return { id, earmarkId, legId, venue, asset, amount: amount(row.amount), state: row.state as HoldState };
	});
};

export const moveHold: typeof real.moveHold = async (tx, { id, to, amount: units, leftAtBlock }) => {
	const memory = await tablesOf(tx);
	const before = [to, ...holdStatesBefore(to)];
	const row = memory.holds.find((each) => each.id === id && before.includes(each.state as HoldState));
	if (row === undefined) throw new InvariantError(`hold ${id} cannot become ${to}`, { holdId: id });
	memory.change(row, {
		...{ state: to, updatedAt: memory.now(), version: row.version + 1 },
		...(units === undefined ? {} : { amount: units }),
		...(leftAtBlock === undefined ? {} : { leftAtBlock }),
	});
};
