/** How soon what came in can be spent: from the mining of a transfer until it is available to whoever plans, with looks as often as by default. */
import { setTimeout as pause } from 'node:timers/promises';
import { availableOf } from '../../src/inventory/available.ts';
import type { Amount } from '../../src/money/amount.ts';
import { syncInventory } from '../../src/steps/upkeep/balances.ts';
import { readHoldings } from '../../src/store/holdings.ts';
import { generator, pick, type Random } from '../../test/faults/random.ts';
import { createLoop } from '../../workers/loop.ts';
import { median, quantile, rounded } from '../statistics.ts';
import type { FarChain } from './far.ts';
import type { Field } from './field.ts';

interface Incoming {
	readonly venue: string;
	readonly asset: string;
	/** Available once it is there, in base units. */
	readonly expected: bigint;
	/** Unix milliseconds. */
	readonly minedMs: number;
}

const BLOCK_MS = 1_000;
/** From one transfer to the next at most; several are on their way at once. */
const APART_MS = 1_000;
/** How exactly the times are taken. */
const POLL_MS = 10;
const WITHIN_MS = 30_000;

/** Milliseconds of each of so many transfers. Throws when one does not become available. */
export async function timeArrivals(
	field: Field,
	options: { readonly transfers: number; readonly seed: number },
): Promise<readonly number[]> {
	const { app, endpoints } = field;
	const blocks = createLoop(app, BLOCK_MS, () => endpoints.mine());
	const looks = createLoop(app, app.config.inventory.pollMs, () => syncInventory(app));
	const onTheWay = new Set<Incoming>();
	const made = { all: false };
	try {
		const watching = watch(field, { onTheWay, made });
		await Promise.all([
			watching,
			makeTransfers(field, options, (each) => onTheWay.add(each)).finally(() => Object.assign(made, { all: true })),
		]);
		return await watching;
	} finally {
		await Promise.all([looks.stop(), blocks.stop()]);
	}
}

/** Each at a position of its own, so that everyone is seen by itself. */
async function makeTransfers(
	{ app, endpoints }: Field,
	{ transfers, seed }: { readonly transfers: number; readonly seed: number },
	onMade: (incoming: Incoming) => void,
): Promise<void> {
	const random = generator(seed);
	const places = endpoints.chains.flatMap((chain) => chain.tokens.map((token) => ({ chain, token })));
	for (let count = 0; count < transfers; count += 1) {
		const place = pick(places, random);
		places.splice(places.indexOf(place), 1);
		const { symbol: asset } = place.token;
		const venue = `${place.chain.chainId}`;
		const before = (await availableBy(app, asset)).get(venue);
		if (before === undefined) throw new Error(`nothing was read of ${asset} on ${venue}`);
		await pause(random(APART_MS));
		const move = moveTo(place, random);
		onMade({ venue, asset, expected: before + move.amount, minedMs: await endpoints.transfer({ chainId: place.chain.chainId, move }) });
	}
}

function moveTo({ chain, token }: { readonly chain: FarChain; readonly token: FarChain['tokens'][number] }, random: Random) {
	const [wallet, other] = chain.holders;
	if (wallet === undefined || other === undefined) throw new Error(`chain ${chain.chainId} has no accounts`);
	return { token: token.address, from: other, to: wallet, amount: BigInt(1 + random(1_000)) };
}

interface Watched {
	readonly onTheWay: Set<Incoming>;
	readonly made: { readonly all: boolean };
}

async function watch({ app }: Field, { onTheWay, made }: Watched): Promise<number[]> {
	const tookMs: number[] = [];
	while (!made.all || onTheWay.size > 0) {
		for (const asset of new Set([...onTheWay].map((each) => each.asset))) {
			const available = await availableBy(app, asset);
			const nowMs = Date.now();
			for (const each of [...onTheWay]) {
				if (each.asset !== asset) continue;
				if (nowMs - each.minedMs > WITHIN_MS) throw new Error(`${asset} on ${each.venue} was not available within ${WITHIN_MS} ms`);
				if (available.get(each.venue) !== each.expected) continue;
				tookMs.push(nowMs - each.minedMs);
				onTheWay.delete(each);
			}
		}
		await pause(POLL_MS);
	}
	return tookMs;
}

async function availableBy({ db }: Field['app'], asset: string): Promise<ReadonlyMap<string, Amount>> {
	const holdings = await readHoldings(db, asset, new Map());
	return new Map(holdings.map((holding) => [holding.venue, availableOf(holding)]));
}

export function timesOf(tookMs: readonly number[]): { readonly p50: number; readonly p95: number } {
	return { p50: rounded(median(tookMs), 0), p95: rounded(quantile(tookMs, 0.95), 0) };
}
