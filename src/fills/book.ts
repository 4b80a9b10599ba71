/** All fills that are known, by token. One process keeps it; what it does is decided by what it is told, and by the time that it is told. */
import { type Position, positionKey } from '../inventory/venue.ts';
import { advances, type Fill, type FillReport, fillId, isFinal } from './fill.ts';
import type { Look, Seen } from './look.ts';
import { PositionBook } from './position-book.ts';

interface FillTimes {
	/** A fill that nobody has seen settle is dropped after so long. */
	readonly ttlMs: number;
	/** For so long it is remembered what was dropped, failed or absorbed; a trade that is older is no news. */
	readonly rememberMs: number;
}

/** `contradiction`: something else than was told before, and nothing follows from it. `old`: of a trade that may have been forgotten. */
type Heard = 'new' | 'advanced' | 'failed' | 'repeated' | 'contradiction' | 'old';

const NO_PARTS: Fill['parts'] = [];

export class FillBook {
	private readonly times: FillTimes;
	private readonly fills = new Map<string, Fill>();
	private readonly positions = new Map<string, PositionBook>();
	private count = 0;

	constructor(times: FillTimes) {
		this.times = times;
	}

	/** Fills that are remembered. */
	get size(): number {
		return this.fills.size;
	}

	at(position: Position): PositionBook {
		const key = positionKey(position);
		const known = this.positions.get(key) ?? new PositionBook(position);
		this.positions.set(key, known);
		return known;
	}

	find(id: string): Fill | null {
		return this.fills.get(id) ?? null;
	}

	/** What was kept elsewhere, the oldest first; before anything is told. */
	load(fills: readonly Fill[]): void {
		for (const fill of fills) {
			this.count = Math.max(this.count, fill.number);
			this.fills.set(fill.id, fill);
			this.at(fill.position).load(fill);
		}
	}

	/** Those that have changed since it was last asked. */
	changed(): Fill[] {
		return [...this.positions.values()].flatMap((each) => each.changed());
	}

	hear(report: FillReport, nowMs: number): Heard {
		const id = fillId(report);
		const known = this.fills.get(id);
		if (known === undefined) return this.hearNew(id, report, nowMs);
		if (known.amount !== report.amount || known.side !== report.side) return 'contradiction';
		const book = this.at(report.position);
		if (report.transactionHash !== null && !isFinal(known.channel)) book.name(known, report.transactionHash);
		const heard = this.advance(known, report, book);
		if (heard !== 'failed') book.explain(known);
		return heard;
	}

	private hearNew(id: string, report: FillReport, nowMs: number): Heard {
		const { trade, order, bucket, position, side, amount, tradedMs, status, transactionHash } = report;
		if (nowMs - tradedMs >= this.times.rememberMs) return 'old';
		this.count += 1;
		const book = this.at(position);
		// One object of one shape, and what many have in common once: there may be a hundred thousand.
		const fill: Fill = {
			id,
			trade,
			order,
			bucket,
			position: book.position,
			side,
			amount,
			tradedMs,
			firstSeenMs: nowMs,
			number: this.count,
			status: 'pending',
			channel: status,
			hashes: [],
			parts: NO_PARTS,
			wasLate: false,
			droppedAt: null,
		};
		this.fills.set(id, fill);
		book.add(fill);
		if (transactionHash !== null) book.name(fill, transactionHash);
		if (status === 'failed') book.fail(fill);
		else book.explain(fill);
		return status === 'failed' ? 'failed' : 'new';
	}

	private advance(fill: Fill, { status }: FillReport, book: PositionBook): Heard {
		if (status !== fill.channel && isFinal(status) && isFinal(fill.channel)) return 'contradiction';
		if (!advances(fill.channel, status)) return 'repeated';
		fill.channel = status;
		book.touch(fill);
		if (status !== 'failed') return 'advanced';
		book.fail(fill);
		return 'failed';
	}

	look(position: Position, look: Look): Seen {
		return this.at(position).look(look);
	}

	/** Drops what has waited for too long and forgets what is no news any more. Returns what was dropped, the oldest first. */
	expire(nowMs: number): Fill[] {
		const dropped: Fill[] = [];
		for (const fill of this.fills.values()) {
			const age = nowMs - fill.firstSeenMs;
			// In the order in which they were first seen.
			if (age < this.times.ttlMs) break;
			if (fill.status === 'pending') {
				this.at(fill.position).expire(fill);
				dropped.push(fill);
			}
			if (age >= this.times.ttlMs + this.times.rememberMs) {
				this.at(fill.position).forget(fill);
				this.fills.delete(fill.id);
			}
		}
		return dropped;
	}
}
