/**
 * The least whole m for which a whole number lies between two lines. A tolerance on floored amounts makes the legal sends
 * a sawtooth set; stepping through it one by one could take 10^12 steps, this takes as many as a continued fraction has.
 */
import { ceilDivide, floorDivide } from './exact.ts';

/** The value at m is `(slope × m + intercept) / divisor`; `divisor` is positive, `slope` is not negative. */
export interface Line {
	readonly slope: bigint;
	readonly intercept: bigint;
	readonly divisor: bigint;
}

/** The least m ≥ 0 such that a whole number y has lower(m) ≤ y ≤ upper(m), or null when there is none. */
export function firstInteger(lower: Line, upper: Line): bigint | null {
	if (leastAbove(lower, 0n) <= greatestBelow(upper, 0n)) return 0n;
	const lowerWhole = lower.slope / lower.divisor;
	const upperWhole = upper.slope / upper.divisor;
	const shift = lowerWhole < upperWhole ? lowerWhole : upperWhole;
	const below = { ...lower, slope: lower.slope - shift * lower.divisor };
	const above = { ...upper, slope: upper.slope - shift * upper.divisor };
	// From here one slope at least is below one, so the gap between the two rounded lines moves in one direction only.
	if (lowerWhole > upperWhole) return null;
	if (upperWhole > lowerWhole) return firstInWideningGap(below, above);
	return firstBySwappingAxes(below, above);
}

/** Both slopes are in [0, 1): walk along y instead, where the slopes are their inverses. */
function firstBySwappingAxes(lower: Line, upper: Line): bigint | null {
	if (upper.slope === 0n) return null;
	const start = leastAbove(lower, 0n);
	if (lower.slope === 0n) return reachedAt(upper, start);
	const steps = firstInteger(
		{ slope: upper.divisor, intercept: start * upper.divisor - upper.intercept, divisor: upper.slope },
		{ slope: lower.divisor, intercept: start * lower.divisor - lower.intercept, divisor: lower.slope },
	);
	return steps === null ? null : reachedAt(upper, start + steps);
}

/** The least m at which a line that rises has come to y. */
function reachedAt(line: Line, y: bigint): bigint {
	return ceilDivide(y * line.divisor - line.intercept, line.slope);
}

function firstInWideningGap(lower: Line, upper: Line): bigint {
	let tooSmall = 0n;
	let enough = 1n;
	while (leastAbove(lower, enough) > greatestBelow(upper, enough)) {
		tooSmall = enough;
		enough *= 2n;
	}
	while (enough - tooSmall > 1n) {
		const middle = (tooSmall + enough) / 2n;
		if (leastAbove(lower, middle) > greatestBelow(upper, middle)) tooSmall = middle;
		else enough = middle;
	}
	return enough;
}

function leastAbove(line: Line, m: bigint): bigint {
	return ceilDivide(line.slope * m + line.intercept, line.divisor);
}

function greatestBelow(line: Line, m: bigint): bigint {
	return floorDivide(line.slope * m + line.intercept, line.divisor);
}
