/**
 * A tiny chain with one token and one account of ours: blocks with their balances, a pool of signed transactions that are mined in the
 * order of their nonces, exact allowances. Amounts are base units.
 */
import {
	type Address,
	decodeFunctionData,
	ExecutionRevertedError,
	erc20Abi,
	type Hash,
	type Hex,
	hexToString,
	keccak256,
	type Log,
	type PublicClient,
	stringToHex,
	TransactionReceiptNotFoundError,
} from 'viem';

export interface Call {
	readonly to: Address;
	readonly data: Hex;
}

/** A contract as our wallet sees it: what a call takes from it by allowance, or pays to it, and what else follows. */
export interface Contract {
	wants(data: Hex): bigint;
	pays(data: Hex): bigint;
	/** Why it would not execute the call now, or null. */
	objects(data: Hex): string | null;
	act(data: Hex, hash: Hash): readonly Log[];
}

interface Receipt {
	readonly status: 'success' | 'reverted';
	readonly transactionHash: Hash;
	readonly blockNumber: bigint;
	readonly blockHash: Hash;
	readonly logs: readonly Log[];
}

/** What befalls the calls of contracts here, but not approvals. */
export type Trouble = 'none' | 'refuses' | 'reverts';

/** How the node begins when it is our own fault: a hold or an allowance was wrong, or the wallet would fall below its reserve. */
export const NOT_ENOUGH = 'not enough';

export interface ChainFacts {
	readonly venue: string;
	readonly token: Address;
	readonly opening: bigint;
	/** Nothing of ours may ever take the balance below this. */
	readonly reserve: bigint;
	readonly contracts: ReadonlyMap<Address, Contract>;
	/** Called when a signed call wants to spend what is not there, or not allowed: a hold or an allowance was wrong. */
	readonly fault: (problem: string) => void;
}

export class Chain {
	readonly facts: ChainFacts;
	trouble: Trouble = 'none';
	readonly allowances = new Map<Address, bigint>();
	private readonly blocks: { balance: bigint; nonce: bigint }[];
	private readonly pool = new Map<bigint, Call & { readonly hash: Hash }>();
	private readonly receipts = new Map<Hash, Receipt>();
	private readonly arrivals: { readonly transactionHash: Hash; readonly blockNumber: bigint; readonly args: { readonly value: bigint } }[] =
		[];

	constructor(facts: ChainFacts) {
		this.facts = facts;
		this.blocks = [{ balance: facts.opening, nonce: 0n }];
	}

	get height(): bigint {
		return BigInt(this.blocks.length - 1);
	}

	get balance(): bigint {
		return this.at(this.height).balance;
	}

	/** Mines everything that waits, each transaction in a block of its own; an empty block when nothing does. */
	mine(): void {
		const before = this.height;
		for (let next = this.at(this.height).nonce; this.pool.has(next); next += 1n) {
			const call = this.pool.get(next);
			if (call !== undefined) this.execute(call);
			this.pool.delete(next);
		}
		if (this.height === before) this.append({});
	}

	/** Somebody pays us, in one transaction. */
	receive(hash: Hash, amounts: readonly bigint[]): void {
		this.append({ balance: amounts.reduce((sum, each) => sum + each, this.balance) });
		for (const value of amounts) this.arrivals.push({ transactionHash: hash, blockNumber: this.height, args: { value } });
	}

	/** The part of a client that the product asks; `look` is called while each answer is on its way. */
	client(look: () => Promise<void>): PublicClient {
		const block = (number: bigint) => ({ number, hash: this.hashOf(number) });
		const client = {
			estimateGas: async (call: Call) => {
				const problem = this.problemOf(call);
				await look();
				if (problem !== null) throw new ExecutionRevertedError({ message: problem });
				return 50_000n;
			},
			getTransactionCount: async ({ blockNumber }: { blockNumber?: bigint }) => Number(this.at(blockNumber ?? this.height).nonce),
			sendRawTransaction: async ({ serializedTransaction }: { serializedTransaction: Hex }) => {
				const { nonce, to, data } = JSON.parse(hexToString(serializedTransaction)) as Call & { nonce: string };
				const hash = keccak256(serializedTransaction);
				if (!this.receipts.has(hash)) this.pool.set(BigInt(nonce), { to, data, hash });
				await look();
				return hash;
			},
			getTransactionReceipt: async ({ hash }: { hash: Hash }) => {
				const receipt = this.receipts.get(hash);
				await look();
				if (receipt === undefined) throw new TransactionReceiptNotFoundError({ hash });
				return receipt;
			},
			getBlockNumber: async () => this.height,
			getBlock: async ({ blockNumber }: { blockNumber?: bigint }) => block(blockNumber ?? this.height),
			multicall: async ({ blockNumber }: { blockNumber: bigint }) => {
				const answer = [this.at(blockNumber).balance];
				await look();
				return answer;
			},
			getLogs: async ({ fromBlock, toBlock }: { fromBlock: bigint; toBlock: bigint }) =>
				this.arrivals.filter(({ blockNumber }) => blockNumber >= fromBlock && blockNumber <= toBlock),
		};
		// Only what is above is asked of it; a question that is not there fails loudly.
		return client as unknown as PublicClient;
	}

	private execute(call: Call & { readonly hash: Hash }): void {
		const nonce = this.at(this.height).nonce + 1n;
		const { to, data, hash } = call;
		const contract = this.facts.contracts.get(to);
		const problem = this.problemOf(call);
		if (problem?.startsWith(NOT_ENOUGH)) this.facts.fault(problem);
		const reverts = problem !== null || (contract !== undefined && this.trouble === 'reverts');
		const [spent, paid] = reverts || contract === undefined ? [0n, 0n] : [contract.wants(data), contract.pays(data)];
		this.append({ nonce, balance: this.balance - spent + paid });
		if (paid > 0n) this.arrivals.push({ transactionHash: hash, blockNumber: this.height, args: { value: paid } });
		if (!reverts && contract === undefined) {
			const { args } = decodeFunctionData({ abi: erc20Abi, data });
			const [spender, units] = args as [Address, bigint];
			this.allowances.set(spender, units);
		} else if (!reverts) this.allowances.set(to, (this.allowances.get(to) ?? 0n) - spent);
		const logs = reverts || contract === undefined ? [] : contract.act(data, hash);
		const place = { transactionHash: hash, blockNumber: this.height, blockHash: this.hashOf(this.height) };
		this.receipts.set(hash, { ...place, status: reverts ? 'reverted' : 'success', logs });
	}

	/** Why a node would not execute the call now, or null. */
	private problemOf({ to, data }: Call): string | null {
		const contract = this.facts.contracts.get(to);
		if (contract === undefined) return null;
		const { venue, reserve } = this.facts;
		const wanted = contract.wants(data);
		const allowed = this.allowances.get(to) ?? 0n;
		if (wanted > allowed) return `${NOT_ENOUGH}: ${wanted} are to leave ${venue}, and ${allowed} are allowed`;
		if (wanted > 0n && this.balance - wanted < reserve)
			return `${NOT_ENOUGH}: ${wanted} are to leave ${venue}, where ${this.balance} are left`;
		return this.trouble === 'refuses' ? 'the contract is paused' : contract.objects(data);
	}

	private append(block: { balance?: bigint; nonce?: bigint }): void {
		this.blocks.push({ ...this.at(this.height), ...block });
	}

	private at(number: bigint): { readonly balance: bigint; readonly nonce: bigint } {
		const block = this.blocks[Number(number)];
		if (block === undefined) throw new RangeError(`chain ${this.facts.venue} has no block ${number}`);
		return block;
	}

	private hashOf(number: bigint): Hash {
		return keccak256(stringToHex(`${this.facts.venue} ${number}`));
	}
}

/** The bytes that a signer makes of a call: the same for the same nonce and call. */
export function signed({ to, data, nonce }: Call & { readonly nonce: bigint }): { readonly raw: Hex; readonly hash: Hash } {
	const raw = stringToHex(JSON.stringify({ to, data, nonce: nonce.toString() }));
	return { raw, hash: keccak256(raw) };
}
