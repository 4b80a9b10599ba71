/** Tables of what each event does in each state, written by hand, and what the database makes of them. */
import { expect } from 'vitest';
import { BallastError } from '../../src/errors.ts';
import { type Db, inTransaction, lockEarmarks } from '../../src/store/db.ts';
import { endIdleLeg } from '../../src/store/leg-ends.ts';
import { readLeg } from '../../src/store/legs.ts';
import { CAUSE, rowsOf } from './fixture.ts';

/** How a cell shows a hold. */
export const LETTERS = { confirmed: 'c', pending_out: 'o', inbound: 'i', released: '-' } as const;

/** The states of the first line, and of every other line its event with a cell for each state. */
export function readTable(text: string): { readonly states: readonly string[]; readonly rows: readonly (readonly string[])[] } {
	const [states = [], ...rows] = text
		.trim()
		.split('\n')
		.map((line) => line.trim().split(/\s+/));
	return { states, rows };
}

/** The leg's earmark is given back. */
export async function givenBack(db: Db, legId: string): Promise<unknown> {
	const { earmarkId } = await readLeg(db, legId);
	return inTransaction(db, CAUSE, async (tx) => {
		await lockEarmarks(tx, [earmarkId]);
		return endIdleLeg(tx, legId, 'GIVEN_BACK');
	});
}

interface Trial {
	readonly event: string;
	readonly act: ((db: Db, legId: string) => Promise<unknown>) | undefined;
	readonly stateOf: (db: Db, legId: string) => Promise<string>;
}

/** What the event does to the leg, or a dot when it is refused and every row is as it was. */
export async function outcomeOf(db: Db, legId: string, { event, act, stateOf }: Trial): Promise<string> {
	const { earmarkId } = await readLeg(db, legId);
	const before = await rowsOf(db, earmarkId);
	try {
		const answer = await act?.(db, legId);
		if (answer !== false) return await stateOf(db, legId);
	} catch (error) {
		if (!(error instanceof BallastError)) throw error;
	}
	expect(await rowsOf(db, earmarkId), `${event} was refused`).toEqual(before);
	return '.';
}
