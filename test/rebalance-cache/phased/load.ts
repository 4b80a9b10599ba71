/** Callers that go on adding and removing, and know what has to be there at the end. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RebalanceAction, RebalanceCache } from '../../../src/rebalances/cache.ts';
import { actionOf } from '../action.ts';

export interface Load {
	/** Resolves once so many more calls were made. */
	more(calls: number): Promise<void>;
	/** How many have been made, and how many of them rejected, so far. */
	counts(): { readonly calls: number; readonly failed: number };
	/** Ends it and waits for every call. */
	stop(): Promise<Outcome>;
}

export interface Outcome {
	readonly calls: number;
	/** What rejected, in words. */
	readonly failures: readonly string[];
	/** Acknowledged and not removed: each is there exactly once. */
	readonly there: ReadonlySet<string>;
	/** Removed, or never acknowledged: none is there. */
	readonly gone: ReadonlySet<string>;
	/** Whose removal was not answered. */
	readonly unknown: ReadonlySet<string>;
}

/** Where the callers add and remove: enough of them that none gets long. */
const ROUTES = Array.from({ length: 50 }, (_, index) => ({ origin: 501 + index, destination: 502, asset: '0xLoad' }));
const routeOf = (call: number) => ROUTES[call % ROUTES.length] as (typeof ROUTES)[number];

export function startLoad(caches: readonly RebalanceCache[], writesPerSecond: number): Load {
	const [there, gone, unknown] = [new Set<string>(), new Set<string>(), new Set<string>()];
	const failures: string[] = [];
	const under = new Set<Promise<void>>();
	let [calls, isOver] = [0, false];
	const add = async (cache: RebalanceCache, call: number) => {
		const action: RebalanceAction = actionOf(routeOf(call));
		try {
			await cache.addRebalances([action]);
			there.add(action.transaction);
		} catch (error) {
			gone.add(action.transaction);
			throw error;
		}
	};
	const remove = async (cache: RebalanceCache, call: number) => {
		const rows = await cache.getRebalances({ routes: [routeOf(call * 7)] });
		const chosen = rows.find(({ transaction }) => there.delete(transaction));
		if (chosen === undefined) return;
		unknown.add(chosen.transaction);
		if ((await cache.removeRebalances([chosen.id])) !== 1) throw new Error(`${chosen.transaction} was there, and somebody else removed it`);
		unknown.delete(chosen.transaction);
		gone.add(chosen.transaction);
	};
	const loop = (async () => {
		const startedMs = performance.now();
		for (; !isOver; calls += 1) {
			const cache = caches[calls % caches.length] as RebalanceCache;
			const work = (calls % 3 === 2 ? remove : add)(cache, calls).catch((error: Error) => void failures.push(error.message));
			under.add(work);
			void work.finally(() => under.delete(work));
			const nextMs = startedMs + (calls * 1_000) / writesPerSecond;
			if (nextMs > performance.now()) await pause(nextMs - performance.now());
		}
	})();
	return {
		async more(count) {
			const until = calls + count;
			while (calls < until) await pause(20);
		},
		counts: () => ({ calls, failed: failures.length }),
		async stop() {
			isOver = true;
			await loop;
			await Promise.all(under);
			return { calls, failures, there, gone, unknown };
		},
	};
}

/** What is wrong with what a cache serves; empty when nothing is. */
export async function problemsOf(cache: RebalanceCache, { there, gone }: Outcome): Promise<string[]> {
	const served = (await cache.getRebalances({ routes: ROUTES })).map(({ transaction }) => transaction);
	const seen = new Map<string, number>();
	for (const transaction of served) seen.set(transaction, (seen.get(transaction) ?? 0) + 1);
	return [
		...[...there].filter((each) => !seen.has(each)).map((each) => `${each} is lost`),
		...[...seen].filter(([, count]) => count > 1).map(([each, count]) => `${each} is there ${count} times`),
		...[...gone].filter((each) => seen.has(each)).map((each) => `${each} has come back`),
	];
}
