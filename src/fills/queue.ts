/** Fills of one token and side that wait for the chain, the oldest first. */
import { ZERO } from '../money/amount.ts';
import { type Fill, restOf } from './fill.ts';

export class FillQueue {
	private fills = new Map<string, Fill>();
	/** Of all that were ever in it, so that it is known without a look at them whether one comes to the end. */
	private youngest = 0;
	private isSorted = true;
	/** Base units of all of them that the chain has not shown. */
	rest = ZERO as bigint;

	get size(): number {
		return this.fills.size;
	}

	has(fill: Fill): boolean {
		return this.fills.has(fill.id);
	}

	/** Where it belongs by when it was first seen; only what comes back does not belong at the end. */
	add(fill: Fill): void {
		if (this.fills.has(fill.id)) return;
		this.fills.set(fill.id, fill);
		this.rest += restOf(fill);
		if (fill.number > this.youngest) this.youngest = fill.number;
		else this.isSorted = false;
	}

	remove(fill: Fill): void {
		if (this.fills.delete(fill.id)) this.rest -= restOf(fill);
	}

	/** Shows so much of one that is in it; one of which nothing is left leaves it. */
	show(fill: Fill, part: Fill['parts'][number]): void {
		fill.parts = [...fill.parts, part];
		this.rest -= part.amount;
		if (restOf(fill) === 0n) this.fills.delete(fill.id);
	}

	oldestFirst(): IterableIterator<Fill> {
		if (!this.isSorted) this.fills = new Map([...this.fills.values()].sort((a, b) => a.number - b.number).map((each) => [each.id, each]));
		this.isSorted = true;
		return this.fills.values();
	}
}
