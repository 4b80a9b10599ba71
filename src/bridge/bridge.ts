/**
 * The contract of every bridge. An adapter is asked, it never acts: it returns unsigned calls and what it has seen.
 * It never sees a key, a table, or another bridge. Amounts are base units of the asset at the venue they are named for.
 * "Origin" is where funds leave, "destination" is where they arrive.
 */
import type { Address, PublicClient } from 'viem';
import type { z } from 'zod';
import type { Spend } from '../earmark/spend.ts';
import type { ExchangeReads, ExchangeSettings, WithdrawalBody } from '../exchange/exchange.ts';
import type { OpenBudget } from '../http.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { MinedCall, SentCall, UnsignedCall } from '../leg/call.ts';
import type { KeyedRequest } from '../leg/effect.ts';
import type { BridgeEnd, Delivery, Evidence, HopOrder } from '../leg/order.ts';
import type { Amount } from '../money/amount.ts';

export interface QuoteRequest {
	readonly origin: BridgeEnd;
	readonly destination: BridgeEnd;
	/** Base units at the origin that would be sent. */
	readonly send: Amount;
	readonly recipient: Address;
}

/** What the bridge promises for `send`; `fixedFee` and `feeBps` let a planner price other amounts near it. */
export interface Quote {
	readonly send: Amount;
	/** Base units at the destination. */
	readonly receive: Amount;
	/** The same without the room that the promise leaves below what the bridge offers now; left out where it leaves none. */
	readonly offered?: Amount;
	/** Base units at the origin. */
	readonly fixedFee: Amount;
	/** Proportional fee in basis points, as exact decimal text, rounded up. */
	readonly feeBps: string;
	/** Base units at the origin: the smallest and largest `send` that the bridge takes now. */
	readonly minimum: Amount;
	readonly maximum: Amount;
	/** Base units at the origin: only whole multiples of it are taken. */
	readonly step: Amount;
	readonly seconds: number;
	/** Unix milliseconds. */
	readonly validUntilMs: number;
}

/** What is configured of the places that a transfer goes between; both throw `PermanentError` for what is not. */
export interface Places {
	byToken(venue: VenueId, token: Address): BridgeEnd;
	byAsset(venue: VenueId, asset: string): BridgeEnd;
}

/** One look at the outside world. `pending` is never failure; a failed look throws `TransientError`. */
export type Proof =
	| { readonly state: 'pending'; readonly lookAgainMs: number; readonly note: string }
	| { readonly state: 'proven'; readonly evidence: Evidence }
	| { readonly state: 'returned'; readonly evidence: Evidence };

/** What is to be done about a proof now. None of them is failure. */
export type Claim =
	/** This call makes the funds arrive. */
	| { readonly state: 'call'; readonly call: UnsignedCall }
	/** This request makes the funds arrive; the same one as long as nothing has changed. */
	| { readonly state: 'request'; readonly request: WithdrawalBody }
	/** They have arrived: by themselves, or because somebody else has claimed them for us. */
	| { readonly state: 'arrived' }
	/** The proof is not accepted any more, or not yet anew: the next `prove` brings another one. */
	| { readonly state: 'stale'; readonly note: string }
	/** The destination takes no claims now. */
	| { readonly state: 'waiting'; readonly lookAgainMs: number; readonly note: string };

/** What a service knows of a request. A failed look throws `TransientError`. */
export type RequestSight =
	/** It has not taken it, and takes none of the calls that were made any more: it may be asked, or asked again. */
	| { readonly state: 'absent' }
	| { readonly state: 'pending'; readonly lookAgainMs: number; readonly note: string }
	/** It has come to nothing for good: the same may be asked for anew, under another key. */
	| { readonly state: 'rejected'; readonly reason: string }
	/** Carried out; what `verify` needs in addition to the proof. */
	| { readonly state: 'done'; readonly evidence: Evidence };

/** How the requests of a bridge are followed; whoever makes them stores them first. */
export interface BridgeRequests {
	/** What a request is made for, as the outside world knows it, the same for ever: at most one is carried out for each. */
	subject(proof: Evidence): string;
	/** One look. Never `absent` as long as a call that was made may still be taken, or may be taken and not listed yet. */
	look(order: HopOrder, proof: Evidence, request: KeyedRequest): Promise<RequestSight>;
	/** How long after a call it is worth looking first. */
	firstLookMs(order: HopOrder): number;
}

/** Verbs in the order of a hop's life; each may be repeated at any time, by another process. */
export interface BridgeAdapter {
	/** Whether a proven hop needs a claiming call of its own on the destination. */
	readonly claims: boolean;
	/** Only where `claim` answers with requests instead of calls. */
	readonly requests?: BridgeRequests;
	/** Throws `TransientError` when the bridge does not answer, `PermanentError` when it does not serve this pair. */
	quote(request: QuoteRequest): Promise<Quote>;
	/** The allowance that the sending call will spend: known before any call is built, because approvals come first. */
	spend(order: HopOrder): Spend | null;
	/**
	 * Builds the sending call afresh (quote times age); the amount is exactly `order.send`. Throws `PermanentError` when the bridge would
	 * not deliver `order.receive` any more: nothing has left, and the demand is planned again.
	 */
	send(order: HopOrder): Promise<UnsignedCall>;
	/** Reads from the mined sending call what `prove` needs; it cannot ask a chain. Throws `InvariantError` when its event is missing or differs from the order. */
	evidence(order: HopOrder, mined: MinedCall): Evidence;
	/** One look. A proof holds all that `claim` and `verify` need. */
	prove(order: HopOrder, evidence: Evidence): Promise<Proof>;
	/** Asked before every claiming call, and only where `claims`. */
	claim(order: HopOrder, proof: Evidence): Promise<Claim>;
	/**
	 * Reads from the destination chain what arrived (or, for a return, what came back to the origin). `claimed` is our own claiming call;
	 * null when there was none. Throws `InvariantError` when it was not for us.
	 */
	verify(order: HopOrder, proof: Evidence, claimed: MinedCall | null): Promise<Delivery>;
	/** What our account at the service holds of an asset, in token units as decimal text; only where there is an account. Throws `TransientError`. */
	holdings?(asset: string): Promise<{ readonly free: string; readonly locked: string }>;
	/** The contracts that our effects may call at a venue: the signer's policy. */
	contracts(venue: VenueId): readonly Address[];
	/** The accounts that our tokens may be sent to at a venue, where a transfer is the sending call. */
	deposits?(venue: VenueId): readonly Address[];
	/**
	 * The order behind a mined sending call of ours, read from what it has emitted alone, so that a transfer is found again when nothing else
	 * is left of it. Null when the call has left nothing under way; it cannot ask a chain. `seconds` is what such a transfer usually takes.
	 * Throws `PermanentError` when its other end is not configured.
	 */
	recover(sent: SentCall, places: Places): HopOrder | null;
}

/** What an adapter may use of the outside world; clocks, clients and budgets are injected. */
export interface BridgePorts {
	readonly client: (venue: VenueId) => PublicClient;
	readonly fetch: typeof fetch;
	readonly nowMs: () => number;
	/** How many blocks on top of one make it final at a venue. */
	readonly finalityBlocks: (venue: VenueId) => number;
	readonly budget: OpenBudget;
	/** Our account at an exchange, as far as it can be looked at. Throws `ConfigError` naming what is missing of its keys. */
	readonly exchange: (service: string, at: ExchangeSettings) => ExchangeReads;
}

/** One line in the registry: the settings under `bridges.<name>` and how to make an adapter from them. */
export interface BridgeDefinition<Settings> {
	readonly name: string;
	readonly settings: z.ZodType<Settings>;
	create(settings: Settings, ports: BridgePorts): BridgeAdapter;
}
