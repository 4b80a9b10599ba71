/** What the channel has not told: an order says how much of it was matched, and the fills that were heard for it come to less. */
import type { FillReport } from '../fills/fill.ts';
import { fillId } from '../fills/fill.ts';
import type { Amount } from '../money/amount.ts';
import type { ChannelOrder } from './messages.ts';

interface Gap {
	readonly order: string;
	/** Base units that were matched and never heard of. */
	readonly missing: Amount;
}

/** So many orders that are forgotten are known to be: what is repeated of them does not bring them back. */
const CLOSED_MOST = 10_000;

interface Known {
	matched: bigint;
	isOver: boolean;
	/** Base units by fill; none for one that has failed. */
	readonly heard: Map<string, bigint>;
}

/** Keeps an order until it is over and all of it was heard. */
export class Gaps {
	private readonly orders = new Map<string, Known>();
	private readonly closed = new Set<string>();

	/** Orders that are remembered. */
	get size(): number {
		return this.orders.size;
	}

	/** They come in any order: what was matched never becomes less. */
	hearOrder({ id, size_matched: matched, original_size: size, type }: ChannelOrder): void {
		if (this.closed.has(id)) return;
		const known = this.at(id);
		if (matched > known.matched) known.matched = matched;
		if (type === 'CANCELLATION' || matched >= size) known.isOver = true;
		this.forget(id, known);
	}

	/** A fill that fails is no longer heard of, whatever is told of it after. */
	hearFill(report: FillReport): void {
		if (this.closed.has(report.order)) return;
		const known = this.at(report.order);
		const id = fillId(report);
		if (report.status === 'failed') known.heard.set(id, 0n);
		else if (!known.heard.has(id)) known.heard.set(id, report.amount);
		this.forget(report.order, known);
	}

	gapsIn(): Gap[] {
		return [...this.orders].flatMap(([order, known]) => {
			const missing = missingIn(known);
			return missing > 0n ? [{ order, missing: missing as Amount }] : [];
		});
	}

	private at(order: string): Known {
		const known = this.orders.get(order) ?? { matched: 0n, isOver: false, heard: new Map() };
		this.orders.set(order, known);
		return known;
	}

	private forget(order: string, known: Known): void {
		if (!known.isOver || missingIn(known) > 0n) return;
		this.orders.delete(order);
		this.closed.add(order);
		for (const oldest of this.closed) {
			if (this.closed.size <= CLOSED_MOST) break;
			this.closed.delete(oldest);
		}
	}
}

const missingIn = ({ matched, heard }: Known): bigint => [...heard.values()].reduce((left, amount) => left - amount, matched);
