/** What can happen, as data that fast-check can make and make shorter. `pick` chooses among what is there when it happens. */
import fc from 'fast-check';
import type { Beginning } from './outside.ts';
import { VIAS, type Vias } from './product.ts';

export const CHANGES = ['rises', 'falls', 'is filled by another', 'is back', 'closes a destination', 'opens its destinations'] as const;
export const ARRIVALS = ['whole', 'less', 'together', 'back'] as const;

/** What disturbs jobs; 0 is never. */
export interface Disturbances {
	/** At which of its looks outside it is interrupted, and by how many of the commands that follow. */
	readonly interruptedAt: number;
	readonly interruptedBy: number;
	/** Before which of its transactions the process dies. */
	readonly diesAt: number;
}

export type Command =
	/** One job that is due, by number or by its words; `toItsEnd`: again and again, with blocks in between, until it is done. */
	| ({ readonly kind: 'job'; readonly pick: number | string; readonly toItsEnd: boolean } & Disturbances)
	/** A block everywhere, then every job that is due, planning last: what was learned is acted upon. */
	| ({ readonly kind: 'wave' } & Disturbances)
	| { readonly kind: 'mine'; readonly pick: number }
	/** One deposit gets further: it is paid, or attested, or, when it was attested before, claimed for us by somebody else. */
	| { readonly kind: 'arrive'; readonly pick: number; readonly how: (typeof ARRIVALS)[number] }
	/** An attestation is not accepted any more; the next that arrives is a new one. */
	| { readonly kind: 'expire'; readonly pick: number }
	/** Nobody can claim at a venue until its claims go on. */
	| { readonly kind: 'claims'; readonly pick: number; readonly paused: boolean }
	| { readonly kind: 'invoice'; readonly pick: number; readonly change: (typeof CHANGES)[number]; readonly by: number }
	| { readonly kind: 'trouble'; readonly pick: number; readonly trouble: 'none' | 'refuses' | 'reverts' }
	| { readonly kind: 'gift'; readonly pick: number }
	| { readonly kind: 'poll' | 'balances' | 'day' | 'silence' };

const pick = fc.nat({ max: 59 });
const seldom = (often: number, arbitrary: fc.Arbitrary<number>) =>
	fc.oneof({ weight: often, arbitrary: fc.constant(0) }, { weight: 1, arbitrary });
/** Looks and transactions of one job, or of all that are due. */
const disturbances = (looks: number, transactions: number) => ({
	interruptedAt: seldom(1, fc.integer({ min: 1, max: looks })),
	interruptedBy: fc.integer({ min: 1, max: 3 }),
	diesAt: seldom(9, fc.integer({ min: 1, max: transactions })),
});

const command: fc.Arbitrary<Command> = fc.oneof(
	{ weight: 12, arbitrary: fc.record({ kind: fc.constant('job'), pick, toItsEnd: fc.boolean(), ...disturbances(8, 15) }) },
	{ weight: 6, arbitrary: fc.record({ kind: fc.constant('wave'), ...disturbances(30, 40) }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('mine'), pick }) },
	{ weight: 7, arbitrary: fc.record({ kind: fc.constant('arrive'), pick, how: fc.constantFrom('whole', 'whole', ...ARRIVALS) }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('expire'), pick }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('claims'), pick, paused: fc.boolean() }) },
	{
		weight: 5,
		arbitrary: fc.record({
			kind: fc.constant('invoice'),
			pick,
			change: fc.constantFrom('rises', 'rises', 'falls', ...CHANGES),
			by: fc.integer({ min: 1, max: 40 }),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('trouble'), pick, trouble: fc.constantFrom('none', 'refuses', 'reverts') }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('gift'), pick }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('poll', 'balances', 'day', 'silence') }) },
);

/** How a run begins, and what then happens. */
export interface Opening extends Beginning {
	readonly vias: Vias;
	readonly commands: readonly Command[];
}

const units = (min: number, max: number) => fc.integer({ min, max }).map(BigInt);
const needAt = (venues: Readonly<Record<string, bigint>>) => units(30, 110).map((need) => wanted(venues, need));

export const opening: fc.Arbitrary<Opening> = fc.record({
	// Most is at 1, so that much has to come from there, to 56 in two hops.
	balances: fc.tuple(units(100, 320), units(20, 45), units(20, 80)),
	needs: fc.tuple(
		units(60, 120).map((need) => wanted({ 10: 0n }, need)),
		fc.oneof(needAt({ 10: 3n, 56: 0n }), needAt({ 56: 20n })),
	),
	// To the planner small differences are none, and then the first name is the best: with 6 the other bridge is.
	fees: fc.record({ model: fc.constant(1n), claiming: fc.constantFrom(1n, 6n) }),
	vias: fc.subarray([...VIAS], { minLength: 1 }),
	commands: fc.array(command, { minLength: 30, maxLength: 60, size: 'max' }),
});

/** The need, and what is more of it at each venue. */
function wanted(venues: Readonly<Record<string, bigint>>, need: bigint): ReadonlyMap<string, bigint> {
	return new Map(Object.entries(venues).map(([venue, more]) => [venue, need + more]));
}
