/**
 * A tiny chain with one token and one account of ours: blocks with their balances, a pool from which signed transactions are mined in the order of
 * their nonces, exact allowances. Transactions may be outbid, forgotten, or taken back with their blocks. Amounts are base units.
 */
import {
	type Address,
	decodeFunctionData,
	erc20Abi,
	getAbiItem,
	type Hash,
	type Hex,
	type Log,
	numberToHex,
	pad,
	toEventSelector,
} from 'viem';

/** Of the token only this is ever called, and every other item would be hashed to look for it. */
const APPROVE = [getAbiItem({ abi: erc20Abi, name: 'approve' })];

const TRANSFER = toEventSelector(getAbiItem({ abi: erc20Abi, name: 'Transfer' }));

export interface Call {
	readonly to: Address;
	readonly data: Hex;
}

/** What a mined call has left behind, and how that is taken back with its block. */
interface Acted {
	readonly logs: readonly Log[];
	readonly undo: () => void;
}

/** A contract as our wallet sees it: what a call takes from it by allowance, or pays to it, and what else follows. */
export interface Contract {
	wants(data: Hex): bigint;
	pays(data: Hex): bigint;
	/** Why it would not execute the call now, or null. */
	objects(data: Hex): string | null;
	act(data: Hex, hash: Hash): Acted;
}

interface Receipt {
	readonly status: 'success' | 'reverted';
	readonly transactionHash: Hash;
	readonly blockNumber: bigint;
	readonly blockHash: Hash;
	readonly gasUsed: bigint;
	readonly effectiveGasPrice: bigint;
	readonly logs: readonly Log[];
}

/** What befalls the calls of contracts here, but not approvals. */
type Trouble = 'none' | 'refuses' | 'reverts';

/** How the node begins when it is our own fault: a hold or an allowance was wrong, or the wallet would fall below its reserve. */
export const NOT_ENOUGH = 'not enough';

interface ChainFacts {
	readonly venue: string;
	readonly token: Address;
	readonly wallet: Address;
	readonly opening: bigint;
	/** Nothing of ours may ever take the balance below this. */
	readonly reserve: bigint;
	readonly contracts: ReadonlyMap<Address, Contract>;
	/** So many blocks on top make one final. */
	readonly finality: bigint;
	/** Called when a signed call wants to spend what is not there, or not allowed: a hold or an allowance was wrong. */
	readonly fault: (problem: string) => void;
}

export interface Sent extends Call {
	readonly hash: Hash;
	readonly nonce: bigint;
	/** Wei per gas. */
	readonly fee: bigint;
}

/** A transfer of ours as a node tells of it. */
interface Transfer {
	readonly at: bigint;
	readonly isIncoming: boolean;
	readonly log: object;
}

interface Block {
	readonly balance: bigint;
	readonly nonce: bigint;
	readonly hash: Hash;
	/** Null when it brought what others have sent: such a block is never taken back. */
	readonly sent: Sent | null;
	readonly undo: (() => void) | null;
}

/** Answers the same question again without asking: a call is read by everybody who looks at it. */
export function remembering<T>(read: (data: Hex) => T): (data: Hex) => T {
	const known = new Map<Hex, T>();
	return (data) => {
		const found = known.get(data) ?? read(data);
		known.set(data, found);
		return found;
	};
}

export class Chain {
	readonly facts: ChainFacts;
	trouble: Trouble = 'none';
	/** What offers less per gas is not mined. */
	floor = 1n;
	/** The node does not answer this many more questions, and says nothing of what it was sent. */
	deaf = 0;
	readonly allowances = new Map<Address, bigint>();
	readonly receipts = new Map<Hash, Receipt>();
	readonly transfers: Transfer[] = [];
	private readonly blocks: Block[];
	private readonly pool = new Map<bigint, Sent>();
	private forks = 0;
	private highest = 0n;

	constructor(facts: ChainFacts) {
		this.facts = facts;
		this.blocks = [{ balance: facts.opening, nonce: 0n, hash: this.hashOf(0), sent: null, undo: null }];
	}

	get height(): bigint {
		return BigInt(this.blocks.length - 1);
	}

	get balance(): bigint {
		return this.at(this.height).balance;
	}

	/** Transactions that wait to be mined. */
	get waiting(): number {
		return this.pool.size;
	}

	/** Throws as a node does when it does not take a transaction. */
	take(sent: Sent): void {
		const { nonce, hash, fee } = sent;
		const known = this.pool.get(nonce);
		if (this.receipts.has(hash) || known?.hash === hash) throw new Error('already known');
		if (nonce < this.at(this.height).nonce) throw new Error('nonce too low');
		if (known !== undefined && fee * 10n < known.fee * 11n) throw new Error('replacement transaction underpriced');
		this.pool.set(nonce, sent);
	}

	/** Mines everything that waits and offers enough, each transaction in a block of its own; an empty block when nothing does. */
	mine(): void {
		const before = this.height;
		for (;;) {
			const sent = this.pool.get(this.at(this.height).nonce);
			if (sent === undefined || sent.fee < this.floor) break;
			this.pool.delete(sent.nonce);
			this.execute(sent);
		}
		if (this.height === before) this.append({ undo: () => {} });
	}

	/** The pool forgets one of those that wait. */
	forget(pick: number): boolean {
		const nonces = [...this.pool.keys()];
		const nonce = nonces[pick % Math.max(nonces.length, 1)];
		return nonce !== undefined && this.pool.delete(nonce);
	}

	/** So many of the last blocks are taken back, as far as nothing of others is in them. Their transactions wait again, or are forgotten. */
	reorganise(depth: number, forgets: boolean): number {
		let taken = 0;
		this.highest = this.highest > this.height ? this.highest : this.height;
		for (; taken < depth; taken += 1) {
			const block = this.blocks.at(-1);
			// What was final once stays.
			if (block?.undo == null || this.height <= this.highest - this.facts.finality) break;
			this.blocks.pop();
			block.undo();
			const { sent } = block;
			if (sent === null) continue;
			this.receipts.delete(sent.hash);
			if (!forgets) this.pool.set(sent.nonce, sent);
		}
		this.forks += 1;
		return taken;
	}

	/** Somebody pays us, in one transaction. */
	receive(hash: Hash, amounts: readonly bigint[]): void {
		this.append({ balance: amounts.reduce((sum, each) => sum + each, this.balance) });
		for (const value of amounts) this.note(hash, { value, isIncoming: true });
	}

	/** Throws when there is no such block. */
	at(number: bigint): Block {
		const block = this.blocks[Number(number)];
		if (block === undefined) throw new RangeError(`chain ${this.facts.venue} has no block ${number}`);
		return block;
	}

	/** Null for a block that was taken back. */
	numberOf(hash: Hash): bigint | null {
		const index = this.blocks.findLastIndex((block) => block.hash === hash);
		return index < 0 ? null : BigInt(index);
	}

	/** Why a node would not execute the call now, or null. */
	problemOf({ to, data }: Call): string | null {
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

	private execute(sent: Sent): void {
		const { to, data, hash } = sent;
		const contract = this.facts.contracts.get(to);
		const problem = this.problemOf(sent);
		if (problem?.startsWith(NOT_ENOUGH)) this.facts.fault(problem);
		const reverts = problem !== null || (contract !== undefined && this.trouble === 'reverts');
		const [spent, paid] = reverts || contract === undefined ? [0n, 0n] : [contract.wants(data), contract.pays(data)];
		const allowed = new Map(this.allowances);
		if (!reverts) this.changeAllowance(sent, spent);
		const acted = reverts || contract === undefined ? null : contract.act(data, hash);
		const undo = () => {
			acted?.undo();
			this.allowances.clear();
			for (const [spender, units] of allowed) this.allowances.set(spender, units);
			while ((this.transfers.at(-1)?.at ?? 0n) > this.height) this.transfers.pop();
		};
		this.append({ nonce: sent.nonce + 1n, balance: this.balance - spent + paid, sent, undo });
		if (spent > 0n) this.note(hash, { value: spent, isIncoming: false });
		if (paid > 0n) this.note(hash, { value: paid, isIncoming: true });
		const place = { transactionHash: hash, blockNumber: this.height, blockHash: this.at(this.height).hash };
		const gas = { gasUsed: 50_000n, effectiveGasPrice: this.floor };
		this.receipts.set(hash, { ...place, ...gas, status: reverts ? 'reverted' : 'success', logs: acted?.logs ?? [] });
	}

	private note(hash: Hash, { value, isIncoming }: { value: bigint; isIncoming: boolean }): void {
		const { token } = this.facts;
		const [other, ours] = [pad('0x1'), pad(this.facts.wallet)];
		const place = {
			blockNumber: numberToHex(this.height),
			blockHash: this.at(this.height).hash,
			logIndex: numberToHex(this.transfers.length),
		};
		const topics = [TRANSFER, ...(isIncoming ? [other, ours] : [ours, other])];
		const log = { address: token, topics, data: numberToHex(value, { size: 32 }), transactionHash: hash, ...place };
		this.transfers.push({ at: this.height, isIncoming, log });
	}

	/** An approval sets one, a call of a contract spends from it; a transaction to ourselves does neither. */
	private changeAllowance({ to, data }: Call, spent: bigint): void {
		if (this.facts.contracts.has(to)) this.allowances.set(to, (this.allowances.get(to) ?? 0n) - spent);
		if (to.toLowerCase() !== this.facts.token.toLowerCase()) return;
		const { args } = decodeFunctionData({ abi: APPROVE, data });
		const [spender, units] = args as [Address, bigint];
		this.allowances.set(spender, units);
	}

	private append(block: Partial<Pick<Block, 'balance' | 'nonce' | 'sent' | 'undo'>>): void {
		const { balance, nonce } = this.at(this.height);
		this.blocks.push({ balance, nonce, sent: null, undo: null, ...block, hash: this.hashOf(this.blocks.length) });
	}

	/** Another one after every reorganisation. */
	private hashOf(number: number): Hash {
		return numberToHex((BigInt(this.facts.venue) << 64n) + (BigInt(this.forks) << 32n) + BigInt(number), { size: 32 });
	}
}
