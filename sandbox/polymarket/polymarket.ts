/**
 * One account of Polymarket's order book: what the user channel tells of its orders and trades, and what the API has of its trades, also of those that the
 * channel never told. Nothing here is on a chain: a test that wants both does both.
 */
import type { Hex } from 'viem';
import { type ApiFace, requestOf, startServer } from '../http/api-server.ts';
import { type ApiAuth, answer, type SignedRequest } from './api.ts';
import { type Channel, startChannel } from './channel.ts';
import { type NewOrder, type NewTrade, orderMessage, seconds, type Trade, type TradeStatus, tradeMessage, tradeOf } from './trade.ts';

type Lines = Pick<Channel, 'lines' | 'subscriptions' | 'pings' | 'tries' | 'drop' | 'down' | 'up' | 'fallSilent' | 'refuse'>;

export interface Polymarket extends ApiFace {
	readonly channelUrl: string;
	/** The same as `url`. */
	readonly apiUrl: string;
	/** The only account; its API key is what messages call the owner. */
	readonly auth: ApiAuth;
	readonly channel: Lines;
	/** All requests to the API in the order in which they came, with their headers. */
	readonly requests: readonly SignedRequest[];
	/** Tells what has become of an order. */
	order(order: NewOrder): void;
	/** Remembers a trade and tells it. Returns its id. */
	trade(trade: NewTrade): string;
	/** Tells a trade again under its new status. Throws when there is no such trade or bucket. */
	advance(id: string, status: TradeStatus, more?: { readonly hash?: Hex; readonly bucket?: number }): void;
	/** Tells every line this text. */
	say(text: string): void;
	/** Says the last so many texts again, as they were. */
	repeatLast(count: number): void;
	/** Texts are kept back from now on. */
	hold(): void;
	/** Says what was kept back: all of it in its order unless told otherwise. */
	release(how?: { readonly lose?: boolean; readonly arrange?: (texts: readonly string[]) => readonly string[] }): void;
	/** Forgets trades, requests and faults, and cuts all lines. */
	forget(): void;
	stop(): Promise<void>;
}

interface Said {
	readonly text: string;
	/** Null: not about a market. */
	readonly market: string | null;
}

const AUTH: ApiAuth = {
	apiKey: '3f6b0f52-93c4-4b7e-8d2a-5a1c0e9b7d10',
	secret: Buffer.from('a secret of thirty-two bytes ??>').toString('base64url'),
	passphrase: 'a passphrase that nobody should see',
	address: '0x00000000000000000000000000000000000ACC07',
};

/** `pageRows` on one page of the API. */
export async function startPolymarket({ pageRows = 100, nowMs = Date.now } = {}): Promise<Polymarket> {
	const trades: Trade[] = [];
	const requests: SignedRequest[] = [];
	const [channel, api] = await Promise.all([
		startChannel(AUTH),
		startServer<SignedRequest>({
			async read(incoming) {
				const request = { ...requestOf(incoming, undefined), headers: incoming.headers };
				requests.push(request);
				return request;
			},
			handle: (request) => answer(request, { auth: AUTH, trades, pageRows, nowMs: nowMs() }),
			refusal: { error: 'told to fail' },
		}),
	]);
	const voice = speakerOf(channel);
	const account = { owner: AUTH.apiKey, address: AUTH.address };
	const tellTrade = (trade: Trade) => voice.say({ text: JSON.stringify(tradeMessage(trade, nowMs())), market: trade.market });
	const stopApi = api.stop;
	return Object.assign(api, {
		...{ channelUrl: channel.url, apiUrl: api.url, auth: AUTH, channel, requests },
		order(order: NewOrder) {
			voice.say({ text: JSON.stringify(orderMessage(order, account, nowMs())), market: order.market });
		},
		trade(wanted: NewTrade) {
			const trade = tradeOf({ ...wanted, id: wanted.id ?? `trade-${trades.length + 1}`, matchedMs: wanted.matchedMs ?? nowMs() }, account);
			trades.push(trade);
			tellTrade(trade);
			return trade.id;
		},
		advance(id: string, status: TradeStatus, { hash, bucket }: { hash?: Hex; bucket?: number } = {}) {
			const trade = trades.find((each) => each.id === id && (bucket === undefined || each.bucket_index === bucket));
			if (trade === undefined) throw new Error(`there is no trade "${id}"`);
			Object.assign(trade, { status, last_update: seconds(nowMs()), transaction_hash: hash ?? trade.transaction_hash });
			tellTrade(trade);
		},
		say: (text: string) => voice.say({ text, market: null }),
		repeatLast: voice.repeatLast,
		hold: voice.hold,
		release: voice.release,
		forget() {
			voice.forget();
			channel.forget();
			trades.length = 0;
			requests.length = 0;
			api.counts.clear();
			api.fault = () => undefined;
		},
		async stop() {
			await Promise.all([channel.stop(), stopApi()]);
		},
	} satisfies Omit<Polymarket, keyof ApiFace>);
}

/** What is said, what is kept back, and what may be said again. */
function speakerOf(channel: Channel) {
	const said: Said[] = [];
	let held: Said[] | null = null;
	const say = (each: Said) => {
		if (held !== null) {
			held.push(each);
			return;
		}
		said.push(each);
		channel.tell(each.text, each.market);
	};
	return {
		say,
		repeatLast(count: number) {
			for (const { text, market } of said.slice(-count)) channel.tell(text, market);
		},
		hold() {
			held ??= [];
		},
		release({ lose = false, arrange = (texts: readonly string[]) => texts }: Parameters<Polymarket['release']>[0] = {}) {
			const kept = held ?? [];
			held = null;
			if (lose) return;
			for (const text of arrange(kept.map((each) => each.text))) say(kept.find((each) => each.text === text) ?? { text, market: null });
		},
		forget() {
			said.length = 0;
			held = null;
		},
	};
}
