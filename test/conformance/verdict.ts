/** What chains, books and rows say about a hop from outside, in one list of problems. */
import type postgres from 'postgres';
import { type Address, erc20Abi, parseAbiItem } from 'viem';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { exchangeAt, exchangeBook } from '../../sandbox/oracle/openings.ts';
import type { World } from '../../sandbox/world.ts';
import type { Leg } from '../../src/leg/leg.ts';
import { isLegTerminal } from '../../src/leg/state.ts';
import { syncInventory } from '../../src/steps/upkeep/balances.ts';
import type { Ends } from './hop.ts';
import type { Process } from './process.ts';

const TRANSFER = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)');

/** The wallet before the hop. */
export interface Opening {
	readonly chains: readonly OracleChain[];
	/** Transactions that the wallet has sent, of both ends together. */
	readonly sent: number;
}

export async function openingOf(world: World, ends: Ends): Promise<Opening> {
	const chains = [...world.chains.values()].map(async ({ id, client }) => {
		const fromBlock = await client.getBlockNumber();
		const tokens = [ends.origin, ends.destination]
			.filter((each) => each.venue === id)
			.map(async ({ asset, token: address, decimals }) => {
				return { asset, address, decimals, opening: await balanceOf(world, id, address) };
			});
		return { id, client, fromBlock, exchange: exchangeAt(world, id), tokens: await Promise.all(tokens) };
	});
	return { chains: await Promise.all(chains), sent: await sentBy(world, ends) };
}

export interface Movements {
	/** Transfers of the origin's token from the wallet. */
	readonly sends: number;
	/** Base units of the destination's token that came to the wallet. */
	readonly arrived: bigint;
	/** Transactions of the wallet, of both ends together. */
	readonly transactions: number;
}

export async function movementsSince({ chains, sent }: Opening, world: World, { origin, destination }: Ends): Promise<Movements> {
	const logs = async (end: Ends['origin'], args: { from: Address } | { to: Address }) => {
		const { client } = world.chain(end.venue);
		const fromBlock = (chains.find((each) => each.id === end.venue)?.fromBlock ?? 0n) + 1n;
		const toBlock = await client.getBlockNumber();
		return toBlock < fromBlock ? [] : client.getLogs({ address: end.token, event: TRANSFER, args, fromBlock, toBlock, strict: true });
	};
	const [out, into] = await Promise.all([logs(origin, { from: world.wallet }), logs(destination, { to: world.wallet })]);
	const arrived = into.reduce((sum, { args }) => sum + args.value, 0n);
	return { sends: out.length, arrived, transactions: (await sentBy(world, { origin, destination })) - sent };
}

interface Hearing {
	readonly world: World;
	readonly process: Process;
	readonly sql: postgres.Sql;
	readonly ends: Ends;
	readonly opening: Opening;
	readonly leg: Leg;
}

/** Empty when the hop has been sent once and delivered once, exactly as the rows say, and nothing is left behind. */
export async function problemsOfDelivery(hearing: Hearing): Promise<string[]> {
	const { world, process, ends, opening, leg } = hearing;
	const { sends, arrived, transactions } = await movementsSince(opening, world, ends);
	const [hop] = leg.hops;
	// Approval, send and claim.
	const most = process.bridge.claims ? 3 : 2;
	return [
		...(leg.status === 'delivered' && hop?.status === 'delivered' ? [] : [`the leg is ${leg.status} (${leg.reason})`]),
		...(sends === 1 ? [] : [`the wallet has sent ${sends} times`]),
		...(transactions <= most ? [] : [`the wallet has made ${transactions} transactions, where ${most} are enough`]),
		...(hop?.delivered === arrived ? [] : [`the hop says that ${hop?.delivered} arrived, the chain says ${arrived}`]),
		...(arrived >= leg.receive ? [] : [`${arrived} arrived, and ${leg.receive} was ordered`]),
		...(await problemsAtRest(hearing)),
	];
}

/** Empty when nothing has left, and nothing is held or allowed any more. */
export async function problemsOfRefusal(hearing: Hearing): Promise<string[]> {
	const { world, sql, ends, opening, leg } = hearing;
	const { sends } = await movementsSince(opening, world, ends);
	const held = await sql`select state from holds where leg_id = ${leg.id} and state <> 'released'`;
	return [
		...(leg.status === 'cancelled' || leg.status === 'failed' ? [] : [`the leg is ${leg.status} (${leg.reason})`]),
		...(sends === 0 ? [] : [`the wallet has sent ${sends} times`]),
		...held.map(({ state }) => `a hold is still ${state}`),
		...(await problemsAtRest(hearing)),
	];
}

/** Allowances, books and chains of an ended leg. */
async function problemsAtRest(hearing: Hearing): Promise<string[]> {
	const { world, process, sql, opening, leg } = hearing;
	if (!isLegTerminal(leg.status)) return [];
	const look = async () => {
		// What has moved waits for blocks until it counts as settled, and nobody else mines any.
		for (const { client } of world.chains.values()) await client.mine({ blocks: 1 });
		await syncInventory(process.app);
	};
	const { problems, duplicateEffects } = await judge(opening.chains, world.wallet, { exchange: exchangeBook(world) });
	const duplicates = duplicateEffects + (world.binance?.duplicates ?? 0);
	return [
		...(await allowancesLeft(hearing)),
		...(await checkSettledBooks(sql, { world, before: opening.chains, look })),
		...problems,
		...(duplicates === 0 ? [] : [`${duplicates} effects happened twice`]),
	];
}

async function allowancesLeft({ world, process, ends: { origin } }: Hearing): Promise<string[]> {
	const { client } = world.chain(origin.venue);
	const left = await Promise.all(
		process.bridge.contracts(origin.venue).map(async (spender) => {
			const args = [world.wallet, spender] as const;
			return { spender, units: await client.readContract({ address: origin.token, abi: erc20Abi, functionName: 'allowance', args }) };
		}),
	);
	return left.filter(({ units }) => units > 0n).map(({ spender, units }) => `${spender} may still spend ${units} ${origin.asset}`);
}

async function sentBy(world: World, { origin, destination }: Ends): Promise<number> {
	const venues = [...new Set([origin.venue, destination.venue])];
	const counts = await Promise.all(venues.map((venue) => world.chain(venue).client.getTransactionCount({ address: world.wallet })));
	return counts.reduce((sum, each) => sum + each, 0);
}

function balanceOf(world: World, venue: string, token: Address): Promise<bigint> {
	return world.chain(venue).client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [world.wallet] });
}
