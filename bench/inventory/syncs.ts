/** What one sync of all chains asks, and how long it takes next to the slowest of single reads that are made right before or after it. */
import { setTimeout as pause } from 'node:timers/promises';
import { erc20Abi } from 'viem';
import { balanceSnapshots } from '../../drizzle/schema/inventory.ts';
import { chainOf, positionKey } from '../../src/inventory/venue.ts';
import { lookAtTransfers } from '../../src/steps/upkeep/look-at-chain.ts';
import { median, quantile, rounded } from '../statistics.ts';
import type { Counts } from './far.ts';
import { FINALITY_BLOCKS, type Field } from './field.ts';
import { putUnderWay } from './under-way.ts';

interface Pair {
	/** Until everything is stored. */
	readonly syncMs: number;
	/** Processor time of this process meanwhile. */
	readonly syncCpuMs: number;
	/** The slowest of one read per chain, all at once. */
	readonly readMs: number;
}

/** Longer than readings are shared among whoever asks for them. */
const UNSHARED_MS = 300;
/** Until statements are planned, and code is compiled. */
const WARM_UP = 5;

/** What a process asks before its first sync: whether its endpoints serve the right chains. */
export async function countStart({ app, endpoints }: Field): Promise<string> {
	await endpoints.takeCounts();
	await app.checkChains();
	return told(await endpoints.takeCounts());
}

/** The syncs of a new database, until all transfers are followed and all books are open. Returns the most that an endpoint was asked in one. */
export async function openPositions(field: Field): Promise<number> {
	const { app, endpoints } = field;
	const first = await countSync(field);
	await lookAtAll(field, false);
	for (let blocks = 0; blocks <= FINALITY_BLOCKS; blocks += 1) await endpoints.mine();
	await pause(UNSHARED_MS);
	const opening = await countSync(field);
	const rows = await app.db.select().from(balanceSnapshots);
	const closed = rows.filter(({ openedBlock }) => openedBlock === null);
	if (closed.length > 0) throw new Error(`the books of ${closed.length} of ${rows.length} positions are not open`);
	return Math.max(first.most, opening.most);
}

/** One of each in turn, either of them first every other time, with a new block on every chain before each sync. */
export async function timeSyncs(field: Field, pairs: number): Promise<{ pairs: readonly Pair[]; mostRequests: number }> {
	const timed: Pair[] = [];
	let mostRequests = 0;
	for (let index = 0; index < WARM_UP + pairs; index += 1) {
		await field.endpoints.mine();
		await pause(UNSHARED_MS);
		const before = index % 2 === 0 ? await slowestRead(field) : null;
		const { ms, cpuMs, most } = await countSync(field);
		const readMs = before ?? (await slowestRead(field));
		mostRequests = Math.max(mostRequests, most);
		if (index >= WARM_UP) timed.push({ syncMs: ms, syncCpuMs: cpuMs, readMs });
	}
	await compareWithChains(field);
	return { pairs: timed, mostRequests };
}

export function ratioOf(pairs: readonly Pair[]): number {
	return rounded(median(pairs.map(({ syncMs, readMs }) => syncMs / readMs)), 2);
}

/** For people. */
export function tellPairs(pairs: readonly Pair[]): string {
	const ratios = pairs.map(({ syncMs, readMs }) => syncMs / readMs);
	const [low, high] = [0.25, 0.75].map((share) => rounded(quantile(ratios, share), 2));
	const ms = (of: keyof Pair) => rounded(median(pairs.map((pair) => pair[of])), 1);
	return `${pairs.length} pairs: ${ms('syncMs')} ms per sync (${ms('syncCpuMs')} ms of it this process computes), ${ms('readMs')} ms for the slowest single read; half of the ratios from ${low} to ${high}`;
}

/** What looks at transfers ask, for people: at an unchanged head, one block later, several blocks later, and with a transfer to the wallet. */
export async function tellLooks(field: Field): Promise<string> {
	const { endpoints } = field;
	await lookAtAll(field, false);
	const unchanged = await lookAtAll(field, false);
	await endpoints.mine();
	const next = await lookAtAll(field, false);
	for (let blocks = 0; blocks < 3; blocks += 1) await endpoints.mine();
	const later = await lookAtAll(field, false);
	for (const { chainId, tokens, holders } of endpoints.chains) {
		const [[wallet, other], [token]] = [holders, tokens];
		if (wallet === undefined || other === undefined || token === undefined) throw new Error(`chain ${chainId} has nothing to move`);
		await endpoints.transfer({ chainId, move: { token: token.address, from: other, to: wallet, amount: 1n } });
	}
	const moved = await lookAtAll(field, false);
	return `a look at transfers asks each endpoint: at an unchanged head ${unchanged}; a block later ${next}; 3 blocks later ${later}; with a transfer ${moved}`;
}

/** What one sync asks when funds are under way to every chain, for people. */
export async function tellSyncUnderWay(field: Field): Promise<string> {
	await putUnderWay(field);
	await lookAtAll(field, false);
	const most: number[] = [];
	for (const blocks of [0, 1, 3]) {
		for (let mined = 0; mined < blocks; mined += 1) await field.endpoints.mine();
		await pause(UNSHARED_MS);
		most.push((await countSync(field)).most);
	}
	return `with funds under way to every chain a sync asks an endpoint ${most.join(', ')} times, 0, 1 and 3 blocks after the last look`;
}

async function lookAtAll({ app, endpoints }: Field, isDue: boolean): Promise<string> {
	await endpoints.takeCounts();
	await Promise.all(endpoints.chains.map(({ chainId }) => lookAtTransfers(app, `${chainId}`, async () => isDue)));
	return told(await endpoints.takeCounts());
}

/** As planning asks for it. Throws when a chain was not read. */
async function countSync({ app, endpoints }: Field): Promise<{ ms: number; cpuMs: number; most: number }> {
	await endpoints.takeCounts();
	const [startedMs, startedCpu] = [performance.now(), process.cpuUsage()];
	const unread = await app.syncBalances();
	const ms = performance.now() - startedMs;
	const { user, system } = process.cpuUsage(startedCpu);
	const totals = [...(await endpoints.takeCounts()).values()].map(totalOf);
	if (unread.size > 0) throw new Error(`not read: ${[...unread].map((each) => each.join(': ')).join('; ')}`);
	if (Math.min(...totals) === 0) throw new Error('a sync has shared the readings of another one');
	return { ms, cpuMs: (user + system) / 1_000, most: Math.max(...totals) };
}

/** Milliseconds. */
async function slowestRead({ app, endpoints }: Field): Promise<number> {
	const reads = endpoints.chains.map(async ({ chainId, tokens, holders }) => {
		const [[token], [holder]] = [tokens, holders];
		if (token === undefined || holder === undefined) throw new Error(`chain ${chainId} has nothing to read`);
		const startedMs = performance.now();
		const read = { address: token.address, abi: erc20Abi, functionName: 'balanceOf', args: [holder] } as const;
		await app.client(`${chainId}`).readContract(read);
		return performance.now() - startedMs;
	});
	return Math.max(...(await Promise.all(reads)));
}

/** Every stored balance is that of its block, and every settled one that of the block which counts as settled below it. Throws otherwise. */
async function compareWithChains({ app, endpoints }: Field): Promise<void> {
	const rows = new Map((await app.db.select().from(balanceSnapshots)).map((row) => [positionKey(row), row]));
	for (const { chainId } of endpoints.chains) {
		const places = app.config.inventory.positions.get(`${chainId}`) ?? [];
		const positions = places.map(({ token, holder }) => ({ token: token.kind === 'native' ? ('native' as const) : token.address, holder }));
		const stored = places.map((place) => rows.get(positionKey(place)));
		const block = Number(stored[0]?.blockNumber ?? 0n);
		const latest = await endpoints.balances({ chainId, block, positions });
		const settled = await endpoints.balances({ chainId, block: block - FINALITY_BLOCKS, positions });
		for (const [index, place] of places.entries()) {
			const row = stored[index];
			const isSame = row?.amount === latest[index] && row?.settledAmount === settled[index] && chainOf(row?.venue ?? '') === `${chainId}`;
			if (!isSame) throw new Error(`what is stored for ${positionKey(place)} is not what the chain says at block ${block}`);
		}
	}
}

function totalOf(counts: Counts): number {
	return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Of the endpoint that was asked most. */
function told(all: ReadonlyMap<number, Counts>): string {
	const [most] = [...all.values()].sort((a, b) => totalOf(b) - totalOf(a));
	if (most === undefined) return '0';
	return `${totalOf(most)} (${[...most].map(([method, count]) => `${count} ${method}`).join(', ')})`;
}
