/** What a hundred thousand pending fills take, how soon a message is in what is effective, and whether a million random messages come to what a model says. */
import { Gaps } from '../../src/channel/gaps.ts';
import { readMessages } from '../../src/channel/messages.ts';
import { FillBook } from '../../src/fills/book.ts';
import type { ChainPosition, Position } from '../../src/inventory/venue.ts';
import { amount } from '../../src/money/amount.ts';
import { createLog } from '../../src/observe/log.ts';
import { Counter } from '../../src/steps/fills/counter.ts';
import type { Feed } from '../../src/steps/fills/feed.ts';
import { hear } from '../../src/steps/fills/hear.ts';
import { play } from '../../test/fills/play.ts';
import { quantile, rounded } from '../statistics.ts';

export interface BenchOptions {
	readonly pending: number;
	/** Messages whose way is timed. */
	readonly samples: number;
	/** Random messages, beside the model. */
	readonly messages: number;
	readonly seed: number;
	/** For people. */
	readonly write: (text: string) => void;
}

export interface BenchLine {
	readonly bench: 'fills';
	readonly pending: number;
	readonly rssMb: number;
	readonly effectiveMs: { readonly p50: number; readonly p95: number };
	readonly model: { readonly messages: number; readonly differences: number };
}

const TOKENS = 200;
const MIB = 1_048_576;
const DIGITS = 4;
const TIMES = { ttlMs: 180_000, rememberMs: 3_600_000 };
const NOW_MS = 1_767_225_600_000;
const OWNER = 'ours';
const HOLDER = '0x1111111111111111111111111111111111111111';

export function benchFills({ pending, samples, messages, seed, write }: BenchOptions): { line: BenchLine; misses: readonly string[] } {
	const startedMs = performance.now();
	const feed = filled(pending);
	write(`${pending} fills pending after ${Math.round(performance.now() - startedMs)} ms`);
	const times = timed(feed, { pending, samples });
	const rssMb = Math.round(process.memoryUsage().rss / MIB);
	write(`${rssMb} MiB with them`);
	const model = play(messages, seed, write);
	write(`${messages} random messages, ${model.differences} times not what the model says`);
	const [p50, p95] = [0.5, 0.95].map((share) => rounded(quantile(times, share), DIGITS)) as [number, number];
	const line: BenchLine = { bench: 'fills', pending, rssMb, effectiveMs: { p50, p95 }, model };
	return { line, misses: model.differences === 0 ? [] : [`the book is not what the model says ${model.differences} times`] };
}

const assetOf = (number: number): string => `TOKEN${number % TOKENS}`;
const positionOf = (number: number): Position => ({ venue: '137/funder', asset: assetOf(number) });

/** As the channel sends it, of a taker's order of ours. */
function textOf(number: number, status: 'MATCHED' | 'MINED' | 'FAILED'): string {
	const hash = `0x${number.toString(16).padStart(64, '0')}`;
	return JSON.stringify({
		...{
			event_type: 'trade',
			id: `trade-${number}`,
			asset_id: `${(number % TOKENS) + 1}`,
			market: 'm',
			owner: OWNER,
			trader_side: 'TAKER',
		},
		...{ side: number % 3 === 0 ? 'SELL' : 'BUY', size: `${number + 1}`, price: '0.5', status, taker_order_id: `order-${number}` },
		...{ transaction_hash: hash, bucket_index: 0, match_time: '1767225600', maker_orders: [] },
	});
}

/** What a process has that keeps the book; nothing of it asks a chain or a database here. */
function filled(pending: number): Feed {
	const tokens = Array.from({ length: TOKENS }, (_, number): ChainPosition => {
		return { ...positionOf(number), holder: HOLDER, decimals: 6, token: { kind: 'erc1155', address: HOLDER, id: BigInt(number + 1) } };
	});
	const ports = {
		config: { fills: { markets: new Map([['market', { positions: tokens }]]) } },
		log: createLog('silent', 'bench'),
		nowMs: () => NOW_MS,
	};
	const feed = {
		...{ ports, own: { owner: OWNER, addresses: [] }, book: new FillBook(TIMES), gaps: new Gaps(), counter: new Counter() },
		heardMs: null,
	} as unknown as Feed;
	for (let token = 0; token < TOKENS; token += 1)
		feed.book.look(positionOf(token), {
			block: { number: 1n, hash: '0x1' },
			confirmed: amount(1n),
			flows: null,
			takenBackFrom: null,
			atMs: 0,
		});
	for (let number = 0; number < pending; number += 1) hear(feed, readMessages(textOf(number, 'MATCHED')));
	return feed;
}

/** Milliseconds from a message's text until what is effective is known: new ones, such as advance, and such as take one away. */
function timed(feed: Feed, { pending, samples }: Pick<BenchOptions, 'pending' | 'samples'>): number[] {
	const times: number[] = [];
	for (let sample = 0; sample < samples; sample += 1) {
		const isNew = sample % 3 === 0;
		const number = isNew ? pending + sample : (sample * 7_919) % pending;
		const text = textOf(number, isNew ? 'MATCHED' : sample % 3 === 1 ? 'MINED' : 'FAILED');
		const startedMs = performance.now();
		hear(feed, readMessages(text));
		const { effective } = feed.book.at(positionOf(number));
		times.push(performance.now() - startedMs);
		if (effective === null) throw new RangeError('a token that was looked at is not known');
	}
	return times;
}
