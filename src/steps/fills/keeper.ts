/** What the process that keeps the book does with what it hears, with time that passes, and with the chain. */
import { type ChannelMessages, readMessages } from '../../channel/messages.ts';
import { errorText } from '../../errors.ts';
import { positionKey } from '../../inventory/venue.ts';
import { forgetFills } from '../../store/fills.ts';
import { openRecoveries } from '../../store/health.ts';
import { askApi } from './ask-api.ts';
import { type Feed, REMEMBER_MS } from './feed.ts';
import { hear } from './hear.ts';
import { judge, takeWord } from './judge.ts';
import { keep } from './keep.ts';
import { lookAtChains } from './look.ts';

/** Trades that were made at this time (Unix milliseconds) or later; null where there is no channel. */
type ReadTrades = ((afterMs: number) => Promise<ChannelMessages>) | null;

/** A message of the trade may be under way. */
const GAP_PATIENCE_MS = 5_000;
const FETCH_EVERY_MS = 5_000;
/** A line may answer heartbeats and tell nothing: https://github.com/Polymarket/py-clob-client/issues/292. */
const FETCH_ANYWAY_MS = 60_000;
/** Of what was said before a loss some may not have come. */
const OVERLAP_MS = 60_000;
const FORGET_EVERY_MS = 600_000;

export class Keeper {
	private readonly feed: Feed;
	private readonly readTrades: ReadTrades;
	private before: Promise<void> = Promise.resolve();
	private next: Promise<void> | null = null;
	private readonly gapsSinceMs = new Map<string, number>();
	private readonly told = new Set<string>();
	private readonly words = new Set<bigint>();
	private fetchedMs: number;
	private forgottenMs: number;

	constructor(feed: Feed, readTrades: ReadTrades) {
		this.feed = feed;
		this.readTrades = readTrades;
		this.fetchedMs = feed.ports.nowMs();
		this.forgottenMs = feed.ports.nowMs();
	}

	/** One text of the channel. What it means counts at once, and is kept soon. */
	async hear(text: string): Promise<void> {
		if (hear(this.feed, readMessages(text))) await this.keep();
	}

	/** The channel is there, again after so many milliseconds without a word: the chain is looked at now, and what may have been said meanwhile is fetched. */
	async connected(lostMs: number | null): Promise<void> {
		const { ports, heardMs } = this.feed;
		const now = ports.nowMs();
		const since = lostMs === null ? (heardMs ?? now - ports.config.fills.ttlMs) : now - lostMs;
		await Promise.all([this.sync(), this.fetchSince(Math.max(since, now - REMEMBER_MS) - OVERLAP_MS)]);
	}

	/** One look at the chains. */
	async sync(): Promise<void> {
		judge(this.feed, await lookAtChains(this.feed));
		await this.keep();
	}

	/** The API, where it is needed. */
	async compare(): Promise<void> {
		const round = await askApi(this.feed);
		if (round === null) return;
		judge(this.feed, round);
		await this.keep();
	}

	/** Time has passed: what waited for too long is dropped, gaps that stay are fetched, and an operator is heard. */
	async tick(): Promise<void> {
		const hasDropped = this.expire();
		await this.takeWords();
		judge(this.feed, null);
		await this.keep();
		if (hasDropped) await this.sync();
		await this.closeGaps();
		await this.fetchAnyway();
		await this.forget();
	}

	/** Each by itself, so that it is on record also where it is taken back at once. */
	private async takeWords(): Promise<void> {
		for (const word of await openRecoveries(this.feed.ports.db)) {
			if (this.words.has(word.id)) continue;
			this.words.add(word.id);
			takeWord(this.feed, word);
			await this.keep();
		}
	}

	private expire(): boolean {
		const { book, counter, ports } = this.feed;
		const dropped = book.expire(ports.nowMs());
		for (const { trade, order, position, side, amount } of dropped) {
			counter.add(position, { expired: 1 });
			const ids = { trade, order, token: positionKey(position), side, units: `${amount}` };
			ports.log.warn(ids, 'fill dropped: nobody has seen it settle');
		}
		return dropped.length > 0;
	}

	/** A gap that stays is looked into at the chain and at the API. */
	private async closeGaps(): Promise<void> {
		const { gaps, ports } = this.feed;
		const now = ports.nowMs();
		const open = new Map(gaps.gapsIn().map((gap) => [gap.order, gap]));
		for (const order of this.gapsSinceMs.keys()) if (!open.has(order)) this.close(order);
		for (const order of open.keys()) if (!this.gapsSinceMs.has(order)) this.gapsSinceMs.set(order, now);
		const lasting = [...open.values()].filter(({ order }) => now - (this.gapsSinceMs.get(order) ?? now) >= GAP_PATIENCE_MS);
		if (lasting.length === 0 || now - this.fetchedMs < FETCH_EVERY_MS) return;
		for (const { order, missing } of lasting.filter(({ order: each }) => !this.told.has(each))) {
			this.told.add(order);
			ports.log.warn({ order, missing: `${missing}` }, 'the channel has not told all of an order');
		}
		await Promise.all([this.sync(), this.fetchSince(now - ports.config.fills.ttlMs - OVERLAP_MS)]);
	}

	private async fetchAnyway(): Promise<void> {
		const now = this.feed.ports.nowMs();
		if (now - this.fetchedMs >= FETCH_ANYWAY_MS) await this.fetchSince(Math.max(this.fetchedMs, now - REMEMBER_MS) - OVERLAP_MS);
	}

	private close(order: string): void {
		this.gapsSinceMs.delete(order);
		this.told.delete(order);
	}

	private async fetchSince(afterMs: number): Promise<void> {
		if (this.readTrades === null) return;
		const { log, nowMs } = this.feed.ports;
		this.fetchedMs = nowMs();
		try {
			const messages = await this.readTrades(afterMs);
			log.info({ trades: messages.reports.length, since: new Date(afterMs).toISOString() }, 'trades fetched');
			if (!hear(this.feed, messages)) return;
		} catch (error) {
			log.warn({ error: errorText(error) }, 'trades not fetched');
			return;
		}
		await this.keep();
	}

	private async forget(): Promise<void> {
		const { db, nowMs, config } = this.feed.ports;
		if (nowMs() - this.forgottenMs < FORGET_EVERY_MS) return;
		this.forgottenMs = nowMs();
		await forgetFills(db, nowMs() - config.fills.ttlMs - REMEMBER_MS);
	}

	/** Never beside itself; whoever comes before the next one begins waits for the same one. */
	private keep(): Promise<void> {
		this.next ??= this.before.then(() => {
			this.next = null;
			return keep(this.feed);
		});
		this.before = this.next.catch(() => undefined);
		return this.next;
	}
}
