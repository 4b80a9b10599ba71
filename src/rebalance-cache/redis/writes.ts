/** What changes the Redis side on behalf of a caller. Asked again with the same token, the answer is the same and nothing more happens. */
import { TransientError } from '../../errors.ts';
import { readWithdrawal } from '../../rebalances/row.ts';
import type { Change, Side } from '../../rebalances/side.ts';
import { type Ask, batchesOf, NOBODY } from './ask.ts';
import { routeGlob, routeOfKey } from './keys.ts';
import { readable } from './reads.ts';

type Writes = Pick<Side, 'add' | 'remove' | 'clear' | 'setPause' | 'putWithdrawal' | 'removeWithdrawal'>;

/** A value is replaced so rarely that one which differs again and again is rather one that cannot be told apart: bytes that are no UTF-8. */
const TRIES = 5;

export function writesOf(ask: Ask): Writes {
	return {
		async add(rows, change) {
			await ask.change(
				'add',
				change,
				rows.flatMap(({ id, route, text }) => [id, route, text]),
			);
		},
		async remove(ids, change) {
			const removed: string[] = [];
			const batches = batchesOf([...new Set(ids)]);
			for (const batch of batches.length === 0 ? [[]] : batches) for (const id of await removeBatch(ask, batch, change)) removed.push(id);
			return removed;
		},
		clear: (change) => clear(ask, change),
		async setPause(paused, change) {
			await ask.change('setPause', change, [paused ? '1' : '0']);
		},
		async putWithdrawal(depositTransaction, text, change) {
			await ask.change('putWithdrawal', change, [depositTransaction, text]);
		},
		removeWithdrawal: (depositTransaction, change) => removeWithdrawal(ask, depositTransaction, change),
	};
}

async function removeBatch(ask: Ask, ids: readonly string[], change: Change): Promise<string[]> {
	const removed: string[] = [];
	let left = ids;
	for (let tries = 1; ; tries += 1) {
		const texts = (await ask.read('rowTexts', change, left)) as (string | null)[];
		// What is not there is asked for as well: this change may have removed it before.
		const asked = left.flatMap((id, index) => {
			const text = texts[index] ?? null;
			if (text === null) return [{ id, route: '', text: '' }];
			const row = readable(ask, { id, text });
			return row === null ? [] : [row];
		});
		const answers = (await ask.change(
			'remove',
			change,
			asked.flatMap(({ id, route, text }) => [id, route, text]),
		)) as number[];
		for (const [index, { id }] of asked.entries()) if (answers[index] === 1) removed.push(id);
		left = asked.filter((_, index) => answers[index] === 2).map(({ id }) => id);
		if (left.length === 0) return removed;
		if (tries === TRIES) return leave(ask, left, removed);
	}
}

function leave(ask: Ask, ids: readonly string[], removed: string[]): string[] {
	for (const id of ids) ask.settings.onTrouble('malformed', id);
	return removed;
}

async function removeWithdrawal(ask: Ask, depositTransaction: string, change: Change): Promise<boolean> {
	for (let tries = 1; tries <= TRIES; tries += 1) {
		const text = (await ask.read('withdrawal', change, [depositTransaction])) as string | null;
		const isMalformed = text !== null && readWithdrawal(text) === null;
		if (isMalformed) ask.settings.onTrouble('malformed', `w:${depositTransaction}`);
		// An empty one removes nothing, and finds out whether this change has done so before.
		const seen = text === null || isMalformed ? '' : text;
		const answer = (await ask.change('removeWithdrawal', change, [depositTransaction, seen])) as number;
		if (answer !== 2 || isMalformed) return answer === 1;
	}
	throw new TransientError(`the withdrawal of ${depositTransaction} was written again and again while it was to be removed`, {
		depositTransaction,
	});
}

/** Names of the route sets are looked for before the one step that deletes; one that comes up between is found by the second look. */
async function clear(ask: Ask, change: Change): Promise<void> {
	await ask.change('clear', change, await routesOf(ask));
	for (const route of await routesOf(ask)) await sweep(ask, route);
}

async function routesOf(ask: Ask): Promise<string[]> {
	const routes = new Set<string>();
	let cursor = '0';
	do {
		const page = await routePage(ask, cursor);
		for (const route of page.routes) routes.add(route);
		cursor = page.cursor;
	} while (cursor !== '0');
	return [...routes];
}

/** Some of the routes that have a set; the cursor is `0` at the beginning and after the end. */
export async function routePage(ask: Ask, cursor: string): Promise<{ readonly cursor: string; readonly routes: string[] }> {
	const { connection, prefix } = ask.settings;
	const [next, keys] = await connection.scanSets(cursor, routeGlob(prefix));
	return { cursor: next, routes: keys.flatMap((key) => routeOfKey(prefix, key) ?? []) };
}

async function sweep(ask: Ask, route: string): Promise<void> {
	let cursor = '0';
	do cursor = (await ask.read('sweep', NOBODY, [route, cursor])) as string;
	while (cursor !== '0');
}
