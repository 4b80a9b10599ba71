/**
 * The hub's book, on no chain of its own: open invoices, deposits that buy them, and what is custodied per domain.
 *
 * Kept: invoices are visited head first and skipped when they cannot be covered; a deposit adds to the custody of its domain, and what
 * one invoice leaves over serves the next; owners get their amount less the discount, buyers their deposit plus the discount; a deposit
 * that covers nothing becomes an invoice itself. Not kept: epochs (deposits count at once), fees, other tickers than USDC.
 *
 * What an invoice's own deposit brought is set aside until the invoice is settled; it then pays the buyers.
 */
import type { Address, Hash, Hex } from 'viem';
import { type Invoice, ownerAddress, USDC_TICKER } from '../invoices/invoice.ts';
import { createCustody, ROUNDING } from './custody.ts';
import { amountAfterDiscount, discountOf, isCovered, minAmount, type Position } from './min-amounts.ts';

type IntentStatus = 'NONE' | 'ADDED' | 'DEPOSIT_PROCESSED' | 'INVOICED' | 'SETTLED';

/** A deposit that somebody made through `newIntent`. Amounts have 18 decimals. */
export interface Deposit {
	readonly id: Hex;
	readonly origin: string;
	readonly destinations: readonly string[];
	readonly receiver: Address;
	readonly amount: bigint;
	readonly tx: Hash;
	readonly seenAtMs: number;
	status: IntentStatus;
	/** What no invoice has used yet. */
	remaining: bigint;
	reward: bigint;
	/** Its buyer's settlement is on its way, or mined. */
	isPaid: boolean;
	/** Where the invoices came from that it has paid for: settled there first, because their own deposits lie there. */
	readonly paidFor: string[];
}

/** A settlement that the spoke of `domain` has to pay out. */
export interface Payment {
	readonly intentId: Hex;
	readonly receiver: Address;
	readonly domain: string;
	/** 18 decimals. */
	readonly amount: bigint;
	/** The deposit that brought it about; for a buyer, their own. */
	readonly depositId: Hex;
	/** What the buyers earn from it; 0 for the payment of a buyer. */
	readonly rewarded: bigint;
	readonly kind: 'invoice' | 'deposit';
}

export interface Hub {
	readonly invoices: ReadonlyMap<string, Invoice>;
	readonly deposits: ReadonlyMap<string, Deposit>;
	enqueue(invoice: Invoice): void;
	/** A deposit seen before is ignored. */
	add(deposit: Deposit): void;
	/** Lets the deposit settle what it can. Returns what has to be paid to owners. */
	process(deposit: Deposit): Payment[];
	/** What has to be paid to the buyer, or null as long as no destination has enough. */
	settlementOf(deposit: Deposit): Payment | null;
	position(invoice: Invoice, domain: string): Position;
	custodied(domain: string): bigint;
	/** Funds that the hub simply has. */
	addCustody(domain: string, amount: bigint): void;
	statusOf(intentId: string): IntentStatus;
	/** The settlement is mined: whose deposit it was, as a buyer or as the owner of the invoice that it had become, is settled. */
	paid(intentId: string): void;
	clear(): void;
}

/** What the hub keeps. */
interface Books {
	readonly invoices: Map<string, Invoice>;
	readonly deposits: Map<string, Deposit>;
	readonly settled: Set<string>;
	readonly custody: ReturnType<typeof createCustody>;
}

export function createHub(): Hub {
	const books: Books = { invoices: new Map(), deposits: new Map(), settled: new Set(), custody: createCustody() };
	const { invoices, deposits, settled, custody } = books;
	return {
		invoices,
		deposits,
		enqueue: (invoice) => void invoices.set(invoice.intent_id, invoice),
		add(deposit) {
			if (!deposits.has(deposit.id)) deposits.set(deposit.id, deposit);
		},
		process: (deposit) => processIn(books, deposit),
		settlementOf: (deposit) => settlementIn(books, deposit),
		position: (invoice, domain) => positionIn(books, invoice, domain),
		custodied: custody.free,
		addCustody: custody.add,
		statusOf(intentId) {
			const unknown = invoices.has(intentId) ? 'INVOICED' : 'NONE';
			return deposits.get(intentId)?.status ?? (settled.has(intentId) ? 'SETTLED' : unknown);
		},
		paid(intentId) {
			const deposit = deposits.get(intentId);
			if (deposit !== undefined) deposit.status = 'SETTLED';
		},
		clear() {
			for (const each of [invoices, deposits, settled]) each.clear();
			custody.clear();
		},
	};
}

function positionIn({ deposits, custody }: Books, { amount, discountBps }: Invoice, domain: string): Position {
	return {
		invoiceAmount: BigInt(amount),
		discountBps,
		custodied: custody.free(domain),
		deposits: unusedAt(deposits, domain).reduce((sum, each) => sum + each.remaining, 0n),
	};
}

function processIn(books: Books, deposit: Deposit): Payment[] {
	const { invoices, custody } = books;
	const { id, origin, amount } = deposit;
	deposit.status = 'DEPOSIT_PROCESSED';
	custody.add(origin, amount);
	const payments = headFirst(invoices)
		.filter((invoice) => invoice.ticker_hash === USDC_TICKER && invoice.destinations.includes(origin))
		.flatMap((invoice) => (isCovered(positionIn(books, invoice, origin)) ? [settleIn(books, invoice, deposit)] : []));
	if (deposit.remaining === 0n && custody.free(origin) < ROUNDING) custody.add(origin, -custody.free(origin));
	if (deposit.remaining === amount) {
		deposit.status = 'INVOICED';
		custody.add(origin, -amount);
		invoices.set(id, asInvoice(deposit));
	}
	return payments;
}

/** Pays the invoice out of the domain's custody; the buyers share the discount by what they brought. */
function settleIn(books: Books, invoice: Invoice, { id, origin: domain }: Deposit): Payment {
	const { invoices, deposits, settled, custody } = books;
	const at = positionIn(books, invoice, domain);
	const rewarded = discountOf(at);
	const used = at.deposits < at.invoiceAmount ? at.deposits : at.invoiceAmount;
	share(unusedAt(deposits, domain), { used, rewarded, paidFor: invoice.origin });
	custody.add(domain, rewarded - at.invoiceAmount);
	custody.owe(invoice.origin, at.invoiceAmount);
	invoices.delete(invoice.intent_id);
	settled.add(invoice.intent_id);
	const payee = { intentId: invoice.intent_id, receiver: ownerAddress(invoice.owner) };
	return { ...payee, domain, amount: at.invoiceAmount - rewarded, depositId: id, rewarded, kind: 'invoice' };
}

/** What a deposit is paid with its reward, where it was used or wants it, and there is as much; null when there is not. */
function settlementIn({ deposits, custody }: Books, deposit: Deposit): Payment | null {
	const { id, receiver } = deposit;
	const amount = deposit.amount + deposit.reward;
	const wanted = [...deposit.paidFor, ...deposit.destinations];
	const domain = wanted.find((each) => deposit.destinations.includes(each) && custody.takeOut(each, amount));
	if (domain === undefined) return null;
	deposit.remaining = 0n;
	deposit.isPaid = true;
	if (processed(deposits).every((each) => each.isPaid)) custody.release();
	return { intentId: id, receiver, domain, amount, depositId: id, rewarded: 0n, kind: 'deposit' };
}

const unusedAt = (deposits: ReadonlyMap<string, Deposit>, domain: string) =>
	processed(deposits).filter((each) => each.origin === domain && each.remaining > 0n);

const processed = (deposits: ReadonlyMap<string, Deposit>) => [...deposits.values()].filter((each) => each.status === 'DEPOSIT_PROCESSED');

/** Oldest first, as the hub keeps them; of the same second, in order of arrival. */
export function headFirst(invoices: ReadonlyMap<string, Invoice>): Invoice[] {
	return [...invoices.values()].sort((a, b) => a.hub_invoice_enqueued_timestamp - b.hub_invoice_enqueued_timestamp);
}

/** What the API says of an invoice on one of its domains. */
export function termsAt(position: Position): { readonly minAmount: bigint; readonly amountAfterDiscount: bigint } {
	return { minAmount: minAmount(position), amountAfterDiscount: amountAfterDiscount(position) };
}

interface Share {
	readonly used: bigint;
	readonly rewarded: bigint;
	readonly paidFor: string;
}

/** First come, first used; the last one gets what rounding has left of the reward. */
function share(buyers: readonly Deposit[], { used, rewarded, paidFor }: Share): void {
	let left = used;
	let unrewarded = rewarded;
	for (const buyer of buyers) {
		const taken = buyer.remaining < left ? buyer.remaining : left;
		if (taken === 0n) return;
		left -= taken;
		const reward = left === 0n ? unrewarded : (rewarded * taken) / used;
		unrewarded -= reward;
		buyer.remaining -= taken;
		buyer.reward += reward;
		buyer.paidFor.push(paidFor);
	}
}

function asInvoice({ id, receiver, amount, origin, destinations }: Deposit): Invoice {
	return {
		intent_id: id,
		owner: receiver,
		entry_epoch: 1,
		amount: `${amount}`,
		discountBps: 0,
		origin,
		destinations: [...destinations],
		hub_status: 'INVOICED',
		ticker_hash: USDC_TICKER,
		hub_invoice_enqueued_timestamp: Math.floor(Date.now() / 1_000),
	};
}
