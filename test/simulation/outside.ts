/** The outside of the simulation: three chains, two bridges, one hub that lists invoices. Amounts are base units of one token. */
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
	stringToHex,
} from 'viem';
import { intentAddedV2Abi, newIntentAbi } from '../../src/everclear/abi.ts';
import { Chain, type Contract, remembering } from './chain.ts';
import { type BridgeName, Deposits, type Movement } from './deposits.ts';

export const WALLET: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
/** As ABI decoders write them: addresses are compared as text here. */
export const SPOKE = getAddress('0x00000000000000000000000000000000000000c1');
export const VENUES = ['1', '10', '56'] as const;
export const RESERVE = 10n;
/** Base units of the token to the hub's 18 decimals. */
export const HUB_SCALE = 10n ** 12n;

export const tokenAt = (venue: string): Address => `0x${(1_000 + Number(venue)).toString(16).padStart(40, '0')}`;

export interface Invoice {
	readonly name: string;
	readonly id: Hex;
	listed: boolean;
	/** What it asks for, by venue; a closed venue is not in it. */
	readonly amounts: Map<string, bigint>;
	/** Everything that it has ever asked for, as `venue amount`. */
	readonly asked: Set<string>;
}

export interface Beginning {
	/** What is at the venues, in their order. */
	readonly balances: readonly bigint[];
	readonly needs: readonly ReadonlyMap<string, bigint>[];
	/** What a bridge keeps of every deposit. */
	readonly fees: Readonly<Record<BridgeName, bigint>>;
	/** So many blocks on top make a transaction final; none unless told otherwise. */
	readonly finality?: bigint;
}

export class Outside {
	readonly chains: ReadonlyMap<string, Chain>;
	readonly deposits: Deposits;
	readonly fees: Beginning['fees'];
	readonly finality: bigint;
	readonly invoices: readonly Invoice[];
	readonly movements: Movement[] = [];
	readonly faults: string[] = [];
	/** The hub's API does not answer this many more questions. */
	silence = 0;
	owed = 0n;
	private given = 0n;
	private hashes = 0;

	constructor({ balances, needs, fees, finality = 0n }: Beginning) {
		this.fees = fees;
		this.finality = finality;
		this.deposits = new Deposits({
			...{ fees, finality, movements: this.movements },
			chainAt: (venue) => this.chainAt(venue),
			hash: () => this.hash(),
		});
		this.chains = new Map(VENUES.map((venue, index) => [venue, this.chain(venue, balances[index] ?? 0n)]));
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

	/** Somebody pays us for reasons of their own. */
	give(venue: string, units: bigint): void {
		this.chainAt(venue).receive(this.hash(), [units]);
		this.given += units;
	}

	/** What is in wallets, under way, owed by the hub and kept by bridges, less what others gave: it never changes. */
	total(): bigint {
		const wallets = [...this.chains.values()].reduce((sum, chain) => sum + chain.balance, 0n);
		return wallets + this.deposits.outOfWallets() + this.owed - this.given;
	}

	private chain(venue: string, opening: bigint): Chain {
		const contracts = new Map([...this.deposits.contractsAt(venue), [SPOKE, this.spokeOn(venue)]]);
		return new Chain({
			venue,
			token: tokenAt(venue),
			wallet: WALLET,
			opening,
			reserve: RESERVE,
			contracts,
			finality: this.finality,
			fault: (problem) => this.faults.push(problem),
		});
	}

	private spokeOn(venue: string): Contract {
		const read = remembering((data) => decodeFunctionData({ abi: newIntentAbi, data }).args);
		return {
			wants: (data) => read(data)[4],
			pays: () => 0n,
			objects: () => null,
			act: (data, tx) => {
				const [destinations, receiver, inputAsset, , amount] = read(data);
				this.owed += amount;
				const movement: Movement = { tx, event: 'purchased', entries: [`wallet ${venue} -${amount}`, `receivable ${venue} ${amount}`] };
				this.movements.push(movement);
				const undo = () => {
					this.owed -= amount;
					this.movements.splice(this.movements.indexOf(movement), 1);
				};
				const intent = {
					destinations,
					receiver: pad(receiver),
					inputAsset: pad(inputAsset),
					origin: Number(venue),
					amount: amount * HUB_SCALE,
				};
				return { logs: [intentLog(keccak256(tx), intent)], undo };
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
