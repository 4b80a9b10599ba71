/** What the Redis side answers. Only rows that can be read and that are on their own route are served; what else is met is told. */
import { type Row, readRow, readWithdrawal, type StoredText } from '../../rebalances/row.ts';
import type { Asker, Side } from '../../rebalances/side.ts';
import { type Ask, BATCH, batchesOf } from './ask.ts';

type Reads = Pick<Side, 'rowsOn' | 'rowsWith' | 'has' | 'isPaused' | 'withdrawal'>;

const ROUTES_AT_ONCE = 200;

/** Ids and what is stored under them, in the same order. */
type Found = readonly [ids: readonly string[], texts: readonly (string | null)[]];

export function readsOf(ask: Ask): Reads {
	const isServed = async (row: Row, asker: Asker) => {
		const [isOn] = (await ask.read('onRoute', asker, [row.id, row.route])) as [number];
		return isOn === 1;
	};
	return {
		async rowsOn(routes, asker) {
			const rows: StoredText[] = [];
			const groups = batchesOf([...new Set(routes)], ROUTES_AT_ONCE);
			// Somebody who asks for no route is still told when the phase has moved, or when the server is away.
			for (const group of groups.length === 0 ? [[]] : groups) for (const row of await onRoutes(ask, group, asker)) rows.push(row);
			return rows;
		},
		async rowsWith(transaction, asker) {
			for await (const stored of everything(ask, asker)) {
				const row = readable(ask, stored);
				if (row?.transaction === transaction && (await isServed(row, asker))) return [stored];
			}
			return [];
		},
		async has(id, asker) {
			const [text] = (await ask.read('rowTexts', asker, [id])) as [string | null];
			const row = text === null ? null : readable(ask, { id, text });
			return row !== null && (await isServed(row, asker));
		},
		isPaused: async (asker) => (await ask.read('pause', asker, [])) === '1',
		async withdrawal(depositTransaction, asker) {
			const text = (await ask.read('withdrawal', asker, [depositTransaction])) as string | null;
			if (text === null || readWithdrawal(text) !== null) return text;
			ask.settings.onTrouble('malformed', `w:${depositTransaction}`);
			return null;
		},
	};
}

/** In one step when there are few; otherwise page by page, where what is there all the time is found, and what comes or goes may be. */
async function onRoutes(ask: Ask, routes: readonly string[], asker: Asker): Promise<StoredText[]> {
	const found = (await ask.read('rowsOn', asker, [`${2 * BATCH}`, ...routes])) as readonly Found[] | null;
	if (found !== null) return found.flatMap((each, index) => served(ask, routes[index] ?? '', each));
	const rows: StoredText[] = [];
	for (const route of routes) for await (const page of pagesOf(ask, route, asker)) rows.push(...served(ask, route, page));
	// A page may repeat what an earlier one had.
	return [...new Map(rows.map((row) => [row.id, row])).values()];
}

async function* pagesOf(ask: Ask, route: string, asker: Asker): AsyncGenerator<Found> {
	let cursor = '0';
	do {
		const [next, ids, texts] = (await ask.read('rowsOnFrom', asker, [route, cursor, `${BATCH}`])) as [string, ...Found];
		yield [ids, texts];
		cursor = next;
	} while (cursor !== '0');
}

async function* everything(ask: Ask, asker: Asker): AsyncGenerator<StoredText> {
	let cursor = '0';
	do {
		const [next, flat] = (await ask.read('scanData', asker, [cursor, `${BATCH}`])) as [string, string[]];
		yield* pairsOf(flat);
		cursor = next;
	} while (cursor !== '0');
}

/** Of a list of names and values in turn. */
export function pairsOf(flat: readonly string[]): StoredText[] {
	return Array.from({ length: flat.length / 2 }, (_, index) => ({ id: flat[2 * index] ?? '', text: flat[2 * index + 1] ?? '' }));
}

function served(ask: Ask, route: string, [ids, texts]: Found): StoredText[] {
	return ids.flatMap((id, index) => {
		const text = texts[index] ?? null;
		if (text === null) {
			ask.settings.onTrouble('setWithoutData', id);
			return [];
		}
		const row = readable(ask, { id, text });
		if (row !== null && row.route !== route) ask.settings.onTrouble('dataWithoutSet', id);
		return row?.route === route ? [{ id, text }] : [];
	});
}

/** Null for what is no row, which is told. */
export function readable(ask: Ask, stored: StoredText): Row | null {
	const row = readRow(stored)?.row ?? null;
	if (row === null) ask.settings.onTrouble('malformed', stored.id);
	return row;
}
