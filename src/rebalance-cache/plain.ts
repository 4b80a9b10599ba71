/** The cache on one side alone, as it is before a migration and after it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BusyError, TransientError } from '../errors.ts';
import type { RebalanceAction, RebalanceCache } from '../rebalances/cache.ts';
import { type Row, readRow, readWithdrawal, refuseNul, routeOf, rowOf, type StoredText, withdrawalText } from '../rebalances/row.ts';
import { type Asker, type Change, PhaseMovedError, type Side } from '../rebalances/side.ts';

export interface PlainSettings {
	readonly follows: Asker['follows'];
	readonly marks: Change['marks'];
	/** Whether what PostgreSQL cannot store is an error that names the field. */
	readonly refusesNul: boolean;
}

const GIVEN_UP_AFTER_MS = 2_000;
const AGAIN_AFTER_MS = 25;
const TAKE_BACK_MS = 500;
/** Five minutes; a process that ends before leaves it to whoever reads what was rejected. */
const TAKE_BACK_TRIES = 600;

/** Every call is asked again for two seconds while the side cannot be reached, a change with the token that it had. */
export function createPlainCache(side: Side, { follows, marks, refusesNul }: PlainSettings): RebalanceCache {
	const asker: Asker = { follows };
	const change = (): Change => ({ follows, token: randomUUID(), marks });
	let isOver = false;
	const takeBack = (rows: readonly Row[]) => removeLater(side, { rows, change: { ...change(), follows: null }, isOver: () => isOver });
	return {
		async addRebalances(actions) {
			const rows = rowsOf(actions, refusesNul);
			const own = change();
			try {
				await askAgain(() => side.add(rows, own));
			} catch (error) {
				// It may have been done, and its answer lost.
				if (error instanceof TransientError) void takeBack(rows);
				throw error;
			}
			return rows.length;
		},
		async getRebalances({ routes }) {
			const asked = [...new Set(routes.map(routeOf))];
			return storedIn(await askAgain(() => side.rowsOn(asked, asker)));
		},
		async removeRebalances(ids) {
			const own = change();
			return (await askAgain(() => side.remove(ids, own))).length;
		},
		hasRebalance: (id) => askAgain(() => side.has(id, asker)),
		async getRebalanceByTransaction(transaction) {
			return storedIn(await askAgain(() => side.rowsWith(transaction, asker)))[0];
		},
		async clear() {
			const own = change();
			await askAgain(() => side.clear(own));
		},
		async setPause(paused) {
			const own = change();
			await askAgain(() => side.setPause(paused, own));
		},
		isPaused: () => askAgain(() => side.isPaused(asker)),
		async addWithdrawalRecord(...[depositTransaction, asset, method, refid]) {
			const record = { asset, method, refid };
			if (refusesNul) for (const [field, value] of Object.entries({ depositTransaction, ...record })) refuseNul(value, field);
			const own = change();
			await askAgain(() => side.putWithdrawal(depositTransaction, withdrawalText(record), own));
		},
		async getWithdrawalRecord(depositTransaction) {
			const text = await askAgain(() => side.withdrawal(depositTransaction, asker));
			return (text === null ? null : readWithdrawal(text)) ?? undefined;
		},
		async removeWithdrawalRecord(depositTransaction) {
			const own = change();
			return askAgain(() => side.removeWithdrawal(depositTransaction, own));
		},
		disconnect: () => {
			isOver = true;
			return side.close();
		},
	};
}

interface Rejected {
	readonly rows: readonly Row[];
	readonly change: Change;
	readonly isOver: () => boolean;
}

/** What was rejected is not there: as soon as the side answers again. */
async function removeLater(side: Side, { rows, change, isOver }: Rejected): Promise<void> {
	const ids = rows.map(({ id }) => id);
	for (let tries = 0; tries < TAKE_BACK_TRIES && !isOver(); tries += 1) {
		await pause(TAKE_BACK_MS, undefined, { ref: false });
		const isDone = await side.remove(ids, change).then(
			() => true,
			() => false,
		);
		if (isDone) return;
	}
}

/** All of them before any is written. Throws `PermanentError` for the first that cannot be stored. */
function rowsOf(actions: readonly RebalanceAction[], refusesNul: boolean): Row[] {
	return actions.map((action, index) => {
		const row = rowOf(action);
		// What is stored is the text, which may say less than the action, or something else.
		if (refusesNul && row.text.includes('\\u0000')) refuseNul(JSON.parse(row.text), `actions[${index}]`);
		return row;
	});
}

const storedIn = (rows: readonly StoredText[]) => rows.flatMap((row) => readRow(row)?.action ?? []);

/** Throws what the last try threw; what a moved phase throws is for whoever knows the phases. */
async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
	const until = performance.now() + GIVEN_UP_AFTER_MS;
	for (;;) {
		try {
			return await ask();
		} catch (error) {
			const isPassing = error instanceof TransientError && !(error instanceof PhaseMovedError) && !(error instanceof BusyError);
			if (!isPassing || performance.now() + AGAIN_AFTER_MS > until) throw error;
		}
		await pause(AGAIN_AFTER_MS);
	}
}
