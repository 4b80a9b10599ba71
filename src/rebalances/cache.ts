/** The interface of the class that kept rebalances under way in Redis; what uses it works on every side and in every phase. */

/** A transfer under way, as whoever sent it has described it. Fields beyond these are stored and come back. */
export interface RebalanceAction {
	readonly bridge: string;
	/** Base units as decimal text, stored and returned byte for byte. */
	readonly amount: string;
	readonly origin: number;
	readonly destination: number;
	/** The ticker hash; its case is kept in the id and does not matter for the route. */
	readonly asset: string;
	/** The transaction that sent it; its case matters. */
	readonly transaction: string;
	/** Rows of older versions have none. */
	readonly recipient?: string;
	readonly [field: string]: unknown;
}

export interface RebalanceRoute {
	readonly destination: number;
	readonly origin: number;
	readonly asset: string;
	readonly [field: string]: unknown;
}

export interface WithdrawalRecord {
	readonly asset: string;
	readonly method: string;
	readonly refid: string;
}

export type StoredRebalance = RebalanceAction & { readonly id: string };

/** No answer has an order. Every call rejects while the side that answers cannot be reached. */
export interface RebalanceCache {
	/**
	 * One row per element, also of the same object twice. Resolves to their number. Rejects when an element has no asset or holds what JSON
	 * cannot say, and then nothing of the batch is written.
	 */
	addRebalances(actions: readonly RebalanceAction[]): Promise<number>;
	/** Every action of the routes once. A value that cannot be read is counted, logged and left out. */
	getRebalances(query: { readonly routes: readonly RebalanceRoute[] }): Promise<StoredRebalance[]>;
	/** How many this call has removed; an unknown id and a repeated one count nothing. */
	removeRebalances(ids: readonly string[]): Promise<number>;
	hasRebalance(id: string): Promise<boolean>;
	/** Any of the actions with this transaction. */
	getRebalanceByTransaction(transaction: string): Promise<StoredRebalance | undefined>;
	/** Rebalances, routes and the pause; withdrawals stay. */
	clear(): Promise<void>;
	setPause(paused: boolean): Promise<void>;
	isPaused(): Promise<boolean>;
	addWithdrawalRecord(depositTransaction: string, asset: string, method: string, refid: string): Promise<void>;
	getWithdrawalRecord(depositTransaction: string): Promise<WithdrawalRecord | undefined>;
	removeWithdrawalRecord(depositTransaction: string): Promise<boolean>;
	disconnect(): Promise<void>;
}
