/** The outside world on one machine: three chains, the bridges between them, an exchange on each, and a hub that lists invoices. */
import { type Address, erc20Abi, type Hex } from 'viem';
import { type Across, startAcross } from './across/api.ts';
import { type Binance, startBinance } from './binance/binance.ts';
import { binanceRoutes, binanceSettings } from './binance/config.ts';
import { type Cctp, startCctp } from './cctp/cctp.ts';
import { cctpRoutes, cctpSettings } from './cctp/config.ts';
import { SOLVER, solverKey } from './chains/accounts.ts';
import { CHAINS, type LocalChain, mintToken, mintUsdc, startChain, tokenBalance, usdcBalance } from './chains/chain.ts';
import { type OutcomeTokens, startConditionalTokens } from './conditional-tokens/conditional-tokens.ts';
import { type Everclear, startEverclear } from './everclear/everclear.ts';
import { demoBalances, demoInvoices, type Invoice } from './invoices/invoice.ts';
import { type Polymarket, startPolymarket } from './polymarket/polymarket.ts';
import { type Positions, startPositions } from './positions/positions.ts';
import { unitsOf } from './scale.ts';
import { swapRoutes, swapSettings, usdtAsset } from './uniswap/config.ts';
import { startUniswap, type Uniswap } from './uniswap/uniswap.ts';

const BLOCK_SECONDS = 0.5;

interface WorldOptions {
	/** Seconds from block to block; 0 mines every transaction at once and nothing else. */
	readonly blockSeconds?: number;
	/** Token units that the wallet starts with, by venue; those of the demo unless told otherwise. */
	readonly balances?: Readonly<Record<string, string>>;
	/** Endpoints of each chain, all before the same node; one unless told otherwise. */
	readonly endpoints?: number;
	/** Whether there is an exchange with an account of ours; it takes its time to start, and watches every chain. */
	readonly exchange?: boolean;
	/** Whether there are outcome tokens on every chain, and an API that says who holds them. */
	readonly outcomes?: boolean;
	/** Chains beside the three. */
	readonly more?: readonly { readonly chainId: number; readonly name: string; readonly decimals: number }[];
}

interface Allowance {
	readonly venue: string;
	readonly spender: Address;
	readonly allowance: bigint;
}

/** Outcome tokens, what an API says of who holds them, and an account at the order book in which they are traded. */
interface Outcomes {
	readonly tokens: ReadonlyMap<string, OutcomeTokens>;
	readonly positions: Positions;
	readonly polymarket: Polymarket;
}

export interface World {
	/** By chain id as decimal text. */
	readonly chains: ReadonlyMap<string, LocalChain>;
	readonly everclear: Everclear;
	readonly across: Across;
	readonly cctp: Cctp;
	readonly uniswap: Uniswap;
	/** Null where none was asked for. */
	readonly binance: Binance | null;
	/** The contracts by venue; null where none were asked for. */
	readonly outcomes: Outcomes | null;
	/** The account whose funds the product moves. */
	readonly wallet: Address;
	readonly signerKey: Hex;
	/** Throws when there is no such chain. */
	chain(venue: string): LocalChain;
	/** A configuration file's content for this world; `reserves` in token units by venue. */
	config(settings?: ConfigSettings): ReturnType<typeof configFor>;
	demoInvoices(): Invoice[];
	/** Mints to the wallet, or to another account; token units. */
	fund(venue: string, tokenUnits: string, to?: Address): Promise<void>;
	/** Base units of USDC. */
	balanceOf(venue: string, owner: Address): Promise<bigint>;
	/** The same two of USDT. */
	fundUsdt(venue: string, tokenUnits: string, to?: Address): Promise<void>;
	usdtBalanceOf(venue: string, owner: Address): Promise<bigint>;
	/** What the owner lets the contracts of the bridges and the hub spend. */
	allowances(owner: Address): Promise<Allowance[]>;
	/** Moves the clocks of all chains on, by a block that is so much younger. */
	passTime(seconds: number): Promise<void>;
	/** Back to the start: contracts and no history, an empty wallet, no invoices, no faults. Stop the product first. */
	reset(): Promise<void>;
	stop(): Promise<void>;
}

export async function startWorld({
	blockSeconds = BLOCK_SECONDS,
	balances = demoBalances(),
	endpoints = 1,
	exchange = false,
	outcomes: hasOutcomes = false,
	more = [],
}: WorldOptions = {}): Promise<World> {
	const started = await Promise.all([...CHAINS, ...more].map((each) => startChain({ ...each, blockSeconds, endpoints })));
	const chains = new Map(started.map((chain) => [chain.id, chain]));
	const [across, everclear, cctp] = await Promise.all([startAcross(chains), startEverclear(chains), startCctp(chains)]);
	const uniswap = await startUniswap(chains);
	const binance = exchange ? await startBinance(chains, { USDC: ({ usdc }) => usdc, USDT: ({ id }) => uniswap.at(id).usdt }) : null;
	const outcomes = hasOutcomes ? await startOutcomes(chains) : null;
	let snapshots = await snapshot(started);
	const chain = (venue: string): LocalChain => {
		const found = chains.get(venue);
		if (found === undefined) throw new Error(`there is no chain ${venue}: only ${[...chains.keys()].join(', ')}`);
		return found;
	};
	const world: World = {
		chains,
		everclear,
		across,
		cctp,
		uniswap,
		binance,
		outcomes,
		wallet: SOLVER.address,
		signerKey: solverKey(),
		chain,
		config: (settings = {}) => configFor({ chains: started, everclear, across, cctp, uniswap, binance }, settings),
		demoInvoices,
		fund: (venue, tokenUnits, to = SOLVER.address) => mintUsdc(chain(venue), to, unitsOf(tokenUnits, chain(venue).decimals)),
		balanceOf: (venue, owner) => usdcBalance(chain(venue), owner),
		fundUsdt: (venue, tokenUnits, to = SOLVER.address) =>
			mintToken(chain(venue), { token: uniswap.at(venue).usdt, to, units: unitsOf(tokenUnits, chain(venue).decimals) }),
		usdtBalanceOf: (venue, owner) => tokenBalance(chain(venue), { token: uniswap.at(venue).usdt, owner }),
		allowances: async (owner) => (await Promise.all(started.map((each) => allowancesOn({ chain: each, cctp }, owner)))).flat(),
		passTime: async (seconds) => void (await Promise.all(started.map((each) => passTimeOn(each, seconds)))),
		async reset() {
			const pollers = [across.relayer.poller, everclear.poller, cctp.iris.poller, ...(binance === null ? [] : [binance.poller])];
			await Promise.all(pollers.map((each) => each.pause()));
			await across.relayer.idle();
			snapshots = await takeBack(started, snapshots);
			await Promise.all([across.forget(), everclear.forget(), cctp.forget(), binance?.forget()]);
			outcomes?.positions.forget();
			outcomes?.polymarket.forget();
			for (const poller of pollers) poller.resume();
		},
		async stop() {
			await Promise.all([
				across.stop(),
				everclear.stop(),
				cctp.stop(),
				binance?.stop(),
				outcomes?.positions.stop(),
				outcomes?.polymarket.stop(),
			]);
			await Promise.all(started.map((each) => each.stop()));
		},
	};
	await Promise.all(Object.entries(balances).map(([venue, tokenUnits]) => world.fund(venue, tokenUnits)));
	return world;
}

async function startOutcomes(chains: ReadonlyMap<string, LocalChain>): Promise<Outcomes> {
	const [tokens, positions, polymarket] = await Promise.all([startConditionalTokens(chains), startPositions(), startPolymarket()]);
	return { tokens, positions, polymarket };
}

/** Whose balance makes one block unlike another. */
const NOBODY = '0x00000000000000000000000000000000000b10c5';

const snapshot = (chains: readonly LocalChain[]): Promise<Hex[]> => Promise.all(chains.map(({ client }) => client.snapshot()));

/**
 * A snapshot serves once, so a new one is taken at once, of a block that never was before. A node keeps the state of a block as often as it
 * goes on from it; of one that it knows already it sometimes finds the copy that it has put aside, without the code of its contracts, and a
 * reorganisation down to it leaves a chain without any.
 */
async function takeBack(chains: readonly LocalChain[], snapshots: readonly Hex[]): Promise<Hex[]> {
	for (const [index, { client, proxies }] of chains.entries()) {
		const id = snapshots[index];
		if (id === undefined) throw new Error('a chain has no snapshot');
		await client.dropPool();
		await client.revert({ id });
		await client.setBalance({ address: NOBODY, value: BigInt(id) });
		await client.mine({ blocks: 1 });
		for (const proxy of proxies) {
			proxy.fault = () => 'pass';
			proxy.counts.clear();
		}
	}
	return snapshot(chains);
}

async function passTimeOn({ client }: LocalChain, seconds: number): Promise<void> {
	await client.increaseTime({ seconds });
	await client.mine({ blocks: 1 });
}

async function allowancesOn({ chain, cctp }: { chain: LocalChain; cctp: Cctp }, owner: Address): Promise<Allowance[]> {
	const { id, client, usdc, spokePool, spoke } = chain;
	const tokenMessenger = cctp.chains.get(id)?.tokenMessenger;
	return Promise.all(
		[spokePool, spoke, ...(tokenMessenger === undefined ? [] : [tokenMessenger])].map(async (spender) => ({
			venue: id,
			spender,
			allowance: await client.readContract({ address: usdc, abi: erc20Abi, functionName: 'allowance', args: [owner, spender] }),
		})),
	);
}

interface Parts {
	readonly chains: readonly LocalChain[];
	readonly everclear: Everclear;
	readonly across: Across;
	readonly cctp: Cctp;
	readonly uniswap: Uniswap;
	readonly binance: Binance | null;
}

export type BridgeName = 'across' | 'binance' | 'cctp-v2' | 'swap';

interface ConfigSettings {
	/** Token units that are never spent, by venue. */
	readonly reserves?: Readonly<Record<string, string>>;
	readonly finalityBlocks?: number;
	/** Those with settings and routes; Across alone unless told otherwise. */
	readonly bridges?: readonly BridgeName[];
}

function configFor(
	{ chains, everclear, across, cctp, uniswap, binance }: Parts,
	{ reserves = {}, finalityBlocks = 1, bridges = ['across'] }: ConfigSettings,
) {
	const exchange = bridges.includes('binance') ? binance : null;
	const perChain = <T>(make: (chain: LocalChain) => T) => Object.fromEntries(chains.map((chain) => [chain.id, make(chain)]));
	const pairs = chains.flatMap((origin) => chains.filter((each) => each !== origin).map((destination) => ({ origin, destination })));
	return {
		wallet: SOLVER.address,
		chains: perChain(({ name, proxies }) => ({ name, rpcUrls: proxies.map(({ url }) => url), finalityBlocks, pollMs: 100 })),
		assets: {
			USDC: { venues: perChain(({ id, usdc, decimals }) => ({ address: usdc, decimals, reserve: reserves[id] ?? '0' })) },
			...(bridges.includes('swap') && { USDT: usdtAsset(uniswap) }),
		},
		inventory: { pollMs: 500, syncMs: 2_000 },
		everclear: { apiUrl: everclear.url, spokes: perChain(({ spoke }) => spoke), pollMs: 500, pageSize: 5 },
		bridges: {
			...(bridges.includes('across') && { across: { apiUrl: across.url, spokePools: perChain(({ spokePool }) => spokePool) } }),
			...(exchange !== null && { binance: binanceSettings(exchange) }),
			...(bridges.includes('cctp-v2') && { 'cctp-v2': cctpSettings(cctp) }),
			...(bridges.includes('swap') && { swap: swapSettings(uniswap) }),
		},
		routes: [
			...(bridges.includes('across')
				? pairs.map(({ origin, destination }) => ({ asset: 'USDC', origin: origin.id, destination: destination.id, bridge: 'across' }))
				: []),
			...(exchange === null ? [] : binanceRoutes(exchange)),
			...(bridges.includes('cctp-v2') ? cctpRoutes(cctp) : []),
			...(bridges.includes('swap') ? swapRoutes(uniswap) : []),
		],
		planning: { snapshotMaxAgeMs: 10_000 },
	};
}
