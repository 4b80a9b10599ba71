/** What a question is asked with, drawn from the rows that there are: the same number draws the same from the same rows. */
import type { Address, Hex } from 'viem';
import { type Amount, amount } from '../../../src/money/amount.ts';
import type { Memory } from '../store/memory.ts';

export const VENUES = ['1', '10'] as const;
const ASSETS = ['USDC', 'WETH'] as const;
export const SIGNER: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const OTHER: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC';
/** Nobody has it. */
const NOBODY = '00000000-0000-4000-9000-000000000000';

/** There is nothing to ask about: the question is left out. */
export class Nothing extends Error {}

export class Chance {
	readonly memory: Memory;
	private state: number;

	constructor(memory: Memory, seed: number) {
		this.memory = memory;
		this.state = seed;
	}

	/** From 0 on. */
	below(count: number): number {
		this.state = (Math.imul(this.state ^ (this.state >>> 15), 0x2c1b3c6d) + 0x3d4d51cb) >>> 0;
		return (this.state >>> 8) % count;
	}

	/** Throws `Nothing` when there is none. */
	one<T>(values: readonly T[]): T {
		const value = values[this.below(Math.max(values.length, 1))];
		if (value === undefined) throw new Nothing();
		return value;
	}

	seldom(): boolean {
		return this.below(8) === 0;
	}

	/** One of those rows that `isMeant`, if there are any; seldom any other. */
	row<T>(rows: readonly T[], isMeant: (row: T) => boolean = () => true): T {
		const meant = rows.filter(isMeant);
		return this.one(meant.length === 0 || this.seldom() ? rows : meant);
	}

	/** Of such a row; seldom one that nobody has. */
	id<T extends { readonly id: string }>(rows: readonly T[], isMeant?: (row: T) => boolean): string {
		return this.seldom() ? NOBODY : this.row(rows, isMeant).id;
	}

	/** A row and a state that it may come to, most often the one that leads on; seldom any other state. */
	change<State extends string, T extends { readonly id: string; readonly status: string }>(
		rows: readonly T[],
		transitions: Readonly<Record<State, readonly State[]>>,
	): { id: string; to: State } {
		const { id, status } = this.row(rows);
		const following = transitions[status as State];
		const [leading] = this.below(4) === 0 ? [] : following;
		const to = leading ?? this.one(following.length === 0 || this.seldom() ? (Object.keys(transitions) as State[]) : following);
		return { id: this.seldom() ? NOBODY : id, to };
	}

	units(): Amount {
		return amount(this.seldom() ? 0n : BigInt(this.below(60)));
	}

	ms(): number {
		return this.one([0, 500, 4_000, 20_000]);
	}

	block(): bigint {
		return BigInt(this.below(12));
	}

	hash(): Hex {
		return `0x${this.below(30).toString(16).padStart(64, '0')}`;
	}

	venue(): string {
		return VENUES[this.seldom() ? 1 : 0];
	}

	asset(): string {
		return ASSETS[this.seldom() ? 1 : 0];
	}

	lane() {
		return { venue: this.venue(), signer: SIGNER };
	}

	/** An allowance for one of two spenders. */
	spend() {
		const [token, spender] = [SIGNER, this.seldom() ? OTHER : SIGNER];
		return { token, spender, amount: this.units() };
	}
}
