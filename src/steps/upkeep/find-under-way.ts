/**
 * What of our funds is under way, and what we have paid, read from the chains alone: every transaction of ours names its owner, and every
 * bridge reads its order back from what it has emitted. Nothing is written here.
 */
import { type Address, erc20Abi, type Hex, isAddressEqual, parseEventLogs } from 'viem';
import { type App, endOf } from '../../app.ts';
import type { BridgeAdapter, Places, RequestSight } from '../../bridge/bridge.ts';
import { findOwnCalls, type LookBack, lookBack } from '../../chain/own-calls.ts';
import { invoiceOfCalldata, ownerOfCalldata } from '../../chain/payload.ts';
import type { ChainConfig } from '../../config/load.ts';
import { errorText, PermanentError, TransientError } from '../../errors.ts';
import { readPurchase } from '../../everclear/purchase.ts';
import { requestKey } from '../../exchange/request-key.ts';
import type { VenueId } from '../../inventory/venue.ts';
import type { OwnCall } from '../../leg/call.ts';
import type { BridgeEnd, Evidence, HopOrder } from '../../leg/order.ts';
import type { Amount, HubAmount } from '../../money/amount.ts';
import { fromHub } from '../../money/units.ts';

/** One transfer over a bridge that has left and is not seen to have ended. */
export interface FoundLeg {
	readonly legId: string;
	readonly bridge: string;
	readonly call: OwnCall;
	readonly order: HopOrder;
	readonly evidence: Evidence;
	/** What it waits for, as the bridge says. */
	readonly note: string;
}

export interface FoundPurchase {
	readonly earmarkId: string;
	readonly call: OwnCall;
	readonly at: BridgeEnd;
	/** The invoice that was paid; null when the transaction does not name it. */
	readonly invoiceId: Hex | null;
	readonly intentId: Hex;
	readonly paid: Amount;
	readonly amountHub: HubAmount;
	/** By venue: the block before the search, from which on the hub's payment may be found. */
	readonly lookedUpTo: Readonly<Record<VenueId, string>>;
}

interface SearchedVenue extends LookBack {
	readonly venue: VenueId;
	/** Transactions of ours that have moved a configured token. */
	readonly calls: number;
	/** Of them, those that carry no tag of Ballast's. */
	readonly untagged: number;
}

export interface UnderWay {
	readonly venues: readonly SearchedVenue[];
	readonly legs: readonly FoundLeg[];
	readonly purchases: readonly FoundPurchase[];
	/** Transactions that a person has to look at, each with why. */
	readonly unclear: readonly { readonly venue: VenueId; readonly tx: Hex; readonly problem: string }[];
}

interface Search {
	/** Unix milliseconds: what was mined earlier is taken to have ended. */
	readonly sinceMs: number;
	/** Told how far the search is. */
	onProgress(venue: VenueId, block: bigint, of: bigint): void;
}

type Sight =
	| { readonly kind: 'leg'; readonly leg: FoundLeg }
	| { readonly kind: 'purchase'; readonly purchase: FoundPurchase }
	| { readonly kind: 'ended' }
	| { readonly kind: 'unclear'; readonly problem: string };

/** Throws `TransientError` when a chain cannot be searched: what is on it would be missing. */
export async function findUnderWay(app: App, search: Search): Promise<UnderWay> {
	const searched = await Promise.all([...app.config.chains.values()].map((chain) => searchChain(app, chain, search)));
	const lookedUpTo = Object.fromEntries(searched.map(({ venue }) => [venue.venue, `${venue.fromBlock > 0n ? venue.fromBlock - 1n : 0n}`]));
	const found = { legs: new Map<string, FoundLeg>(), purchases: [] as FoundPurchase[], unclear: [] as UnderWay['unclear'][number][] };
	for (const call of searched.flatMap(({ calls }) => calls)) {
		const sight = await lookAtCall(app, call);
		const { venue, transactionHash: tx } = call;
		if (sight.kind === 'unclear') found.unclear.push({ venue, tx, problem: sight.problem });
		if (sight.kind === 'purchase') found.purchases.push({ ...sight.purchase, lookedUpTo });
		if (sight.kind !== 'leg') continue;
		const { leg } = sight;
		const twin = found.legs.get(leg.legId);
		if (twin === undefined) found.legs.set(leg.legId, leg);
		else found.unclear.push({ venue, tx, problem: `leg ${leg.legId} is under way already by ${twin.call.transactionHash}` });
	}
	return { venues: searched.map(({ venue }) => venue), legs: [...found.legs.values()], purchases: found.purchases, unclear: found.unclear };
}

async function searchChain(app: App, chain: ChainConfig, { sinceMs, onProgress }: Search) {
	const { venue, chainId, finalityBlocks } = chain;
	const tokens = [...app.config.assets.values()].flatMap((asset) => asset.venues.get(venue)?.address ?? []);
	const place = { client: app.client(venue), venue, chainId, wallet: app.config.wallet, tokens };
	const range = await lookBack(place, { sinceMs, finalityBlocks });
	const all = tokens.length === 0 ? [] : await findOwnCalls(place, range, (block) => onProgress(venue, block, range.toBlock));
	const calls = all.filter(({ payload }) => ownerOfCalldata(payload.calldata) !== null);
	const counts = { calls: all.length, untagged: all.length - calls.length };
	return { calls, venue: { venue, ...range, ...counts } satisfies SearchedVenue };
}

async function lookAtCall(app: App, call: OwnCall): Promise<Sight> {
	const owner = ownerOfCalldata(call.payload.calldata) ?? '';
	const { target } = call.payload;
	try {
		if (same(app.config.everclear.spokes.get(call.venue), target)) return { kind: 'purchase', purchase: purchaseOf(app, call, owner) };
		for (const [bridge, adapter] of app.bridges) {
			if (!isOf(adapter, call)) continue;
			return await lookAtTransfer(app, { adapter, bridge, call, legId: owner });
		}
		return { kind: 'unclear', problem: `it calls ${target}, which no bridge of the configuration uses` };
	} catch (error) {
		return { kind: 'unclear', problem: errorText(error) };
	}
}

/** Whether it calls a contract of the bridge, or transfers to our account there. */
function isOf({ contracts, deposits = () => [] }: BridgeAdapter, { venue, payload, token, logs }: OwnCall): boolean {
	if (contracts(venue).some((contract) => same(contract, payload.target))) return true;
	if (!same(token, payload.target)) return false;
	const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: [...logs] });
	return transfers.some(({ args }) => deposits(venue).some((account) => same(account, args.to)));
}

function purchaseOf(app: App, call: OwnCall, earmarkId: string): FoundPurchase {
	const { intentId, amount: amountHub } = readPurchase(call.logs, call.payload.target);
	const at = placesOf(app).byToken(call.venue, call.token);
	const paid = fromHub(amountHub, at.decimals, 'down');
	return { earmarkId, call, at, invoiceId: invoiceOfCalldata(call.payload.calldata), intentId, paid, amountHub, lookedUpTo: {} };
}

interface Transfer {
	readonly adapter: BridgeAdapter;
	readonly bridge: string;
	readonly call: OwnCall;
	readonly legId: string;
}

async function lookAtTransfer(app: App, { adapter, bridge, call, legId }: Transfer): Promise<Sight> {
	const order = adapter.recover(call, placesOf(app));
	if (order === null) return { kind: 'ended' };
	const evidence = adapter.evidence(order, { ...call, minedAtMs: call.minedAt * 1_000 });
	const note = await waitsFor(adapter, order, evidence);
	return note === null ? { kind: 'ended' } : { kind: 'leg', leg: { legId, bridge, call, order, evidence, note } };
}

/** What the transfer waits for; null when it has ended. What cannot be asked is taken to be under way: whoever follows it will see. */
async function waitsFor(adapter: BridgeAdapter, order: HopOrder, evidence: Evidence): Promise<string | null> {
	try {
		const proof = await adapter.prove(order, evidence);
		if (proof.state === 'pending') return proof.note;
		if (proof.state === 'returned' || !adapter.claims) return null;
		const asked = await lookAtRequests(adapter, order, proof.evidence);
		if (asked !== null) return asked.state === 'done' ? null : 'asked for';
		const claim = await adapter.claim(order, proof.evidence);
		return claim.state === 'arrived' ? null : 'to be claimed';
	} catch (error) {
		if (!(error instanceof TransientError)) throw error;
		return `not known: ${errorText(error)}`;
	}
}

/** The last request that was made for the transfer; null when there was none. One that came to nothing is followed by the next. */
async function lookAtRequests({ requests }: BridgeAdapter, order: HopOrder, proof: Evidence): Promise<RequestSight | null> {
	if (requests === undefined) return null;
	for (let ended = 0; ; ended += 1) {
		const sight = await requests.look(order, proof, { key: requestKey(requests.subject(proof), ended), body: {}, untilMs: null });
		if (sight.state === 'absent') return null;
		if (sight.state !== 'rejected') return sight;
	}
}

function placesOf(app: App): Places {
	return {
		byAsset: (venue, asset) => endOf(app, asset, venue),
		byToken: (venue, token) => {
			const asset = [...app.config.assets.values()].find((each) => same(each.venues.get(venue)?.address, token));
			if (asset === undefined) throw new PermanentError(`token ${token} at venue ${venue} is not configured`, { venue });
			return endOf(app, asset.symbol, venue);
		},
	};
}

function same(one: Address | undefined, other: Address): boolean {
	return one !== undefined && isAddressEqual(one, other);
}
