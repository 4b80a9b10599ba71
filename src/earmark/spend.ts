/** An exact allowance: `spender` may take `amount` base units of `token` from us, once. */
import type { Address } from 'viem';
import type { Amount } from '../money/amount.ts';

export interface Spend {
	readonly token: Address;
	readonly spender: Address;
	readonly amount: Amount;
}
