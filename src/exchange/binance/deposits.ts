/** What the exchange has seen of a deposit of ours. */
import { z } from 'zod';
import { InvariantError, TransientError } from '../../errors.ts';
import type { ExchangeDeposit, ExchangeReads } from '../exchange.ts';
import { checked } from './call.ts';
import type { Clock } from './clock.ts';
import { ENDPOINTS } from './endpoints.ts';
import { decimal, moment, word } from './fields.ts';
import { createSearch } from './search.ts';

const DAY_MS = 86_400_000;
/** Binance wants a window of less than ninety days. */
const WIDEST_MS = 90 * DAY_MS - 1_000;
/** Nobody says when a deposit was made: it is looked for in four windows, of which the last one ends an hour from now. */
const LOOK_BACK_MS = 4 * WIDEST_MS - 3_600_000;
const MOST_ROWS = 1_000;

const rows = z.array(z.looseObject({ txId: z.string().nullish(), network: z.string().nullish() })).max(MOST_ROWS);
const deposit = z.object({ id: z.union([word, z.number()]), amount: decimal, status: z.int(), insertTime: moment });

type Deposit = z.output<typeof deposit>;

const STATES: ReadonlyMap<number, Pick<ExchangeDeposit, 'state' | 'note'>> = new Map([
	[0, { state: 'pending', note: 'status 0, pending' }],
	[8, { state: 'pending', note: 'status 8, waiting for a confirmation by the user' }],
	[6, { state: 'locked', note: 'status 6, credited and cannot be withdrawn' }],
	[1, { state: 'credited', note: 'status 1, success' }],
	[2, { state: 'refused', note: 'status 2, rejected' }],
	[7, { state: 'refused', note: 'status 7, wrong deposit' }],
]);

/** Throws `InvariantError` when the transaction has made several deposits: ours make one each. */
export function createFindDeposit({ nowMs, read }: Clock): ExchangeReads['findDeposit'] {
	const search = createSearch<Deposit>({ widestMs: WIDEST_MS, nowMs });
	return async ({ coin, network, transactionHash }) => {
		const isOurs = (row: z.output<typeof rows>[number]) =>
			row.network === network && row.txId?.toLowerCase() === transactionHash.toLowerCase();
		const found = await search({
			key: `${coin} ${network} ${transactionHash}`,
			fromMs: (await nowMs()) - LOOK_BACK_MS,
			suffices: (seen) => seen.length > 0,
			read: async (window) => {
				const asked = { coin, txId: transactionHash, ...window, limit: MOST_ROWS };
				const listed = await read(ENDPOINTS.deposits, asked, rows);
				const ours = listed.filter(isOurs).map((row) => checked(ENDPOINTS.deposits, deposit, row));
				if (ours.length === 0 && listed.length >= MOST_ROWS)
					throw new TransientError(`Binance: the list of deposits of ${coin} is cut off`);
				return ours;
			},
		});
		return sightOf(found, transactionHash);
	};
}

function sightOf(found: readonly Deposit[], transactionHash: string): ExchangeDeposit | null {
	const [first, ...others] = [...new Map(found.map((row) => [`${row.id}`, row])).values()];
	if (first === undefined) return null;
	if (others.length > 0) {
		const ids = [first, ...others].map(({ id }) => id).join(', ');
		throw new InvariantError(`Binance lists several deposits of ${transactionHash}: ${ids}`, { tx: transactionHash });
	}
	const state = STATES.get(first.status);
	if (state === undefined)
		throw new TransientError(`Binance: deposit ${first.id} has the unknown status ${first.status}`, { tx: transactionHash });
	return { ...state, amount: first.amount, noticedAtMs: first.insertTime };
}
