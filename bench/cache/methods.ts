/** Each method of the class of before in Redis next to the same one in PostgreSQL, in alternation. */
import type { RebalanceAction, RebalanceCache } from '../../src/rebalances/cache.ts';
import { median } from '../statistics.ts';
import { actionOn, fill, type Ground, ROUTES } from './ground.ts';

/** What is stored when they are timed. */
interface Filled {
	readonly old: RebalanceCache;
	readonly next: RebalanceCache;
	readonly actions: readonly RebalanceAction[];
}

export const METHODS = [
	...(['addRebalances', 'getRebalances', 'removeRebalances', 'hasRebalance', 'getRebalanceByTransaction', 'setPause', 'isPaused'] as const),
	...(['addWithdrawalRecord', 'getWithdrawalRecord', 'removeWithdrawalRecord', 'clear'] as const),
] as const;

export type Method = (typeof METHODS)[number];

/** In one cycle a poller looks whether it may work, reads its routes, and follows a few transfers from their sending to their end. */
const FOLLOWED = 2;

export async function openFilled(ground: Ground, { prefix, count }: { prefix: string; count: number }): Promise<Filled> {
	const [old, next] = [ground.old(prefix), await ground.cache(prefix, 'done')];
	return { old, next, actions: await fill([old, next], count) };
}

/** Postgres time / Redis time: the ratio of the medians. */
export async function timeMethods(filled: Filled, samples: number): Promise<Record<Exclude<Method, 'clear'>, number>> {
	const ratios = {} as Record<Exclude<Method, 'clear'>, number>;
	for (const method of METHODS) {
		if (method === 'clear') continue;
		ratios[method] = await ratioOf(filled, { samples, prepare: (cache, index) => stepOf(cache, method, { ...filled, index }) });
	}
	return ratios;
}

/** Once: what is cleared is gone. */
export async function timeClear({ old, next }: Filled): Promise<number> {
	const [one, another] = [await timed(() => old.clear()), await timed(() => next.clear())];
	return significant(another / one);
}

export async function timeCycle(filled: Filled, samples: number): Promise<number> {
	return ratioOf(filled, { samples, prepare: async (cache, index) => () => cycle(cache, filled, index) });
}

async function cycle(cache: RebalanceCache, { actions }: Filled, index: number): Promise<void> {
	await cache.isPaused();
	await cache.getRebalances({ routes: ROUTES.slice(0, 10) });
	for (let followed = 0; followed < FOLLOWED; followed += 1) {
		const known = actions[(index * 7_919 + followed) % actions.length];
		await cache.getRebalanceByTransaction(known?.transaction ?? '');
		const fresh = actionOn(index * FOLLOWED + followed);
		await cache.addRebalances([fresh]);
		await cache.addWithdrawalRecord(fresh.transaction, fresh.asset, 'usdc', fresh.transaction);
		await cache.getWithdrawalRecord(fresh.transaction);
		await cache.removeWithdrawalRecord(fresh.transaction);
		const stored = await cache.getRebalanceByTransaction(fresh.transaction);
		if ((await cache.removeRebalances([stored?.id ?? ''])) !== 1) throw new Error('what was added cannot be removed');
	}
}

interface Step {
	readonly actions: readonly RebalanceAction[];
	readonly index: number;
}

/** Whatever has to be there before is made before the clock starts. */
async function stepOf(cache: RebalanceCache, method: Exclude<Method, 'clear'>, { actions, index }: Step): Promise<() => Promise<unknown>> {
	const known = actions[(index * 7_919) % actions.length] ?? actionOn(0);
	const deposit = `0xdeposit${index}`;
	const route = ROUTES[index % ROUTES.length] ?? known;
	switch (method) {
		case 'addRebalances':
			return () => cache.addRebalances([actionOn(index)]);
		case 'getRebalances':
			return () => cache.getRebalances({ routes: [route] });
		case 'removeRebalances': {
			const [id = ''] = await freshId(cache, index);
			return () => cache.removeRebalances([id]);
		}
		case 'hasRebalance': {
			const [id = ''] = await freshId(cache, index);
			return () => cache.hasRebalance(id);
		}
		case 'getRebalanceByTransaction':
			return () => cache.getRebalanceByTransaction(known.transaction);
		case 'setPause':
			return () => cache.setPause(index % 2 === 0);
		case 'isPaused':
			return () => cache.isPaused();
		case 'addWithdrawalRecord':
			return () => cache.addWithdrawalRecord(deposit, known.asset, 'usdc', deposit);
		case 'getWithdrawalRecord':
			await cache.addWithdrawalRecord(deposit, known.asset, 'usdc', deposit);
			return () => cache.getWithdrawalRecord(deposit);
		case 'removeWithdrawalRecord':
			await cache.addWithdrawalRecord(deposit, known.asset, 'usdc', deposit);
			return () => cache.removeWithdrawalRecord(deposit);
	}
}

/** On a route of its own, so that it is found without reading everything. */
async function freshId(cache: RebalanceCache, index: number): Promise<string[]> {
	const action = { ...actionOn(index), origin: 9_999 };
	await cache.addRebalances([action]);
	const rows = await cache.getRebalances({ routes: [action] });
	return rows.map(({ id }) => id);
}

interface Samples {
	readonly samples: number;
	readonly prepare: (cache: RebalanceCache, index: number) => Promise<() => Promise<unknown>>;
}

/** Either of them first every other time. */
async function ratioOf({ old, next }: Filled, { samples, prepare }: Samples): Promise<number> {
	const times = new Map<RebalanceCache, number[]>([
		[old, []],
		[next, []],
	]);
	for (let index = 0; index < samples; index += 1) {
		for (const cache of index % 2 === 0 ? [old, next] : [next, old]) {
			const step = await prepare(cache, index);
			times.get(cache)?.push(await timed(step));
		}
	}
	return significant(median(times.get(next) ?? [0]) / median(times.get(old) ?? [1]));
}

const DIGITS = 3;

const significant = (ratio: number): number => Number(ratio.toPrecision(DIGITS));

/** Milliseconds. */
async function timed(step: () => Promise<unknown>): Promise<number> {
	const startedMs = performance.now();
	await step();
	return performance.now() - startedMs;
}
