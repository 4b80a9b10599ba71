/** What has become of a withdrawal, by our own id of it. */
import { z } from 'zod';
import { InvariantError, TransientError } from '../../errors.ts';
import type { ExchangeReads, ExchangeWithdrawal } from '../exchange.ts';
import { checked } from './call.ts';
import type { Clock } from './clock.ts';
import { ENDPOINTS } from './endpoints.ts';
import { decimal, maybeWord, word } from './fields.ts';
import { createSearch } from './search.ts';

/** For one client id, Binance wants a window of less than seven days. */
const WIDEST_MS = 7 * 86_400_000 - 1_000;
/** Whoever noted the beginning may have had another clock, and Binance cuts times to the second. */
const MARGIN_MS = 600_000;
const MOST_ROWS = 1_000;
/** Between accounts of the exchange nothing is sent on a network, and the id is a sentence. */
const TRANSACTION = /^(0x)?[0-9A-Za-z]{32,128}$/;
const INTERNAL = 1;

const rows = z.array(z.looseObject({ withdrawOrderId: z.string().nullish() })).max(MOST_ROWS);
const withdrawal = z.object({
	id: word,
	status: z.int(),
	txId: maybeWord,
	transactionFee: decimal,
	transferType: z.int().nullish(),
	info: maybeWord,
});

type Row = z.output<typeof withdrawal>;

const STATES: ReadonlyMap<number, Pick<ExchangeWithdrawal, 'state' | 'note'>> = new Map([
	[0, { state: 'pending', note: 'status 0, email sent' }],
	[2, { state: 'pending', note: 'status 2, awaiting approval' }],
	[4, { state: 'pending', note: 'status 4, processing' }],
	[6, { state: 'completed', note: 'status 6, completed' }],
	[1, { state: 'ended', note: 'status 1, cancelled' }],
	[3, { state: 'ended', note: 'status 3, rejected' }],
	[5, { state: 'ended', note: 'status 5, failure' }],
]);

/**
 * Begins where it was asked for, so that one call finds it however long ago that is; only what is not found is looked for until now. One
 * that has ended is no reason to stop: a second one under the same key would have to be seen. Throws `InvariantError` when there are two.
 */
export function createFindWithdrawal({ nowMs, read }: Clock): ExchangeReads['findWithdrawal'] {
	const search = createSearch<Row>({ widestMs: WIDEST_MS, nowMs });
	return async ({ key, sinceMs }) => {
		const found = await search({
			key,
			fromMs: sinceMs - MARGIN_MS,
			suffices: (seen) => seen.some((row) => stateOf(row, key).state !== 'ended'),
			read: async (window) => {
				const listed = await read(ENDPOINTS.withdrawals, { withdrawOrderId: key, ...window, limit: MOST_ROWS }, rows);
				const ours = listed.filter((row) => row.withdrawOrderId === key);
				if (ours.length === 0 && listed.length >= MOST_ROWS)
					throw new TransientError('Binance: the list of withdrawals is cut off', { key });
				return ours.map((row) => checked(ENDPOINTS.withdrawals, withdrawal, row));
			},
		});
		return sightOf([...new Map(found.map((row) => [row.id, row])).values()], key);
	};
}

function sightOf(found: readonly Row[], key: string): ExchangeWithdrawal | null {
	const sights = found.map((row) => sightOfOne(row, key));
	const alive = sights.filter(({ state }) => state !== 'ended');
	const [first] = alive.length > 0 ? alive : sights;
	if (first === undefined) return null;
	if (alive.length > 1) {
		const ids = alive.map(({ id }) => id).join(' and ');
		throw new InvariantError(`Binance has more than one withdrawal under the key ${key}: ${ids}; one of them was not meant`, { key, ids });
	}
	const others = sights.filter(({ id }) => id !== first.id).map(({ id }) => id);
	return others.length === 0 ? first : { ...first, note: `${first.note}; ended under the same key: ${others.join(', ')}` };
}

function sightOfOne(row: Row, key: string): ExchangeWithdrawal {
	const { id, txId, transactionFee: fee, info } = row;
	const { state, note } = stateOf(row, key);
	const told = info === null ? note : `${note}: ${info}`;
	const isInternal = row.transferType === INTERNAL || (txId !== null && !TRANSACTION.test(txId));
	const transactionHash = isInternal ? null : txId;
	if (state !== 'completed' || transactionHash !== null) return { state, note: told, id, transactionHash, fee };
	const missing = isInternal
		? `within the exchange (${txId ?? 'no id'}): nothing comes on the network`
		: 'its transaction is not named yet';
	return { state: 'pending', note: `${told}, ${missing}`, id, transactionHash, fee };
}

function stateOf({ id, status }: Row, key: string): Pick<ExchangeWithdrawal, 'state' | 'note'> {
	const state = STATES.get(status);
	if (state === undefined) throw new TransientError(`Binance: withdrawal ${id} has the unknown status ${status}`, { key, id });
	return state;
}
