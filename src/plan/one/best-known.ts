/** The best so far of what is made small, and the lowest bound of what was not looked at because it could not differ by enough. */
import { powerOfTen } from '../../money/units.ts';
import { ratio } from './candidate.ts';

/** Money this coarse (in tokens) is worth rounding a bound up to. */
const COARSE_SCALE = Number(powerOfTen(7));

/** Relative room for what floats err, where a bound is held against a limit and in limits that are met exactly. */
export const FLOAT_ROOM = 1e-12;

/** A lower bound in tokens, raised to whole money of `1 / scale` tokens where that is coarse. */
export function raisedToMoney(bound: number, scale: number): number {
	return scale < COARSE_SCALE ? Math.ceil(bound * scale - 1e-6) / scale : bound;
}

/** A bound that has come here exceeds the limit. */
export function aboveOf(limit: number): number {
	return limit + Math.abs(limit) * FLOAT_ROOM * 4;
}

export class Best<Known> {
	known: Known | null = null;
	private readonly scale: bigint;
	private readonly tolerance: bigint;
	private readonly slack: number;
	private value = 0n;
	private tokens = Number.POSITIVE_INFINITY;
	private lowestRuledOut = Number.POSITIVE_INFINITY;

	/** `tolerance` is in units of `1 / scale` tokens: what differs by no more is equal. */
	constructor(scale: bigint, tolerance: bigint) {
		this.scale = scale;
		this.tolerance = tolerance;
		// Nearly the whole tolerance: what is ruled out at this distance still counts as equal.
		this.slack = ratio(tolerance, scale) * 0.95;
	}

	/** Beyond what is known, in tokens: a bound need not be sharper. */
	get enough(): number {
		return aboveOf(this.tokens);
	}

	offer(known: Known, value: bigint): void {
		if (this.known !== null && value >= this.value) return;
		this.known = known;
		this.value = value;
		this.tokens = ratio(value, this.scale);
	}

	/** Whether nothing at this bound (in tokens) can be better by more than counts. */
	rulesOut(bound: number): boolean {
		if (bound === Number.POSITIVE_INFINITY) return true;
		const careful = raisedToMoney(bound, Number(this.scale));
		if (this.known === null || careful < this.tokens - this.slack - Math.abs(this.tokens) * 1e-15) return false;
		this.lowestRuledOut = Math.min(this.lowestRuledOut, careful);
		return true;
	}

	/** The largest value that differs from the true optimum by no more than the tolerance. */
	limit(): bigint {
		const gap = Math.max(0, this.tokens - this.lowestRuledOut);
		const room = Math.floor((ratio(this.tolerance, this.scale) - gap) * Number(this.scale));
		return room > 0 ? this.value + BigInt(room) : this.value;
	}
}
