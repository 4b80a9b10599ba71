/** What of Binance's API is used, and what a call of it weighs. */

export interface Endpoint {
	/** As ccxt names it: below the address of `api`. */
	readonly path: string;
	readonly api: 'sapi' | 'private' | 'public';
	readonly method: 'GET' | 'POST';
	readonly weight: number;
	/** Who is charged with it: the account, or the address that the call comes from. */
	readonly by: 'ip' | 'uid history' | 'uid withdraw';
}

/**
 * Weights by Binance's documents. What is under `/api/v3` has a smaller limit of its own, and counts against that of the address here: few
 * calls go there. Ten histories a second at most is implied by what one weighs.
 */
export const ENDPOINTS = {
	coins: { path: 'capital/config/getall', api: 'sapi', method: 'GET', weight: 10, by: 'ip' },
	depositAddress: { path: 'capital/deposit/address', api: 'sapi', method: 'GET', weight: 10, by: 'ip' },
	deposits: { path: 'capital/deposit/hisrec', api: 'sapi', method: 'GET', weight: 1, by: 'ip' },
	withdrawals: { path: 'capital/withdraw/history', api: 'sapi', method: 'GET', weight: 18_000, by: 'uid history' },
	withdraw: { path: 'capital/withdraw/apply', api: 'sapi', method: 'POST', weight: 600, by: 'uid withdraw' },
	account: { path: 'account', api: 'private', method: 'GET', weight: 20, by: 'ip' },
	time: { path: 'time', api: 'public', method: 'GET', weight: 1, by: 'ip' },
} as const satisfies Record<string, Endpoint>;
