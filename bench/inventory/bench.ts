/** What the inventory asks of the chains, how soon it knows, and whether its books come to the same when they are read again. */
import { timeArrivals, timesOf } from './arrivals.ts';
import { type Replay, timeReplay } from './books.ts';
import type { FarChain } from './far.ts';
import { openField } from './field.ts';
import { countStart, openPositions, ratioOf, tellLooks, tellPairs, tellSyncUnderWay, timeSyncs } from './syncs.ts';

export interface BenchOptions {
	/** Syncs that are timed next to single reads. */
	readonly pairs: number;
	/** Transfers that are timed until they are available. */
	readonly transfers: number;
	/** Entries of the ledger that is replayed. */
	readonly events: number;
	/** Decides balances, transfers and entries. */
	readonly seed: number;
	/** For people. */
	readonly write: (text: string) => void;
}

export interface BenchLine {
	readonly bench: 'inventory';
	/** The most that an endpoint was asked in one sync without funds under way, the very first one included. */
	readonly requestsPerChain: number;
	/** Median over the pairs of the time of a sync of all chains over that of the slowest single read. */
	readonly syncVsSlowestRead: number;
	readonly logToAvailableMs: { readonly p50: number; readonly p95: number };
	readonly replay: Replay;
	/** The most that this process has taken. */
	readonly rssMb: number;
}

const MOST_REQUESTS = 3;
const MOST_READS = 2.5;

/** Starts and stops a database and endpoints of its own, on loopback. Throws when a balance is stored that the chain does not say. */
export async function benchInventory(options: BenchOptions): Promise<{ line: BenchLine; misses: readonly string[] }> {
	const { pairs, transfers, events, seed, write } = options;
	const field = await openField(seed);
	try {
		const { chains } = field.endpoints;
		const positions = [...field.app.config.inventory.positions.values()].flat();
		write(
			`${chains.length} chains, ${positions.length} positions; before its first sync a process asks each endpoint ${await countStart(field)}`,
		);
		const mostAtFirst = await openPositions(field);
		const { pairs: timed, mostRequests } = await timeSyncs(field, pairs);
		const requestsPerChain = Math.max(mostAtFirst, mostRequests);
		write(`a sync asks an endpoint ${requestsPerChain} times at most; ${peerAsks(chains)}`);
		write(tellPairs(timed));
		write(await tellLooks(field));
		const tookMs = await timeArrivals(field, { transfers, seed });
		write(`${tookMs.length} transfers were available after ${Math.min(...tookMs)} to ${Math.max(...tookMs)} ms`);
		write(await tellSyncUnderWay(field));
		const replay = await timeReplay(await field.openBooks(), { events, seed, positions });
		write(`${replay.events} entries were replayed in ${replay.seconds} s, ${Math.round(replay.events / replay.seconds)} a second`);
		for (const warning of field.warnings.slice(0, 5)) write(`the product has warned: ${warning.trim()}`);
		const rssMb = Math.round(process.resourceUsage().maxRSS / 1_024);
		const line: BenchLine = {
			...{ bench: 'inventory', requestsPerChain, syncVsSlowestRead: ratioOf(timed) },
			...{ logToAvailableMs: timesOf(tookMs), replay, rssMb },
		};
		return { line, misses: missesOf(line) };
	} finally {
		await field.stop();
	}
}

/** What the goals ask for and the figures do not reach; empty when all of them hold. */
export function missesOf({ requestsPerChain, syncVsSlowestRead, replay }: Omit<BenchLine, 'bench' | 'rssMb'>): string[] {
	return [
		...(requestsPerChain <= MOST_REQUESTS ? [] : [`a sync asks an endpoint ${requestsPerChain} times; the goal is ${MOST_REQUESTS}`]),
		...(syncVsSlowestRead <= MOST_READS
			? []
			: [`a sync takes ${syncVsSlowestRead} times as long as the slowest single read; the goal is ${MOST_READS}`]),
		...(replay.identical ? [] : ['the replayed ledger comes to something else than what was written']),
	];
}

/** A poller that reads every pair of token and chain by itself, its balance twice and its custody once, and the gas of every chain. */
function peerAsks(chains: readonly FarChain[]): string {
	const pairs = chains.reduce((sum, { tokens }) => sum + tokens.length, 0);
	const all = 3 * pairs + chains.length;
	return `a poller of 3·P + C, with P = ${pairs} for the wallet alone and C = ${chains.length}, would ask ${all / chains.length} times`;
}
