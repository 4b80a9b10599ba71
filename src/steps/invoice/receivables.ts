/**
 * Follows our own purchases until the hub's payment was seen on a chain; what is owed to us is never available before it is there.
 * The chains decide, not the hub's word: looking costs one query per chain and cycle, however many purchases there are.
 */
import type { Hex } from 'viem';
import { type App, endOf } from '../../app.ts';
import type { ChainConfig } from '../../config/load.ts';
import { errorText } from '../../errors.ts';
import { findSettlements, readPayment } from '../../everclear/settlement.ts';
import type { VenueId } from '../../inventory/venue.ts';
import { HUB_DECIMALS } from '../../money/amount.ts';
import { formatAmount } from '../../money/units.ts';
import {
	type HubPayment,
	openReceivables,
	type Receivable,
	saveHubStatus,
	saveLookedUpTo,
	settleReceivable,
} from '../../store/receivables.ts';

/** Per cycle; the next one begins with those that were looked for longest ago. */
const BATCH = 200;
/** Nodes refuse log queries over long ranges. */
const CHUNK_BLOCKS = 2_000n;
/** Per venue and cycle, so that a chain that was away for long does not hold up the poll. */
const MAX_CHUNKS = 10;
/** The hub may pay before our purchase is final and its starting blocks are noted: the first search begins so much earlier. */
const OVERTAKEN_BLOCKS = 5n * CHUNK_BLOCKS;

interface Search {
	readonly chain: ChainConfig;
	/** Who is paid at this venue, if at all. */
	readonly wanted: readonly Receivable[];
	/** By intent: the block up to which it was searched. */
	readonly upTo: Map<Hex, bigint>;
	readonly payments: { readonly receivable: Receivable; readonly payment: HubPayment }[];
}

/**
 * One look at a bounded number of purchases that are owed. A chain that does not answer is logged, and its search resumes where it ended.
 * Throws `TransientError` when the invoice API does not answer; what the chains have said is stored by then.
 */
export async function followReceivables(app: App): Promise<void> {
	const open = await openReceivables(app.db, BATCH);
	if (open.length === 0) return;
	const searches = await Promise.all([...app.config.chains.values()].map((chain) => searchChain(app, chain, open)));
	const paid = new Set<Hex>();
	for (const { receivable, payment } of searches.flatMap((search) => search.payments)) {
		paid.add(receivable.intentId);
		await settle(app, receivable, payment);
	}
	const owed = open.filter((each) => !paid.has(each.intentId));
	// Only now: a payment that could not be stored has to be found again.
	for (const { intentId } of owed) {
		await saveLookedUpTo(app.db, { intentId, upTo: new Map(searches.flatMap((search) => blockOf(search, intentId))) });
	}
	await askHub(app, owed);
}

function blockOf({ chain, upTo }: Search, intentId: Hex): [VenueId, bigint][] {
	const block = upTo.get(intentId);
	return block === undefined ? [] : [[chain.venue, block]];
}

async function searchChain(app: App, chain: ChainConfig, open: readonly Receivable[]): Promise<Search> {
	const { venue } = chain;
	const wanted = open.filter(({ asset }) => app.config.assets.get(asset)?.venues.has(venue) === true);
	const search: Search = { chain, wanted, upTo: new Map(), payments: [] };
	for (const { intentId, lookedUpTo, isNew } of wanted) {
		const noted = lookedUpTo.get(venue);
		if (noted !== undefined) search.upTo.set(intentId, isNew ? before(noted, OVERTAKEN_BLOCKS) : noted);
	}
	try {
		if (wanted.length > 0) await advance(app, search);
	} catch (error) {
		app.log.warn({ venue, error: errorText(error) }, 'payments of the hub not looked for');
	}
	return search;
}

/** Searches final blocks only, so that no reorganisation takes back what was found. Chunk by chunk: a failure keeps what is behind it. */
async function advance(app: App, search: Search): Promise<void> {
	const { chain, wanted, upTo } = search;
	const final = before(await app.client(chain.venue).getBlockNumber(), BigInt(chain.finalityBlocks));
	for (const { intentId } of wanted) if (!upTo.has(intentId)) upTo.set(intentId, before(final, CHUNK_BLOCKS));
	for (let chunk = 0; chunk < MAX_CHUNKS; chunk += 1) {
		const lowest = [...upTo.values()].reduce((least, each) => (each < least ? each : least), final);
		if (lowest === final) return;
		const toBlock = lowest + CHUNK_BLOCKS < final ? lowest + CHUNK_BLOCKS : final;
		const behind = wanted.filter(({ intentId }) => (upTo.get(intentId) ?? final) < toBlock);
		await searchRange(app, search, { behind, fromBlock: lowest + 1n, toBlock });
		for (const { intentId } of behind) upTo.set(intentId, toBlock);
	}
}

interface Range {
	readonly behind: readonly Receivable[];
	readonly fromBlock: bigint;
	readonly toBlock: bigint;
}

async function searchRange(app: App, { chain: { venue }, payments }: Search, { behind, ...blocks }: Range): Promise<void> {
	const client = app.client(venue);
	const intents = new Map(behind.map((each) => [each.intentId, each]));
	for (const { intentId, tx } of await findSettlements(client, { intentIds: [...intents.keys()], ...blocks })) {
		const receivable = intents.get(intentId);
		if (receivable === undefined) continue;
		const { logs, blockNumber } = await client.getTransactionReceipt({ hash: tx });
		const { token, decimals } = endOf(app, receivable.asset, venue);
		const paid = readPayment(logs, { intentId, owed: receivable.amountHub, wallet: app.config.wallet, token, decimals });
		const origin = endOf(app, receivable.asset, receivable.origin).decimals;
		if (paid !== null)
			payments.push({ receivable, payment: { venue, amount: paid, tx, blockNumber, decimals: { origin, paid: decimals } } });
		else app.log.warn({ venue, earmark: receivable.earmarkId, intent: intentId, tx }, 'a settlement of our purchase has not paid us');
	}
}

async function settle(app: App, receivable: Receivable, payment: HubPayment): Promise<void> {
	if (!(await settleReceivable(app.db, receivable, payment))) return;
	const { earmarkId: earmark, intentId: intent, asset } = receivable;
	const { venue, tx } = payment;
	const amount = formatAmount(payment.amount, endOf(app, asset, venue).decimals);
	app.log.info({ earmark, intent, venue, amount, tx }, 'receivable settled');
}

/** The hub's word settles nothing: it says whether a purchase has arrived second, and is kept for whoever asks what became of it. */
async function askHub(app: App, owed: readonly Receivable[]): Promise<void> {
	const statuses = await app.everclear.intentStatuses(owed.map((each) => each.intentId));
	for (const receivable of owed) {
		const hubStatus = statuses.get(receivable.intentId);
		if (hubStatus === undefined || hubStatus === receivable.hubStatus) continue;
		const status = hubStatus === 'INVOICED' ? 'invoiced' : receivable.status;
		if (!(await saveHubStatus(app.db, { receivable, hubStatus, status }))) continue;
		const { earmarkId: earmark, intentId: intent, origin: venue } = receivable;
		if (status === receivable.status) app.log.info({ earmark, intent, hubStatus }, `receivable ${status}`);
		else {
			const amount = formatAmount(receivable.amountHub, HUB_DECIMALS);
			app.log.warn({ earmark, intent, venue, amount }, 'our purchase arrived second and is an invoice now');
		}
	}
}

function before(block: bigint, blocks: bigint): bigint {
	return block > blocks ? block - blocks : 0n;
}
