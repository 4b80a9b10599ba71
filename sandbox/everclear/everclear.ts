/** The hub at work: it watches the spokes for deposits, settles what they cover by real transactions, and keeps the book. */
import { encodeFunctionData, getAbiItem, type Hash, type Hex, slice } from 'viem';
import { spokeAbi } from '../chains/abi.ts';
import { HUB_OPERATOR } from '../chains/accounts.ts';
import { type LocalChain, mintUsdc } from '../chains/chain.ts';
import { createLogScan } from '../chains/log-scan.ts';
import { type ApiFace, startApi } from '../http/api-server.ts';
import { type Chains, type Invoice, invoiceSchema } from '../invoices/invoice.ts';
import { type Poller, startPoller } from '../poller.ts';
import { HUB_DECIMALS, scaleUp } from '../scale.ts';
import { everclearApi, type Hidden } from './api.ts';
import { createChanges, type InvoiceChanges } from './changes.ts';
import { createHub, type Deposit, type Hub, type Payment } from './hub.ts';

const LOOK_EVERY_MS = 150;
const SETTLE_DELAY_MS = 200;
const INTENT_ADDED = getAbiItem({ abi: spokeAbi, name: 'IntentAdded' });

/** An invoice that the hub has settled, and the deposit that made it possible. Amounts have 18 decimals. */
interface BookEntry {
	readonly invoiceId: Hex;
	readonly intentId: Hex;
	readonly domain: string;
	/** What the owner was paid. */
	readonly amount: bigint;
	/** What the buyers earn. */
	readonly rewarded: bigint;
	readonly tx: Hash;
}

/** What a buyer was paid for a deposit, reward included. */
interface Payout {
	readonly intentId: Hex;
	readonly domain: string;
	/** 18 decimals. */
	readonly amount: bigint;
	readonly tx: Hash;
}

export interface Everclear extends ApiFace, InvoiceChanges {
	readonly hub: Hub;
	/** From seeing a deposit to counting it, and from then to paying its buyer. */
	settleDelayMs: number;
	/** Stands still, for tests that want the hub to be late. */
	readonly poller: Poller;
	/** Settled invoices in order of their payment: what oracles compare with. */
	book(): readonly BookEntry[];
	payouts(): readonly Payout[];
	/** Lists the invoice and puts its own deposit, in real tokens, into the spoke of its origin. Throws on a row that is not well-formed. */
	addInvoice(invoice: Invoice): Promise<void>;
	/** Lists anything, such as a malformed row. */
	addStrayRow(row: unknown): void;
	/** Gives the hub funds of its own on a domain, in 18 decimals; they lower the minimum amounts there. */
	addCustody(domain: string, amount: bigint): Promise<void>;
	/** The chains were taken back: empties the book and undoes every setting. */
	forget(): Promise<void>;
	stop(): Promise<void>;
}

export async function startEverclear(chains: Chains): Promise<Everclear> {
	const hub = createHub();
	const strayRows: unknown[] = [];
	const mined: MinedPayment[] = [];
	const unpaid: Payment[] = [];
	const hidden: Hidden = { rows: new Set(), minAmounts: new Set() };
	const api = await startApi(everclearApi({ hub, chains, strayRows, hidden }));
	const scans = [...chains.values()].map((chain) => ({ chain, scan: createLogScan(chain, chain.spoke, INTENT_ADDED) }));
	const look = async () => {
		for (const { chain, scan } of scans) for (const log of await scan.next()) hub.add(depositOf(chain, log));
		unpaid.push(...advance(hub, everclear.settleDelayMs));
		await payAll({ chains, hub, unpaid, mined });
	};
	const stopApi = api.stop;
	const everclear: Everclear = Object.assign(api, {
		...createChanges({ chains, hub, hidden, fundSpoke: (domain, amount) => fundSpoke(chains, domain, amount) }),
		hub,
		settleDelayMs: SETTLE_DELAY_MS,
		poller: startPoller(LOOK_EVERY_MS, look),
		book: () => mined.filter((each) => each.kind === 'invoice').map(bookEntry),
		payouts: () => mined.filter((each) => each.kind === 'deposit'),
		async addInvoice(invoice) {
			const checked = invoiceSchema.parse(invoice);
			await fundSpoke(chains, checked.origin, BigInt(checked.amount));
			hub.enqueue(checked);
		},
		addStrayRow: (row) => void strayRows.push(row),
		async addCustody(domain, amount) {
			await fundSpoke(chains, domain, amount);
			hub.addCustody(domain, amount);
		},
		async forget() {
			hub.clear();
			for (const each of [strayRows, mined, unpaid]) each.length = 0;
			for (const each of [hidden.rows, hidden.minAmounts]) each.clear();
			api.counts.clear();
			api.fault = () => undefined;
			everclear.settleDelayMs = SETTLE_DELAY_MS;
			await Promise.all(scans.map(({ scan }) => scan.rewind()));
		},
		stop: async () => void (await Promise.all([everclear.poller.stop(), stopApi()])),
	} satisfies Omit<Everclear, keyof ApiFace>);
	return everclear;
}

interface MinedPayment extends Payment {
	readonly tx: Hash;
}

function bookEntry({ intentId, depositId, domain, amount, rewarded, tx }: MinedPayment): BookEntry {
	return { invoiceId: intentId, intentId: depositId, domain, amount, rewarded, tx };
}

interface Payments {
	readonly chains: Chains;
	readonly hub: Hub;
	readonly unpaid: Payment[];
	readonly mined: MinedPayment[];
}

/** What cannot be paid now stays unpaid and is tried at the next look. */
async function payAll({ chains, hub, unpaid, mined }: Payments): Promise<void> {
	const results = await Promise.allSettled(
		unpaid.splice(0).map(async (payment) => {
			try {
				mined.push({ ...payment, tx: await pay(chains, payment) });
				hub.paid(payment.intentId);
			} catch (error) {
				unpaid.push(payment);
				throw error;
			}
		}),
	);
	const failed = results.find((each) => each.status === 'rejected');
	if (failed !== undefined) throw failed.reason;
}

/** An invoice may come from a chain that is not here; its own deposit is then out of reach, and buyers are paid elsewhere. */
async function fundSpoke(chains: Chains, domain: string, amount: bigint): Promise<void> {
	const chain = chains.get(domain);
	if (chain !== undefined) await mintUsdc(chain, chain.spoke, scaleUp(amount, HUB_DECIMALS, chain.decimals));
}

type IntentLog = Awaited<ReturnType<ReturnType<typeof createLogScan<typeof INTENT_ADDED>>['next']>>[number];

function depositOf(chain: LocalChain, { args: { _intentId, _intent }, transactionHash }: IntentLog): Deposit {
	return {
		id: _intentId,
		origin: chain.id,
		destinations: _intent.destinations.map(String),
		receiver: slice(_intent.receiver, -20),
		amount: _intent.amount,
		tx: transactionHash,
		seenAtMs: Date.now(),
		status: 'ADDED',
		remaining: _intent.amount,
		reward: 0n,
		isPaid: false,
		paidFor: [],
	};
}

/** Takes every deposit that is old enough one step further. Returns what has to be paid. */
function advance(hub: Hub, delayMs: number): Payment[] {
	const isDue = (deposit: Deposit, steps: number) => Date.now() >= deposit.seenAtMs + steps * delayMs;
	const deposits = [...hub.deposits.values()];
	const owners = deposits.filter((each) => each.status === 'ADDED' && isDue(each, 1)).flatMap((each) => hub.process(each));
	const buyers = deposits.filter((each) => each.status === 'DEPOSIT_PROCESSED' && !each.isPaid && isDue(each, 2));
	return [...owners, ...buyers.flatMap((each) => hub.settlementOf(each) ?? [])];
}

/** Returns the hash of the mined settlement. */
async function pay(chains: Chains, { intentId, receiver, domain, amount }: Payment): Promise<Hash> {
	const chain = chains.get(domain);
	if (chain === undefined) throw new Error(`there is no chain for domain ${domain}`);
	const data = encodeFunctionData({ abi: spokeAbi, functionName: 'settle', args: [intentId, receiver, chain.usdc, amount] });
	const { transactionHash } = await chain.client.execute({ from: HUB_OPERATOR.address, to: chain.spoke, data });
	return transactionHash;
}
