/** A chain in memory: its blocks, who had what as of each of them, and the logs of every transfer. The same for the same seed and the same calls. */
import {
	type Address,
	encodeAbiParameters,
	getAddress,
	type Hex,
	keccak256,
	pad,
	toEventSelector,
	toHex,
	zeroAddress,
	zeroHash,
} from 'viem';
import { powerOfTen } from '../../src/money/units.ts';
import { generator, type Random } from '../../test/faults/random.ts';

/** A token's id is that of ERC-1155; without one it is an ERC-20 token, or the chain's own coin. */
export interface Position {
	readonly token: Address | 'native';
	readonly holder: Address;
	readonly id?: bigint | undefined;
}

/** Base units. From the zero address they are made, and to it they are destroyed. */
export interface Move {
	readonly token: Address | 'native';
	readonly from: Address;
	readonly to: Address;
	readonly amount: bigint;
	readonly id?: bigint | undefined;
}

/** As JSON-RPC says it. */
export interface StubLog {
	readonly address: string;
	readonly topics: readonly Hex[];
	readonly data: Hex;
	readonly blockNumber: Hex;
	readonly blockHash: Hex;
	readonly transactionHash: Hex;
	readonly transactionIndex: Hex;
	readonly logIndex: Hex;
	readonly removed: false;
}

export interface Block {
	readonly number: number;
	readonly hash: Hex;
	readonly parent: Block | null;
	/** Unix seconds. */
	readonly timestamp: number;
	/** What the positions hold after it that it has changed. */
	readonly changes: ReadonlyMap<string, bigint>;
	readonly logs: readonly StubLog[];
}

interface StubToken {
	readonly symbol: string;
	readonly address: Address;
	readonly decimals: number;
}

export interface StubChain {
	readonly chainId: number;
	readonly tokens: readonly StubToken[];
	/** A contract of ERC-1155; its ids need all 256 bits. */
	readonly collection: { readonly address: Address; readonly ids: readonly bigint[] };
	/** The same on every chain of one seed; each has some of every token and id. */
	readonly holders: readonly Address[];
	head(): Block;
	/** The canonical one of this height. */
	blockAt(number: number): Block | undefined;
	/** One that a reorganisation has replaced is still known. */
	blockOf(hash: string): Block | undefined;
	isCanonical(block: Block): boolean;
	/** Base units as of a block; the latest when left out. What nobody has ever moved is zero. */
	balance(position: Position, block?: Block): bigint;
	/** An empty block. */
	mine(): Block;
	/** All in one block, each in a transaction of its own. Throws `RangeError`, and mines nothing, when one of them is impossible. */
	transfer(...moves: readonly Move[]): Block;
	/** So many blocks are replaced by as many empty ones and one more. Returns the last. */
	reorganise(depth: number): Block;
}

const TRANSFER = toEventSelector('Transfer(address,address,uint256)');
const TRANSFER_SINGLE = toEventSelector('TransferSingle(address,address,address,uint256,uint256)');
const ID_AND_VALUE = [{ type: 'uint256' }, { type: 'uint256' }] as const;
const DECIMALS = [6, 6, 18, 18, 8, 18, 6, 18];
const HOLDERS = 2;
const IDS = 3;
/** Whole tokens. */
const MOST_TOKENS = 1_000_000n;
/** There are so many at the start, so that even the final block has some before it. */
const FIRST_HEIGHT = 64;
const START_SECONDS = 1_700_000_000;
const BLOCK_SECONDS = 2;

export function createStubChain(chainId: number, seed: number): StubChain {
	const random = generator(seed ^ Math.imul(chainId, 0x9e3779b1));
	const named = (name: string) => addressOf(`${seed} ${chainId} ${name}`);
	const tokens = DECIMALS.map((decimals, index) => ({ symbol: `T${index}`, address: named(`token ${index}`), decimals }));
	const collection = {
		address: named('collection'),
		ids: Array.from({ length: IDS }, (_, index) => BigInt(keccak256(toHex(`${seed} ${chainId} id ${index}`)))),
	};
	const holders = Array.from({ length: HOLDERS }, (_, index) => addressOf(`${seed} holder ${index}`));
	const blocks = createBlocks(`${seed} ${chainId}`);
	const isToken = new Set(tokens.map(({ address }) => lower(address)));

	const check = ({ token, amount, id }: Move): void => {
		if (amount < 0n) throw new RangeError(`${amount} cannot be moved`);
		const known = id === undefined ? token === 'native' || isToken.has(lower(token)) : lower(token) === lower(collection.address);
		if (!known) throw new RangeError(`${token} has nothing ${id === undefined ? 'without an id' : 'with ids'} on chain ${chainId}`);
	};
	const transfer = (...moves: readonly Move[]): Block => {
		for (const move of moves) check(move);
		return blocks.append(moves);
	};
	transfer(...firstMoves({ tokens, collection, holders, random }));
	while (blocks.head().number < FIRST_HEIGHT) blocks.append([]);
	const { append, ...read } = blocks;
	return { chainId, tokens, collection, holders, ...read, mine: () => append([]), transfer };
}

type Blocks = Pick<StubChain, 'head' | 'blockAt' | 'blockOf' | 'isCanonical' | 'balance' | 'reorganise'> & {
	append(moves: readonly Move[]): Block;
};

function createBlocks(salt: string): Blocks {
	const canonical: Block[] = [genesis(salt)];
	const known = new Map(canonical.map((block) => [block.hash as string, block]));
	/** Per position the canonical blocks that have changed it. */
	const changed = new Map<string, Block[]>();
	/** Tells the blocks of one height apart. */
	let fork = 0;

	const head = (): Block => canonical.at(-1) ?? genesis(salt);
	const isCanonical = (block: Block) => canonical[block.number] === block;
	const held = (key: string, block: Block): bigint => {
		for (let each = block; ; each = each.parent) {
			const own = each.changes.get(key);
			if (own !== undefined) return own;
			if (each.parent === null) return 0n;
			if (isCanonical(each))
				return (
					changed
						.get(key)
						?.findLast(({ number }) => number <= each.number)
						?.changes.get(key) ?? 0n
				);
		}
	};
	const append = (moves: readonly Move[]): Block => {
		const parent = head();
		const changes = changesOf(moves, (key) => held(key, parent));
		const number = parent.number + 1;
		const hash = keccak256(toHex(`${salt} block ${number} fork ${fork} on ${parent.hash}`));
		const timestamp = parent.timestamp + BLOCK_SECONDS;
		const block = { number, hash, parent, timestamp, changes, logs: logsOf(moves, { number, hash }) };
		canonical.push(block);
		known.set(hash, block);
		for (const key of changes.keys()) changed.set(key, [...(changed.get(key) ?? []), block]);
		return block;
	};
	const reorganise = (depth: number): Block => {
		if (depth < 1 || depth >= canonical.length) throw new RangeError(`${depth} of ${canonical.length} blocks cannot be replaced`);
		fork += 1;
		for (const gone of canonical.splice(-depth)) {
			for (const key of gone.changes.keys()) changed.set(key, changed.get(key)?.filter((each) => each !== gone) ?? []);
		}
		for (let more = 0; more < depth; more += 1) append([]);
		return append([]);
	};
	return {
		head,
		blockAt: (number) => canonical[number],
		blockOf: (hash) => known.get(lower(hash)),
		isCanonical,
		balance: (position, block = head()) => held(keyOf(position), block),
		append,
		reorganise,
	};
}

function genesis(salt: string): Block {
	const hash = keccak256(toHex(`${salt} genesis`));
	return { number: 0, hash, parent: null, timestamp: START_SECONDS, changes: new Map(), logs: [] };
}

/** One after the other: who receives may pass on in the same block. */
function changesOf(moves: readonly Move[], heldBefore: (key: string) => bigint): Map<string, bigint> {
	const changes = new Map<string, bigint>();
	const add = (position: Position, amount: bigint) => {
		if (position.holder === zeroAddress) return;
		const key = keyOf(position);
		const after = (changes.get(key) ?? heldBefore(key)) + amount;
		if (after < 0n) throw new RangeError(`${position.holder} lacks ${-after} of ${position.token}`);
		changes.set(key, after);
	};
	for (const { from, to, amount, ...what } of moves) {
		add({ ...what, holder: from }, -amount);
		add({ ...what, holder: to }, amount);
	}
	return changes;
}

function keyOf({ token, holder, id }: Position): string {
	return `${lower(token)} ${lower(holder)} ${id ?? ''}`;
}

/** The chain's own coin moves without a log. */
function logsOf(moves: readonly Move[], { number, hash }: { readonly number: number; readonly hash: Hex }): StubLog[] {
	const all: StubLog[] = [];
	for (const [index, { token, from, to, amount, id }] of moves.entries()) {
		if (token === 'native') continue;
		const ends = [pad(lower(from) as Hex), pad(lower(to) as Hex)] as const;
		all.push({
			address: lower(token),
			topics: id === undefined ? [TRANSFER, ...ends] : [TRANSFER_SINGLE, ends[0], ...ends],
			data: id === undefined ? pad(toHex(amount)) : encodeAbiParameters(ID_AND_VALUE, [id, amount]),
			blockNumber: toHex(number),
			blockHash: hash,
			transactionHash: keccak256(toHex(`${hash} transaction ${index}`)),
			transactionIndex: toHex(index),
			logIndex: toHex(all.length),
			removed: false,
		});
	}
	return all;
}

interface Endowment extends Pick<StubChain, 'tokens' | 'collection' | 'holders'> {
	readonly random: Random;
}

function firstMoves({ tokens, collection, holders, random }: Endowment): Move[] {
	const some = (decimals: number): bigint => {
		const drawn = (BigInt(random(2 ** 32)) << 64n) | (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
		return 1n + (drawn % (MOST_TOKENS * powerOfTen(decimals)));
	};
	const made = (to: Address) => ({ from: zeroAddress, to });
	return holders.flatMap((holder) => [
		{ ...made(holder), token: 'native' as const, amount: some(18) },
		...tokens.map(({ address, decimals }) => ({ ...made(holder), token: address, amount: some(decimals) })),
		...collection.ids.map((id) => ({ ...made(holder), token: collection.address, id, amount: some(6) })),
	]);
}

/** The parent of the first block, as nodes say it. */
export function parentHash({ parent }: Block): Hex {
	return parent?.hash ?? zeroHash;
}

export function lower(text: string): string {
	return text.toLowerCase();
}

function addressOf(name: string): Address {
	return getAddress(`0x${keccak256(toHex(name)).slice(-40)}`);
}
