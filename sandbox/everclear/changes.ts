/** What can happen to an invoice while somebody works on it. All of it is undone when the hub forgets. */
import { encodeFunctionData, type Hex } from 'viem';
import { usdcAbi } from '../chains/abi.ts';
import { RIVAL } from '../chains/accounts.ts';
import { type LocalChain, mintUsdc } from '../chains/chain.ts';
import type { Chains, Invoice } from '../invoices/invoice.ts';
import { HUB_DECIMALS, scaleUp, unitsOf } from '../scale.ts';
import { type Hidden, newIntent } from './api.ts';
import { type Hub, headFirst } from './hub.ts';
import { discountOf, isCovered, minAmount } from './min-amounts.ts';

/** What a deposit brings at least, in token units. */
const LEAST_DEPOSIT = '1';

/** Invoices are named by their intent id; every method throws when the hub has no such open invoice. */
export interface InvoiceChanges {
	/** The hub asks for this amount from now on, in 18 decimals; what that is more than before lies in the spoke of the invoice's origin. */
	changeAmount(invoiceId: string, amount: bigint): Promise<void>;
	/** The discount from now on, in basis points: on the real hub it grows while an invoice waits. */
	changeDiscount(invoiceId: string, discountBps: number): void;
	/**
	 * Somebody else buys it: a real deposit by an account of their own on the destination where the least is needed, of as much as it
	 * takes there, older invoices that the hub serves first included. The hub settles it when it has seen it.
	 */
	fillExternally(invoiceId: string): Promise<void>;
	/** The domain is none of its destinations any more, be it the last. */
	closeDestination(invoiceId: string, domain: string): void;
	/** Listed as a destination all the same, while no amount is given for it. */
	hideMinAmount(invoiceId: string, domain: string, hidden: boolean): void;
	/** Absent from the pages of the listing, and still there when asked for by its id. */
	hideFromListing(invoiceId: string, hidden: boolean): void;
}

interface Surroundings {
	readonly chains: Chains;
	readonly hub: Hub;
	readonly hidden: Hidden;
	/** Puts tokens into the spoke of a domain, in 18 decimals. */
	fundSpoke(domain: string, amount: bigint): Promise<void>;
}

export function createChanges({ chains, hub, hidden, fundSpoke }: Surroundings): InvoiceChanges {
	const open = (invoiceId: string): Invoice => {
		const found = hub.invoices.get(invoiceId.toLowerCase());
		if (found === undefined) throw new Error(`the hub has no open invoice ${invoiceId}`);
		return found;
	};
	// What is enqueued under a known id takes its place.
	const change = (invoice: Invoice, changes: Partial<Invoice>) => hub.enqueue({ ...invoice, ...changes });
	const toggle = (set: Set<string>, key: string, isIn: boolean) => void (isIn ? set.add(key) : set.delete(key));
	return {
		async changeAmount(invoiceId, amount) {
			const more = amount - BigInt(open(invoiceId).amount);
			if (more > 0n) await fundSpoke(open(invoiceId).origin, more);
			change(open(invoiceId), { amount: `${amount}` });
		},
		changeDiscount: (invoiceId, discountBps) => change(open(invoiceId), { discountBps }),
		async fillExternally(invoiceId) {
			const { chain, amount } = cheapestFill({ chains, hub }, open(invoiceId));
			await deposit(chains, chain, scaleUp(amount, HUB_DECIMALS, chain.decimals));
		},
		closeDestination(invoiceId, domain) {
			const invoice = open(invoiceId);
			change(invoice, { destinations: invoice.destinations.filter((each) => each !== domain) });
		},
		hideMinAmount: (invoiceId, domain, isHidden) => toggle(hidden.minAmounts, `${open(invoiceId).intent_id} ${domain}`, isHidden),
		hideFromListing: (invoiceId, isHidden) => toggle(hidden.rows, open(invoiceId).intent_id, isHidden),
	};
}

/** Throws when none of its destinations is a chain that is here. */
function cheapestFill({ chains, hub }: Pick<Surroundings, 'chains' | 'hub'>, invoice: Invoice): { chain: LocalChain; amount: bigint } {
	const [cheapest] = invoice.destinations
		.flatMap((domain) => chains.get(domain) ?? [])
		.map((chain) => ({ chain, amount: depositFor(hub, invoice, chain.id) }))
		.sort((a, b) => (a.amount < b.amount ? -1 : a.amount > b.amount ? 1 : 0));
	if (cheapest === undefined) throw new Error(`invoice ${invoice.intent_id} has no destination where it could be filled`);
	return cheapest;
}

/** The deposit on the domain that settles the invoice, after the older ones that the hub would serve from it first; 18 decimals. */
function depositFor(hub: Hub, invoice: Invoice, domain: string): bigint {
	const queue = headFirst(hub.invoices).filter((each) => each.destinations.includes(domain) && each.ticker_hash === invoice.ticker_hash);
	let amount = unitsOf(LEAST_DEPOSIT, HUB_DECIMALS);
	// Each round, what is short pays for at least one older invoice more.
	for (let round = 0; round <= queue.length; round += 1) {
		const short = shortAfter(hub, queue.slice(0, queue.indexOf(invoice) + 1), { domain, amount });
		if (short === 0n) return amount;
		amount += short;
	}
	throw new Error(`no deposit on ${domain} settles invoice ${invoice.intent_id}`);
}

/** What the last of these invoices lacks after the hub has visited them head first with this new deposit. */
function shortAfter(hub: Hub, queue: readonly Invoice[], { domain, amount }: { domain: string; amount: bigint }): bigint {
	let taken = 0n;
	let used = 0n;
	let short = 0n;
	for (const invoice of queue) {
		const now = hub.position(invoice, domain);
		const position = { ...now, custodied: now.custodied + amount - taken, deposits: now.deposits + amount - used };
		short = minAmount(position);
		if (!isCovered(position)) continue;
		taken += position.invoiceAmount - discountOf(position);
		used += position.deposits < position.invoiceAmount ? position.deposits : position.invoiceAmount;
	}
	return short;
}

/** By the rival, who is settled wherever the hub likes. */
async function deposit(chains: Chains, chain: LocalChain, units: bigint): Promise<void> {
	const { client, usdc, spoke } = chain;
	await mintUsdc(chain, RIVAL.address, units);
	const approval = encodeFunctionData({ abi: usdcAbi, functionName: 'approve', args: [spoke, units] });
	await client.execute({ from: RIVAL.address, to: usdc, data: approval });
	const destinations = [...chains.keys()].filter((each) => each !== chain.id);
	const terms = { origin: chain.id, destinations, to: RIVAL.address, inputAsset: usdc, amount: `${units}`, callData: '0x', maxFee: '0' };
	const { to, data } = newIntent(terms, chains);
	await client.execute({ from: RIVAL.address, to, data: data satisfies Hex });
}
