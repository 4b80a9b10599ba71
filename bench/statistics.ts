/** What measurements are made into. Of no values there are no figures: every list here has at least one. */

/** The mean of the two in the middle when their number is even. */
export function median(values: readonly number[]): number {
	return quantile(values, 0.5);
}

/** The value below which `share` of them lie, between two neighbours in proportion. */
export function quantile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const place = (sorted.length - 1) * share;
	const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
	return low + (high - low) * (place - Math.floor(place));
}

export function mean(values: readonly number[]): number {
	return values.reduce((sum, each) => sum + each, 0) / values.length;
}

export function rounded(value: number, digits: number): number {
	return Number(value.toFixed(digits));
}
