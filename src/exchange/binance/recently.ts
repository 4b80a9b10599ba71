/** One reading for all who ask at the same time, and for a while afterwards. What failed is not kept. */

export interface Recent<T> {
	get(): Promise<T>;
	/** The next one to ask gets a new reading. */
	forget(): void;
}

interface Reading<T> {
	/** From its beginning, in milliseconds. */
	readonly forMs: number;
	readonly nowMs: () => number;
	readonly read: () => Promise<T>;
}

export function recently<T>({ forMs, nowMs, read }: Reading<T>): Recent<T> {
	let kept: { readonly value: Promise<T>; readonly atMs: number; isUnderWay: boolean } | null = null;
	const isFresh = (atMs: number): boolean => nowMs() >= atMs && nowMs() - atMs < forMs;
	return {
		get() {
			if (kept !== null && (kept.isUnderWay || isFresh(kept.atMs))) return kept.value;
			const value = read();
			const mine = { value, atMs: nowMs(), isUnderWay: true };
			kept = mine;
			const end = () => {
				mine.isUnderWay = false;
			};
			value.then(end, () => {
				if (kept === mine) kept = null;
			});
			return value;
		},
		forget() {
			kept = null;
		},
	};
}
