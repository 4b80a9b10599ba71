/** The same book, kept as plainly as it can be said: lists that are looked through from the beginning, and sums that are made anew each time. */
import { type FillReport, fillId } from '../../src/fills/fill.ts';
import type { Flow } from '../../src/fills/look.ts';

interface ModelFill {
	readonly id: string;
	readonly side: 'buy' | 'sell';
	readonly amount: bigint;
	readonly firstSeenMs: number;
	shown: bigint;
	word: FillReport['status'];
	readonly hashes: string[];
	isDropped: boolean;
}

interface ModelStranger {
	readonly side: 'buy' | 'sell';
	left: bigint;
	readonly tx: string | null;
}

const RANK = { matched: 0, retrying: 1, mined: 2, confirmed: 3, failed: 3 } as const;

/** One token. */
export class Model {
	readonly fills: ModelFill[] = [];
	strangers: ModelStranger[] = [];
	confirmed: bigint;

	constructor(confirmed: bigint) {
		this.confirmed = confirmed;
	}

	hear({ side, amount, status, transactionHash, ...report }: FillReport, nowMs: number): void {
		const id = fillId(report);
		let fill = this.fills.find((each) => each.id === id);
		if (fill === undefined) {
			fill = { id, side, amount, firstSeenMs: nowMs, shown: 0n, word: status, hashes: [], isDropped: status === 'failed' };
			this.fills.push(fill);
			if (transactionHash !== null) fill.hashes.push(transactionHash);
			if (status !== 'failed') this.explain(fill);
			return;
		}
		const isOver = RANK[fill.word] === RANK.failed;
		if (transactionHash !== null && !isOver && !fill.hashes.includes(transactionHash)) fill.hashes.push(transactionHash);
		const isNews = !isOver && RANK[status] > RANK[fill.word];
		if (isNews) fill.word = status;
		if (isNews && status === 'failed') {
			if (fill.shown < fill.amount) fill.isDropped = true;
		} else this.explain(fill);
	}

	private explain(fill: ModelFill): void {
		for (const stranger of this.strangers) {
			const isIts = stranger.tx !== null && fill.hashes.includes(stranger.tx);
			const isAny = fill.hashes.length === 0 && RANK[fill.word] >= RANK.mined;
			if (stranger.side === fill.side && (isIts || isAny)) stranger.left -= this.show(fill, stranger.left);
		}
		this.strangers = this.strangers.filter(({ left }) => left > 0n);
	}

	private show(fill: ModelFill, most: bigint): bigint {
		const rest = fill.amount - fill.shown;
		const taken = rest < most ? rest : most;
		fill.shown += taken;
		return taken;
	}

	/** What has moved since the look before, each transfer one way. */
	look(confirmed: bigint, flows: readonly Flow[]): void {
		this.confirmed = confirmed;
		const moves = flows.flatMap(({ tx, incoming, outgoing }) => [
			{ side: 'buy' as const, tx, left: incoming as bigint },
			{ side: 'sell' as const, tx, left: outgoing as bigint },
		]);
		const passes: ((fill: ModelFill, tx: string) => boolean)[] = [
			(fill, tx) => fill.hashes.includes(tx),
			(fill) => !fill.isDropped,
			(fill) => fill.isDropped && fill.word !== 'failed',
		];
		for (const fits of passes)
			for (const move of moves)
				for (const fill of this.fills) if (fill.side === move.side && fits(fill, move.tx)) move.left -= this.show(fill, move.left);
		for (const { side, tx, left } of moves) if (left > 0n) this.strangers.push({ side, tx, left });
	}

	/** Returns how many are dropped. */
	expire(beforeMs: number): number {
		const old = this.fills.filter((fill) => !fill.isDropped && fill.shown < fill.amount && fill.firstSeenMs <= beforeMs);
		for (const fill of old) fill.isDropped = true;
		return old.length;
	}

	pending(side: 'buy' | 'sell'): bigint {
		return this.fills.filter((fill) => fill.side === side && !fill.isDropped).reduce((sum, { amount, shown }) => sum + amount - shown, 0n);
	}

	get effective(): bigint {
		return this.confirmed + this.pending('buy') - this.pending('sell');
	}

	get unexplained(): bigint {
		return this.strangers.reduce((sum, { left }) => sum + left, 0n);
	}
}
