/** Values in ascending order per operation, of which the first so many operations are taken: the last one in part if need be. */
export class Picks {
	/** What the last `take` found. */
	value = 0;
	tokens = 0;
	length = 0;
	private most = 0;
	private readonly keys: Float64Array;
	private readonly values: Float64Array;
	private readonly brought: Float64Array;
	private readonly sizes: Int32Array;

	constructor(capacity: number) {
		this.keys = new Float64Array(capacity);
		this.values = new Float64Array(capacity);
		this.brought = new Float64Array(capacity);
		this.sizes = new Int32Array(capacity);
	}

	/** Begins anew; `most` operations are going to be taken at most. */
	clear(most: number): void {
		this.length = 0;
		this.most = most;
	}

	/** Adds a value with what it brings and the operations it takes, unless better ones make it pointless. */
	offer(value: number, tokens: number, operations: number): void {
		const { keys, values, brought, sizes, most } = this;
		const key = value / operations;
		// Each pick takes an operation at least, so nothing behind the first `most` is ever taken.
		if (this.length >= most && key >= (keys[most - 1] ?? 0)) return;
		let place = this.length < most ? this.length : most - 1;
		if (this.length < most) this.length += 1;
		for (; place > 0 && (keys[place - 1] ?? 0) > key; place -= 1) {
			keys[place] = keys[place - 1] ?? 0;
			values[place] = values[place - 1] ?? 0;
			brought[place] = brought[place - 1] ?? 0;
			sizes[place] = sizes[place - 1] ?? 0;
		}
		keys[place] = key;
		values[place] = value;
		brought[place] = tokens;
		sizes[place] = operations;
	}

	valueAt(place: number): number {
		return this.values[place] ?? 0;
	}

	tokensAt(place: number): number {
		return this.brought[place] ?? 0;
	}

	sizeAt(place: number): number {
		return this.sizes[place] ?? 1;
	}

	/** Takes exactly so many operations; false when there are not so many. */
	take(operations: number): boolean {
		let left = operations;
		this.value = 0;
		this.tokens = 0;
		for (let place = 0; place < this.length && left > 0; place += 1) {
			const share = Math.min(1, left / this.sizeAt(place));
			this.value += this.valueAt(place) * share;
			this.tokens += this.tokensAt(place) * share;
			left -= this.sizeAt(place);
		}
		return left <= 0;
	}
}
