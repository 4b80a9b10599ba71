/** A chain in memory with all that was ever moved on it, and looks at it by the product. */
import { sql } from 'drizzle-orm';
import { type Address, zeroAddress } from 'viem';
import type { Block, Move } from '../../bench/inventory/stub-chain.ts';
import { type Head, readHead } from '../../src/chain/balances.ts';
import type { ChainPosition } from '../../src/inventory/venue.ts';
import { createLog } from '../../src/observe/log.ts';
import { type Followed, followTransfers } from '../../src/steps/upkeep/follow-transfers.ts';
import { type Db, openStore } from '../../src/store/db.ts';
import { readCursor, type SeenBlock } from '../../src/store/transfers.ts';
import { firstOf, type StubStand, startStubStand } from '../chain/stub-stand.ts';

/** No reorganisation reaches below the first blocks, in which everybody is given something. */
export const FIRST_BLOCKS = 64 + 70;

/** Both ends included: from the first moves of the test on, and up to the head, unless said otherwise. */
interface Blocks {
	readonly from?: number;
	readonly upTo?: number;
}

export interface WatchedChain {
	readonly stand: StubStand;
	readonly venue: string;
	/** Empty blocks. */
	mine(count: number): void;
	/** All in one block. */
	move(...moves: readonly Move[]): Block;
	/** So many base units of the first token, or of the first id, come to the wallet. */
	into(amount: bigint, what?: 'T0' | 'ID0'): Move;
	head(): Promise<Head>;
	/** Up to the head, or to one that was seen before. */
	look(to?: Head, db?: Db): Promise<Followed>;
	/** The same by a process that has just started. */
	lookAnew(): Promise<Followed>;
	cursor(): Promise<SeenBlock | null>;
	/** One line for every position and transaction that has moved something. */
	stored(): Promise<string[]>;
	/** The same by what was moved in the blocks that are on the chain now. */
	expected(blocks?: Blocks): string[];
	/** Ranges of blocks that the node was asked for transfers in, since the last look at what it was asked. */
	ranges(): string[];
}

/** Nobody has looked at it so far. */
export async function watchChain(db: Db, databaseUrl: string, chainId: number): Promise<WatchedChain> {
	const stand = await startStubStand(chainId);
	const { chain, venue, config, wallet, client } = stand;
	const moved = new Map<string, readonly Move[]>();
	const log = createLog('silent', 'test');
	const mine = (count: number) => {
		for (let more = 0; more < count; more += 1) chain.mine();
	};
	mine(FIRST_BLOCKS - chain.head().number);
	await client.getBlockNumber();
	stand.asked();
	return {
		...{ stand, venue, mine },
		move: (...moves) => {
			const block = chain.transfer(...moves);
			moved.set(block.hash, moves);
			return block;
		},
		into: (amount, what = 'T0') => {
			const { address, ids } = chain.collection;
			const made = { from: zeroAddress, to: wallet, amount };
			return what === 'T0' ? { token: firstOf(chain.tokens).address, ...made } : { token: address, id: firstOf(ids), ...made };
		},
		head: () => readHead(client, venue),
		look: async (to, by = db) =>
			followTransfers({ config, db: by, log, client: () => client }, { chain: venue, head: to ?? (await readHead(client, venue)) }),
		lookAnew: async () => {
			const [store, own] = [openStore({ databaseUrl, pool: 2 }), stand.open()];
			try {
				return await followTransfers({ config, db: store.db, log, client: () => own }, { chain: venue, head: await readHead(own, venue) });
			} finally {
				await store.close();
			}
		},
		cursor: () => readCursor(db, venue),
		stored: () => storedOf(db, venue),
		expected: (blocks = {}) => expectedOf(stand, moved, blocks),
		ranges: () => rangesOf(stand),
	};
}

async function storedOf(db: Db, venue: string): Promise<string[]> {
	const rows = await db.execute<{ line: string }>(sql`
		select concat_ws(' ', venue, asset, tx, incoming, outgoing, block_number, block_hash) as line
		from transfers where chain = ${venue} and (block_hash is not null or incoming <> 0 or outgoing <> 0)`);
	return rows.map(({ line }) => line).sort();
}

function expectedOf(
	{ chain, config, venue }: StubStand,
	moved: ReadonlyMap<string, readonly Move[]>,
	{ from = 2, upTo = Infinity }: Blocks,
): string[] {
	const positions = config.inventory.positions.get(venue) ?? [];
	const lines: string[] = [];
	for (let block = chain.head(); block.number >= from && block.parent !== null; block = block.parent) {
		if (block.number > upTo) continue;
		for (const [index, move] of (moved.get(block.hash) ?? []).entries()) {
			const tx = block.logs[index]?.transactionHash;
			const touched = positions.filter((each) => move.from !== move.to && isMoved(each, move));
			lines.push(...touched.map((each) => `${each.venue} ${each.asset} ${tx} ${sumsOf(each, move)} ${block.number} ${block.hash}`));
		}
	}
	return lines.sort();
}

function isMoved({ token, holder }: ChainPosition, { token: address, id, from, to }: Move): boolean {
	if (token.kind === 'native' || token.address !== address) return false;
	return id === (token.kind === 'erc1155' ? token.id : undefined) && [from, to].includes(holder);
}

const sumsOf = ({ holder }: { holder: Address }, { to, amount }: Move) => (holder === to ? `${amount} 0` : `0 ${amount}`);

function rangesOf(stand: StubStand): string[] {
	const filters = stand.asked().flatMap(({ method, params }) => (method === 'eth_getLogs' ? params : []));
	const ranges = (filters as { fromBlock: string; toBlock: string }[]).map(
		({ fromBlock, toBlock }) => `${Number(fromBlock)}-${Number(toBlock)}`,
	);
	return [...new Set(ranges)];
}
