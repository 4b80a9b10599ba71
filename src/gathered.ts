/**
 * What comes while the work before it is under way is done in one piece afterwards: chains that answer at about the same time are stored by
 * one statement instead of one each. A piece fails as one.
 */
export function gathered<Item, Result>(work: (items: readonly Item[]) => Promise<Result>): (items: readonly Item[]) => Promise<Result> {
	let running: Promise<unknown> = Promise.resolve();
	let waiting: { readonly items: Item[]; readonly result: Promise<Result> } | null = null;
	return (items) => {
		if (waiting !== null) {
			waiting.items.push(...items);
			return waiting.result;
		}
		const piece: Item[] = [...items];
		const result = running.then(() => {
			waiting = null;
			return work(piece);
		});
		waiting = { items: piece, result };
		running = result.catch(() => {});
		return result;
	};
}
