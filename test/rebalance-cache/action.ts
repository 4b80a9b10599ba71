/** Actions as a solver describes them. */
import type { RebalanceAction, RebalanceCache, StoredRebalance } from '../../src/rebalances/cache.ts';

export const USDC = '0xD6AcA1be9729c13d677335161321649cccae6a591554772516700f986f942eAa';

let count = 0;

/** Each with a transaction of its own, unless it is given one. */
export function actionOf(fields: Partial<RebalanceAction> = {}): RebalanceAction {
	count += 1;
	return {
		bridge: 'across',
		amount: '1000000',
		origin: 1,
		destination: 10,
		asset: USDC,
		transaction: `0x${count.toString(16).padStart(64, '0')}`,
		recipient: '0x1111111111111111111111111111111111111111',
		...fields,
	};
}

/** What stands on the routes of these actions. */
export const onRoutesOf = (cache: RebalanceCache, ...actions: readonly RebalanceAction[]): Promise<StoredRebalance[]> =>
	cache.getRebalances({ routes: actions });

/** Without the ids, in an order that depends on nothing but what is in them. */
export function contentsOf(rows: readonly RebalanceAction[]): RebalanceAction[] {
	const contents = rows.map(({ id, ...action }) => action as RebalanceAction);
	return contents
		.map((action) => [JSON.stringify(sorted(action)), action] as const)
		.sort(byText)
		.map(([, action]) => action);
}

const sorted = (action: RebalanceAction) => Object.fromEntries(Object.entries(action).sort(byText));

const byText = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) => (one < other ? -1 : Number(one > other));

/** Of the row that an action became. Throws when there is not exactly one. */
export async function idOf(cache: RebalanceCache, action: RebalanceAction): Promise<string> {
	const rows = (await onRoutesOf(cache, action)).filter((row) => row.transaction === action.transaction);
	if (rows.length !== 1) throw new Error(`${rows.length} rows hold ${action.transaction}`);
	return rows[0]?.id ?? '';
}
