/**
 * The two bridges as the outside knows them. Deposits in `model` arrive by themselves; those in `claiming` are attested, and arrive when
 * somebody, we or anybody else, claims them on the destination. Amounts are base units of one token.
 */
import {
	type Address,
	decodeFunctionData,
	encodeAbiParameters,
	encodeEventTopics,
	getAbiItem,
	getAddress,
	type Hash,
	type Hex,
	type Log,
	pad,
	parseAbi,
} from 'viem';
import { type Chain, type Contract, remembering } from './chain.ts';

export const BRIDGES = ['model', 'claiming'] as const;
export type BridgeName = (typeof BRIDGES)[number];
/** As ABI decoders write them: addresses are compared as text here. */
export const DEPOSITS_OF: Readonly<Record<BridgeName, Address>> = {
	model: getAddress('0x00000000000000000000000000000000000000b1'),
	claiming: getAddress('0x00000000000000000000000000000000000000b2'),
};
/** Where the deposits of `claiming` are claimed; it takes no allowance. */
export const RECEIVER = getAddress('0x00000000000000000000000000000000000000b3');
/** No bridge takes a deposit that is smaller. */
export const LEAST = 3n;

export const depositAbi = parseAbi(['function deposit(uint256 amount, uint256 destination)']);
export const claimAbi = parseAbi([
	'function claim(bytes32 deposit, uint256 attestation)',
	'event Claimed(bytes32 indexed deposit, uint256 amount)',
]);

export interface Deposit {
	readonly bridge: BridgeName;
	readonly tx: Hash;
	readonly origin: string;
	readonly destination: string;
	readonly amount: bigint;
	/** The block in which it was sent. */
	readonly inBlock: bigint;
	/** `expired`: its attestation is not accepted any more, and it has no new one yet. */
	state: 'travelling' | 'attested' | 'expired' | 'filled' | 'refunded';
	/** How often it was attested; only the last one counts. */
	attestation: bigint;
	/** What arrives, once that is known. */
	paid: bigint;
	/** The transaction by which it arrived, once it has. */
	outTx: Hash;
	outBlock: bigint;
}

/** What the books say of an arrival: what was not kept passes from bridge to bridge. */
function crossed({ origin, venue, amount, paid }: { origin: string; venue: string; amount: bigint; paid: bigint }): string[] {
	const pair = (from: string, to: string, units: bigint) => (units > 0n ? [`${from} -${units}`, `${to} ${units}`] : []);
	return [
		...pair(`in_flight ${origin}`, `bridge ${origin}`, paid < amount ? paid : amount),
		...pair(`in_flight ${origin}`, `fees ${origin}`, amount - paid),
		...pair(`fees ${origin}`, `bridge ${origin}`, paid - amount),
		...pair(`bridge ${venue}`, `wallet ${venue}`, paid),
	];
}

/** A movement as the books should show it: `account venue amount`, in that order. */
export interface Movement {
	readonly tx: Hash;
	readonly event: 'sent' | 'delivered' | 'returned' | 'purchased';
	readonly entries: readonly string[];
}

interface Ground {
	readonly chainAt: (venue: string) => Chain;
	readonly hash: () => Hash;
	readonly movements: Movement[];
	/** So many blocks on top make a transaction final, to us and to bridges. */
	readonly finality: bigint;
	/** What a bridge keeps of every deposit. */
	readonly fees: Readonly<Record<BridgeName, bigint>>;
}

export class Deposits {
	readonly all: Deposit[] = [];
	/** The venues where nobody can claim now. */
	readonly paused = new Set<string>();
	private readonly ground: Ground;

	constructor(ground: Ground) {
		this.ground = ground;
	}

	/** Those that have not come to their end. */
	pending(): Deposit[] {
		return this.all.filter(({ state }) => state !== 'filled' && state !== 'refunded');
	}

	/** Those of them that no reorganisation can take back: nobody pays for others. */
	settled(): Deposit[] {
		return this.pending().filter(({ origin, inBlock }) => this.ground.chainAt(origin).height - inBlock >= this.ground.finality);
	}

	of(tx: string | undefined): Deposit | undefined {
		return this.all.find((deposit) => deposit.tx === tx);
	}

	/** Somebody pays deposits to one destination there, in one transaction. */
	fill(deposits: readonly Deposit[]): void {
		const [first] = deposits;
		if (first === undefined) return;
		const hash = this.ground.hash();
		this.ground.chainAt(first.destination).receive(
			hash,
			deposits.map(({ paid }) => paid),
		);
		for (const deposit of deposits) this.end(deposit, { state: 'filled', paid: deposit.paid, hash });
	}

	/** It is certain what arrives: `less` is withheld, beside the fee. */
	price(deposit: Deposit, less: bigint): void {
		const kept = this.ground.fees[deposit.bridge] + less;
		deposit.paid = deposit.amount > kept ? deposit.amount - kept : 0n;
	}

	attest(deposit: Deposit): void {
		deposit.state = 'attested';
		deposit.attestation += 1n;
	}

	refund(deposit: Deposit): void {
		const hash = this.ground.hash();
		this.ground.chainAt(deposit.origin).receive(hash, [deposit.amount]);
		this.end(deposit, { state: 'refunded', paid: deposit.amount, hash });
	}

	/** What is under way, and what bridges have kept. */
	outOfWallets(): bigint {
		return this.all.reduce((sum, { state, amount, paid }) => sum + amount - (state === 'filled' || state === 'refunded' ? paid : 0n), 0n);
	}

	contractsAt(venue: string): [Address, Contract][] {
		return [
			...BRIDGES.map((bridge): [Address, Contract] => [DEPOSITS_OF[bridge], this.takes(bridge, venue)]),
			[RECEIVER, this.pays(venue)],
		];
	}

	/** `blocks`: how many above the present height the block will lie in which it happens. */
	private end(
		deposit: Deposit,
		{ state, paid, hash, blocks = 0n }: { state: 'filled' | 'refunded'; paid: bigint; hash: Hash; blocks?: bigint },
	): Movement {
		const { origin, amount } = deposit;
		const venue = state === 'filled' ? deposit.destination : origin;
		Object.assign(deposit, { state, paid, outTx: hash, outBlock: this.ground.chainAt(venue).height + blocks });
		const movement: Movement = {
			tx: hash,
			event: state === 'filled' ? 'delivered' : 'returned',
			entries: crossed({ origin, venue, amount, paid }),
		};
		this.ground.movements.push(movement);
		return movement;
	}

	private takes(bridge: BridgeName, origin: string): Contract {
		const read = remembering((data) => decodeFunctionData({ abi: depositAbi, data }).args);
		return {
			wants: (data) => read(data)[0],
			pays: () => 0n,
			objects: () => null,
			act: (data, tx) => {
				const [amount, destination] = read(data);
				const ends = { bridge, tx, origin, destination: String(destination), amount };
				const inBlock = this.ground.chainAt(origin).height + 1n;
				const deposit: Deposit = { ...ends, inBlock, state: 'travelling', attestation: 0n, paid: 0n, outTx: '0x', outBlock: 0n };
				const movement: Movement = { tx, event: 'sent', entries: [`wallet ${origin} -${amount}`, `in_flight ${origin} ${amount}`] };
				this.all.push(deposit);
				this.ground.movements.push(movement);
				const undo = () => {
					take(this.all, deposit);
					take(this.ground.movements, movement);
				};
				return { logs: [], undo };
			},
		};
	}

	private pays(venue: string): Contract {
		const argsOf = remembering((data) => decodeFunctionData({ abi: claimAbi, data }).args);
		const read = (data: Hex) => {
			const [tx, attestation] = argsOf(data);
			return { deposit: this.of(tx), attestation };
		};
		return {
			wants: () => 0n,
			pays: (data) => read(data).deposit?.paid ?? 0n,
			objects: (data) => {
				const { deposit, attestation } = read(data);
				if (deposit === undefined || deposit.destination !== venue) return 'there is no such deposit';
				if (deposit.state === 'filled') return 'it is claimed already';
				if (deposit.state !== 'attested' || deposit.attestation !== attestation) return 'the attestation has expired';
				return this.paused.has(venue) ? 'claims are paused' : null;
			},
			act: (data, hash) => {
				const { deposit } = read(data);
				if (deposit === undefined) return { logs: [], undo: () => {} };
				const before = { ...deposit };
				const movement = this.end(deposit, { state: 'filled', paid: deposit.paid, hash, blocks: 1n });
				const undo = () => {
					Object.assign(deposit, before);
					take(this.ground.movements, movement);
				};
				return { logs: [claimedLog(deposit)], undo };
			},
		};
	}
}

function take<T>(from: T[], one: T): void {
	const index = from.indexOf(one);
	if (index >= 0) from.splice(index, 1);
}

function claimedLog({ tx, paid }: Deposit): Log {
	const { inputs } = getAbiItem({ abi: claimAbi, name: 'Claimed' });
	const zero = pad('0x', { size: 32 });
	return {
		address: RECEIVER,
		topics: encodeEventTopics({ abi: claimAbi, eventName: 'Claimed', args: { deposit: tx } }) as [Hex, ...Hex[]],
		data: encodeAbiParameters([inputs[1]], [paid]),
		...{ blockHash: zero, blockNumber: 1n, logIndex: 0, transactionHash: zero, transactionIndex: 0, removed: false },
	};
}
