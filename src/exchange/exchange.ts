/**
 * What we need of an exchange that holds an account of ours. Amounts are exact decimal text in whole coins, as the exchange states them;
 * times are Unix milliseconds by the exchange's own clock. Every call throws `TransientError` when nothing can be concluded from the answer,
 * `BusyError` while the exchange wants to be left alone, and `PermanentError` for a clear refusal.
 */

/** A coin, and the way by which it enters or leaves, both by the exchange's own names. */
export interface CoinPlace {
	readonly coin: string;
	readonly network: string;
}

/** What the exchange says of a coin on a network now. */
export interface NetworkTerms {
	readonly depositEnabled: boolean;
	readonly withdrawEnabled: boolean;
	/** Whole coins, taken out of the amount that is asked for. */
	readonly withdrawFee: string;
	/** Of the amount that is asked for, the fee included. */
	readonly withdrawMinimum: string;
	readonly withdrawMaximum: string;
	/** Every amount is a whole multiple of it. */
	readonly withdrawStep: string;
	/** The least that is credited; null when the exchange names none. */
	readonly depositMinimum: string | null;
}

export interface AccountBalance {
	readonly free: string;
	readonly locked: string;
}

export interface ExchangeDeposit {
	/** `locked` is credited and cannot be withdrawn yet; `refused` waits for a person: the exchange has it, and does not credit it. */
	readonly state: 'pending' | 'locked' | 'credited' | 'refused';
	/** The exchange's own word for its state. */
	readonly note: string;
	readonly amount: string;
	/** When the exchange has noticed it. */
	readonly noticedAtMs: number;
}

export interface ExchangeWithdrawal {
	/** `ended` came to nothing: the account has its coins again. */
	readonly state: 'pending' | 'completed' | 'ended';
	readonly note: string;
	/** The exchange's id. */
	readonly id: string;
	/** On the network; null until it is sent. */
	readonly transactionHash: string | null;
	readonly fee: string;
}

/** What is asked for, as it is stored before the exchange is asked. */
interface Withdrawal extends CoinPlace {
	readonly address: string;
	/** What leaves the account; the fee comes out of it. */
	readonly amount: string;
}

/** The same with the exchange that it is asked of, by the name of its settings; strings alone. */
export type WithdrawalBody = Withdrawal & { readonly exchange: string };

export interface WithdrawalRequest extends Withdrawal {
	/** Our own id of it: at most one withdrawal for each, ever. */
	readonly key: string;
	/** When it was asked for, and until when the exchange may take it: a call that comes later is refused. */
	readonly atMs: number;
	readonly untilMs: number;
}

/** What anybody may ask; nothing is changed by it. */
export interface ExchangeReads {
	nowMs(): Promise<number>;
	/** By the exchange's names of the networks; throws `PermanentError` for a coin that it does not know. */
	networks(coin: string): Promise<ReadonlyMap<string, NetworkTerms>>;
	/** `tag` is what else a deposit would have to carry, null when it needs nothing. */
	depositAddress(place: CoinPlace): Promise<{ readonly address: string; readonly tag: string | null }>;
	balance(coin: string): Promise<AccountBalance>;
	/** Null when the exchange has not seen it. */
	findDeposit(deposit: CoinPlace & { readonly transactionHash: string }): Promise<ExchangeDeposit | null>;
	/** Null when the exchange lists none under the key that was asked for at `sinceMs` or later: however long ago that is. */
	findWithdrawal(sought: { readonly key: string; readonly sinceMs: number }): Promise<ExchangeWithdrawal | null>;
}

export interface Exchange extends ExchangeReads {
	/** Returns when the exchange has accepted it. A `TransientError` says nothing: it may be carried out all the same. */
	withdraw(request: WithdrawalRequest): Promise<void>;
}

/** How an exchange is reached. */
export interface ExchangeSettings {
	readonly apiUrl: string;
	/** What it lets an account ask for. */
	readonly uidWeightPerMinute: number;
	readonly ipWeightPerMinute: number;
}
