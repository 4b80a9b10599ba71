/** How long a leg takes on the durable path, next to a bare job of the same shape: one of each in turn, either of them first every other time. */
import { bridgeOf } from '../../src/app.ts';
import type { Stand } from '../../test/conformance/stand.ts';
import { openSwap } from '../../test/conformance/stands/swap.ts';
import { median, quantile, rounded } from '../statistics.ts';
import { startBare } from './bare.ts';
import { openDurable } from './durable.ts';
import { type Ground, queuesOn } from './ground.ts';
import { orderOn } from './legs.ts';

interface Pair {
	readonly durableMs: number;
	readonly bareMs: number;
}

/** Until lanes are open, statements are planned, and code is compiled. */
const WARM_UP = 8;
/** Two transactions of one account on one chain would get into each other's lane, so each side has a chain of its own. */
const BARE_VENUE = '10';

export async function timePairs(ground: Ground, pairs: number): Promise<readonly Pair[]> {
	const { world, redisUrl } = ground;
	const durable = await openDurable(ground, { bridges: ['swap'] });
	const { app } = durable.product;
	const stand = openSwap(world);
	const there = swapAt(stand, BARE_VENUE, (tokenUnits) => world.fundUsdt(BARE_VENUE, tokenUnits));
	const bare = startBare({
		...{ chain: world.chain(BARE_VENUE), signerKey: world.signerKey },
		...{ settings: queuesOn(redisUrl, durable.product.databaseUrl), bridge: bridgeOf(app, stand.bridge) },
	});
	const timeBare = async () => {
		const order = await orderOn(app, there);
		const startedMs = performance.now();
		await bare.run(order);
		return performance.now() - startedMs;
	};
	const sides = { durable: async () => durable.time(await durable.plan(stand)), bare: timeBare };
	const timed: Pair[] = [];
	try {
		for (let index = 0; index < WARM_UP + pairs; index += 1) {
			const pair = await timePair(sides, index % 2 === 0);
			if (index >= WARM_UP) timed.push(pair);
		}
		return timed;
	} finally {
		await Promise.all([bare.stop(), durable.product.stop()]);
	}
}

/** For people. */
export function tellPairs(pairs: readonly Pair[]): string {
	const ratios = pairs.map(({ durableMs, bareMs }) => durableMs / bareMs);
	const [low, high] = [0.25, 0.75].map((share) => rounded(quantile(ratios, share), 2));
	const ms = (of: keyof Pair) => rounded(median(pairs.map((pair) => pair[of])), 1);
	return `${pairs.length} pairs: ${ms('durableMs')} ms on the durable path, ${ms('bareMs')} ms as a bare job; half of the ratios from ${low} to ${high}`;
}

export function ratioOf(pairs: readonly Pair[]): number {
	return rounded(median(pairs.map(({ durableMs, bareMs }) => durableMs / bareMs)), 2);
}

async function timePair(sides: Readonly<Record<'durable' | 'bare', () => Promise<number>>>, durableFirst: boolean): Promise<Pair> {
	if (durableFirst) {
		const durableMs = await sides.durable();
		return { durableMs, bareMs: await sides.bare() };
	}
	const bareMs = await sides.bare();
	return { durableMs: await sides.durable(), bareMs };
}

function swapAt(stand: Stand, venue: string, fund: Stand['fund']): Stand {
	return { ...stand, origin: { ...stand.origin, venue }, destination: { ...stand.destination, venue }, fund };
}
