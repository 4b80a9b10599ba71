import { expect, it } from 'vitest';
import { gathered } from '../src/gathered.ts';

/** Work that ends when it is told to. */
function heldWork() {
	const pieces: { readonly items: readonly number[]; end(): void; fail(): void }[] = [];
	const work = (items: readonly number[]) =>
		new Promise<number>((resolve, reject) => {
			pieces.push({ items: [...items], end: () => resolve(items.length), fail: () => reject(new Error(`no ${items.join()}`)) });
		});
	return { pieces, work };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('does at once what comes first, and in one piece what comes meanwhile', async () => {
	const { pieces, work } = heldWork();
	const gather = gathered(work);
	const first = gather([1]);
	await turn();
	const later = [gather([2, 3]), gather([4])];
	await turn();
	expect(pieces.map(({ items }) => items)).toEqual([[1]]);
	pieces[0]?.end();
	await turn();
	expect(pieces.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
	const last = gather([5]);
	pieces[1]?.end();
	await turn();
	pieces[2]?.end();
	expect(await Promise.all([first, ...later, last])).toEqual([1, 3, 3, 1]);
});

it('fails a piece for everybody in it, and nobody else', async () => {
	const { pieces, work } = heldWork();
	const gather = gathered(work);
	const first = gather([1]);
	await turn();
	const later = [gather([2]), gather([3])];
	pieces[0]?.fail();
	await expect(first).rejects.toThrow('no 1');
	await turn();
	pieces[1]?.end();
	expect(await Promise.all(later)).toEqual([2, 2]);
});
