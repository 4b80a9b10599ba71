/** `POST /sapi/v1/capital/withdraw/apply`: what the exchange checks of a withdrawal before it accepts it. */
import { randomBytes } from 'node:crypto';
import { type Address, isAddress } from 'viem';
import { unitsOf } from '../scale.ts';
import { EXCHANGE_DECIMALS, textOf } from './amount.ts';
import { balanceOf } from './book.ts';
import type { Desk } from './desk.ts';
import type { Listing } from './networks.ts';
import { Refusal } from './refusal.ts';
import type { FormRequest } from './server.ts';
import { required } from './signature.ts';

/** Accepts a withdrawal and debits it at once. A client id that was used before makes another withdrawal all the same. */
export function apply({ book, listings, settings }: Desk, request: FormRequest): { readonly id: string } {
	const coin = required(request, 'coin');
	const address = required(request, 'address');
	const amountText = required(request, 'amount');
	if (!/^\d+(\.\d+)?$/.test(amountText)) throw new Refusal('missing', ['amount']);
	const listing = listingOf(listings, coin, request.parameters.get('network'));
	// The checksum of capitals is left to the client, as addresses of small letters are taken.
	if (!isAddress(address, { strict: false })) throw new Refusal('badAddress');
	const amount = checkedAmount(listing, amountText);
	const { free, locked } = balanceOf(book, coin);
	if (amount > free) throw amount > free + locked ? new Refusal('insufficientBalance') : new Refusal('stillLocked', [coin]);
	const id = randomBytes(16).toString('hex');
	book.withdrawals.push({
		...{ id, orderId: request.parameters.get('withdrawOrderId') ?? null, coin, amount, address: address as Address },
		...{ network: listing.network, venue: listing.chain.id, fee: unitsOf(listing.terms.withdrawFee, EXCHANGE_DECIMALS) },
		...{ appliedAtMs: settings.nowMs(), status: 2, nonce: null, transactionHash: null },
		...{ blockNumber: null, completedAtMs: null, info: null },
	});
	return { id };
}

/** Without a network, the coin's default. Throws the refusal of what is not listed. */
export function listingOf(listings: readonly Listing[], coin: string, network: string | undefined): Listing {
	const ofCoin = listings.filter((each) => each.coin === coin);
	if (ofCoin.length === 0) throw new Refusal('noSuchCoin');
	const found = ofCoin.find((each) => (network === undefined ? each.isDefault : each.network === network));
	if (found === undefined) throw new Refusal('closedForWithdrawal');
	return found;
}

function checkedAmount({ terms, coin }: Listing, text: string): bigint {
	if (!terms.withdrawEnable) throw new Refusal('closedForWithdrawal');
	const of = (units: string) => unitsOf(units, EXCHANGE_DECIMALS);
	const digits = text.split('.')[1]?.replace(/0+$/, '').length ?? 0;
	const step = of(terms.withdrawIntegerMultiple);
	const amount = digits > EXCHANGE_DECIMALS ? null : of(trimmed(text));
	if (amount === null || amount % step !== 0n) throw new Refusal('notAMultiple', [coin, textOf(step)]);
	if (amount < of(terms.withdrawMin)) throw new Refusal('tooLittle', [terms.withdrawMin]);
	if (amount > of(terms.withdrawMax)) throw new Refusal('tooMuch');
	if (amount <= of(terms.withdrawFee)) throw new Refusal('belowCommission');
	return amount;
}

/** Zeros at the end say nothing, and may be more than there are decimals. */
const trimmed = (text: string): string => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text);
