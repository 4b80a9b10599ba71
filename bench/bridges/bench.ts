/** Every bridge on its stand, with proofs that come after seeded random delays of half to twice the promised time. */
import { randomBytes } from 'node:crypto';
import { binanceKeys } from '../../sandbox/binance/config.ts';
import { unitsOf } from '../../sandbox/scale.ts';
import { createDatabase } from '../../sandbox/servers/database.ts';
import { startStack } from '../../sandbox/stack.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { BridgePorts } from '../../src/bridge/bridge.ts';
import { bridgeNames, createBridges } from '../../src/bridge/registry.ts';
import { createClients } from '../../src/chain/clients.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createExchanges } from '../../src/exchange/registry.ts';
import { amount } from '../../src/money/amount.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import type { Hall } from '../../test/conformance/room.ts';
import type { OpenStand, Place } from '../../test/conformance/stand.ts';
import { standOf } from '../../test/conformance/stands.ts';
import { type BridgeFigures, figuresOf, missesOf, type Watched } from './figures.ts';
import { protocolCalls } from './protocol.ts';
import { type Bench, watchHop } from './watch.ts';

export interface BenchOptions {
	readonly samples: number;
	readonly seed: number;
	/** For people. */
	readonly write: (text: string) => void;
}

export interface BenchLine {
	readonly bench: 'bridges';
	readonly bridges: Readonly<Record<string, BridgeFigures>>;
}

const TEMPLATE = 'ballast_bench';
/** As Circle says of Ethereum. The sandbox's usual times are short, so that nobody waits for them; here nobody does anyway. */
const REAL_SECONDS = { fastSeconds: 20, standardSeconds: 1_140 };
/** A deposit on Ethereum may be withdrawn after 64 blocks, and a withdrawal is looked at before it is sent. */
const EXCHANGE_SECONDS = { depositSeconds: 780, withdrawSeconds: 180 };
/** More than all hops send. */
const FUNDS = '10000000';

export async function benchBridges(options: BenchOptions): Promise<{ line: BenchLine; misses: readonly string[] }> {
	const [stack, world] = await Promise.all([
		startStack({ backend: 'postgres' }),
		startWorld({ blockSeconds: 0, balances: {}, exchange: true }),
	]);
	try {
		await migrateDatabase(await stack.postgres.createDatabase(TEMPLATE));
		const hall: Hall = { world, database: () => createDatabase(stack.databaseUrl, `bench_${randomBytes(6).toString('hex')}`, TEMPLATE) };
		const bridges: Record<string, BridgeFigures> = {};
		for (const name of bridgeNames()) bridges[name] = await benchOne(hall, name, options);
		return { line: { bench: 'bridges', bridges }, misses: Object.entries(bridges).flatMap(([name, figures]) => missesOf(name, figures)) };
	} finally {
		await Promise.all([stack.stop(), world.stop()]);
	}
}

async function benchOne(hall: Hall, name: string, { samples, seed, write }: BenchOptions): Promise<BridgeFigures> {
	const { world } = hall;
	await world.reset();
	const bench = await openBench(world, standOf(name));
	const random = seeded(seed);
	const hops: Watched[] = [];
	for (let sample = 0; sample < samples; sample += 1) {
		// Every second burn has to wait until its chain is final.
		world.cctp.iris.allowance = sample % 2 === 0 ? FUNDS : '0';
		hops.push(await watchHop(bench, () => 0.5 + 1.5 * random()));
	}
	const delays = hops.flatMap(({ waits }) => waits.map((wait) => wait.delayMs));
	write(`${name}: ${samples} hops, proofs after ${Math.min(...delays)} to ${Math.max(...delays)} ms`);
	write(`${name}: besides, the send protocol makes ${await protocolCalls(hall, standOf(name))} RPC calls per hop`);
	return figuresOf(hops);
}

async function openBench(world: World, open: OpenStand): Promise<Bench> {
	const stand = open(world);
	const config = resolveConfig(fileSchema.parse(atRealTimes(world.config({ bridges: [stand.bridge], finalityBlocks: 0 }))));
	const clock = { nowMs: Date.now() };
	const nowMs = () => clock.nowMs;
	stand.follow?.(nowMs);
	const budget: BridgePorts['budget'] = () => ({ enter: async () => {}, pause: async () => {} });
	const exchanges = createExchanges({ keys: binanceKeys(world.binance), budget, nowMs, mustHaveKeys: true });
	const ports: BridgePorts = {
		client: createClients(config.chains).client,
		fetch,
		nowMs,
		finalityBlocks: () => 0,
		exchange: exchanges.open,
		budget,
	};
	const adapter = createBridges(config.bridges, ports).get(stand.bridge);
	if (adapter === undefined) throw new Error(`${stand.bridge} is not configured`);
	const end = ({ venue, asset }: Place) => {
		const token = config.assets.get(asset)?.venues.get(venue);
		if (token === undefined) throw new Error(`${asset} is not configured on ${venue}`);
		return { venue, chainId: Number(venue), asset, token: token.address, decimals: token.decimals };
	};
	const ends = { origin: end(stand.origin), destination: end(stand.destination) };
	await stand.fund(FUNDS);
	const requestSeconds = adapter.requests === undefined ? 0 : EXCHANGE_SECONDS.withdrawSeconds;
	return {
		world,
		stand,
		adapter,
		exchange: exchanges.named,
		requestSeconds,
		ends,
		send: amount(unitsOf(stand.amount, ends.origin.decimals)),
		clock,
	};
}

function atRealTimes(file: ReturnType<World['config']>): unknown {
	const { 'cctp-v2': cctp, binance } = file.bridges;
	const all = <Each extends object>(each: Readonly<Record<string, Each>>, times: object) =>
		Object.fromEntries(Object.entries(each).map(([venue, settings]) => [venue, { ...settings, ...times }]));
	const bridges = {
		...file.bridges,
		...(cctp !== undefined && { 'cctp-v2': { ...cctp, chains: all(cctp.chains, REAL_SECONDS) } }),
		...(binance !== undefined && { binance: { ...binance, networks: all(binance.networks, EXCHANGE_SECONDS) } }),
	};
	return { ...file, bridges };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32 by Tommy Ettinger, in the public domain). */
function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
