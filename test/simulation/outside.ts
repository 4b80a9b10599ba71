/** The outside of the simulation: three chains, one bridge, one hub that lists invoices. Amounts are base units of one token. */
import {
	type Address,
	decodeFunctionData,
	encodeAbiParameters,
	encodeEventTopics,
	encodeFunctionData,
	getAbiItem,
	getAddress,
	type Hash,
	type Hex,
	keccak256,
	type Log,
	pad,
	parseAbi,
	stringToHex,
} from 'viem';
import { intentAddedV2Abi, newIntentAbi } from '../../src/trigger/everclear/abi.ts';
import { Chain, type Contract } from './chain.ts';

export const WALLET: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
/** As ABI decoders write them: addresses are compared as text here. */
export const BRIDGE = getAddress('0x00000000000000000000000000000000000000b1');
export const SPOKE = getAddress('0x00000000000000000000000000000000000000c1');
export const VENUES = ['1', '10', '56'] as const;
export const RESERVE = 10n;
/** Base units of the token to the hub's 18 decimals. */
export const HUB_SCALE = 10n ** 12n;
/** The bridge keeps this much of every deposit, and takes none that is smaller than the least. */
export const FEE = 1n;
export const LEAST = 3n;

export const depositAbi = parseAbi(['function deposit(uint256 amount, uint256 destination)']);

export const tokenAt = (venue: string): Address => `0x${(1_000 + Number(venue)).toString(16).padStart(40, '0')}`;

export interface Deposit {
	readonly tx: Hash;
	readonly origin: string;
	readonly destination: string;
	readonly amount: bigint;
	state: 'travelling' | 'filled' | 'refunded';
	/** What arrived and by which transaction, once it has. */
	paid: bigint;
	outTx: Hash;
	outBlock: bigint;
}

export interface Invoice {
	readonly name: string;
	readonly id: Hex;
	listed: boolean;
	/** What it asks for, by venue; a closed venue is not in it. */
	readonly amounts: Map<string, bigint>;
	/** Everything that it has ever asked for, as `venue amount`. */
	readonly asked: Set<string>;
}

/** A movement as the books should show it: `account venue amount`, in that order. */
export interface Movement {
	readonly tx: Hash;
	readonly event: 'sent' | 'delivered' | 'returned' | 'purchased';
	readonly entries: readonly string[];
}

export class Outside {
	readonly chains: ReadonlyMap<string, Chain>;
	readonly deposits: Deposit[] = [];
	readonly invoices: readonly Invoice[];
	readonly movements: Movement[] = [];
	readonly faults: string[] = [];
	/** The hub's API does not answer this many more questions. */
	silence = 0;
	owed = 0n;
	private readonly gifts = new Map<string, bigint>();
	private hashes = 0;

	constructor(openings: readonly bigint[], needs: readonly ReadonlyMap<string, bigint>[]) {
		this.chains = new Map(VENUES.map((venue, index) => [venue, this.chain(venue, openings[index] ?? 0n)]));
		this.invoices = needs.map((amounts, index) => ({
			name: String.fromCharCode(65 + index),
			id: keccak256(stringToHex(`invoice ${index}`)),
			listed: true,
			amounts: new Map(amounts),
			asked: new Set([...amounts].map(([venue, units]) => `${venue} ${units}`)),
		}));
	}

	chainAt(venue: string): Chain {
		const chain = this.chains.get(venue);
		if (chain === undefined) throw new RangeError(`there is no chain ${venue}`);
		return chain;
	}

	travelling(): Deposit[] {
		return this.deposits.filter((deposit) => deposit.state === 'travelling');
	}

	/** Deposits to one destination are filled there in one transaction; `less` is withheld of each. */
	fill(deposits: readonly Deposit[], less = 0n): void {
		const [first] = deposits;
		if (first === undefined) return;
		const hash = this.hash();
		const paid = (deposit: Deposit) => (deposit.amount > FEE + less ? deposit.amount - FEE - less : 0n);
		this.chainAt(first.destination).receive(hash, deposits.map(paid));
		for (const deposit of deposits) this.end(deposit, { state: 'filled', paid: paid(deposit), hash });
	}

	refund(deposit: Deposit): void {
		const hash = this.hash();
		this.chainAt(deposit.origin).receive(hash, [deposit.amount]);
		this.end(deposit, { state: 'refunded', paid: deposit.amount, hash });
	}

	/** Somebody pays us for reasons of their own. */
	give(venue: string, units: bigint): void {
		this.chainAt(venue).receive(this.hash(), [units]);
		this.gifts.set(venue, this.givenAt(venue) + units);
	}

	/** What others have paid us there. */
	givenAt(venue: string): bigint {
		return this.gifts.get(venue) ?? 0n;
	}

	/** What is in wallets, under way, owed by the hub and kept by the bridge, less what others gave: it never changes. */
	total(): bigint {
		const wallets = [...this.chains.values()].reduce((sum, chain) => sum + chain.balance, 0n);
		const underWay = this.travelling().reduce((sum, deposit) => sum + deposit.amount, 0n);
		const kept = this.deposits.reduce((sum, each) => sum + (each.state === 'travelling' ? 0n : each.amount - each.paid), 0n);
		const given = [...this.gifts.values()].reduce((sum, units) => sum + units, 0n);
		return wallets + underWay + kept + this.owed - given;
	}

	private end(deposit: Deposit, { state, paid, hash }: { state: 'filled' | 'refunded'; paid: bigint; hash: Hash }): void {
		const { origin, amount } = deposit;
		const venue = state === 'filled' ? deposit.destination : origin;
		Object.assign(deposit, { state, paid, outTx: hash, outBlock: this.chainAt(venue).height });
		this.movements.push({
			tx: hash,
			event: state === 'filled' ? 'delivered' : 'returned',
			entries: [`in_flight ${origin} -${amount}`, `bridge ${origin} ${amount}`, `bridge ${venue} ${-paid}`, `wallet ${venue} ${paid}`],
		});
	}

	private chain(venue: string, opening: bigint): Chain {
		const contracts = new Map([
			[BRIDGE, this.bridgeOn(venue)],
			[SPOKE, this.spokeOn(venue)],
		]);
		return new Chain({ venue, token: tokenAt(venue), opening, reserve: RESERVE, contracts, fault: (problem) => this.faults.push(problem) });
	}

	private bridgeOn(origin: string): Contract {
		const read = (data: Hex) => decodeFunctionData({ abi: depositAbi, data }).args;
		return {
			wants: (data) => read(data)[0],
			take: (data, tx) => {
				const [amount, destination] = read(data);
				this.deposits.push({
					tx,
					origin,
					destination: String(destination),
					amount,
					state: 'travelling',
					paid: 0n,
					outTx: '0x',
					outBlock: 0n,
				});
				this.movements.push({ tx, event: 'sent', entries: [`wallet ${origin} -${amount}`, `in_flight ${origin} ${amount}`] });
				return [];
			},
		};
	}

	private spokeOn(venue: string): Contract {
		const read = (data: Hex) => decodeFunctionData({ abi: newIntentAbi, data }).args;
		return {
			wants: (data) => read(data)[4],
			take: (data, tx) => {
				const [destinations, receiver, inputAsset, , amount] = read(data);
				this.owed += amount;
				this.movements.push({ tx, event: 'purchased', entries: [`wallet ${venue} -${amount}`, `receivable ${venue} ${amount}`] });
				const intent = {
					destinations,
					receiver: pad(receiver),
					inputAsset: pad(inputAsset),
					origin: Number(venue),
					amount: amount * HUB_SCALE,
				};
				return [intentLog(keccak256(tx), intent)];
			},
		};
	}

	private hash(): Hash {
		this.hashes += 1;
		return keccak256(stringToHex(`outside ${this.hashes}`));
	}
}

/** The call that pays `amount` on a venue, as the hub's API builds it. */
export function intentCall(terms: { destinations: readonly string[]; to: Address; inputAsset: Address; amount: bigint }): Hex {
	const { destinations, to, inputAsset, amount } = terms;
	const args = [destinations.map(Number), to, inputAsset, pad('0x', { size: 20 }), amount, 0, 0, '0x'] as const;
	return encodeFunctionData({ abi: newIntentAbi, functionName: 'newIntent', args });
}

function intentLog(
	intentId: Hex,
	given: { destinations: readonly number[]; receiver: Hex; inputAsset: Hex; origin: number; amount: bigint },
): Log {
	const [, queueIdx, intent] = getAbiItem({ abi: intentAddedV2Abi, name: 'IntentAdded' }).inputs;
	const zero = pad('0x', { size: 32 });
	const rest = { initiator: given.receiver, outputAsset: zero, nonce: 0n, timestamp: 1, ttl: 0, amountOutMin: 0n, data: '0x' } as const;
	return {
		address: SPOKE,
		topics: encodeEventTopics({ abi: intentAddedV2Abi, eventName: 'IntentAdded', args: { intentId } }) as [Hex, ...Hex[]],
		data: encodeAbiParameters([queueIdx, intent], [1n, { ...rest, ...given }]),
		...{ blockHash: zero, blockNumber: 1n, logIndex: 0, transactionHash: zero, transactionIndex: 0, removed: false },
	};
}
