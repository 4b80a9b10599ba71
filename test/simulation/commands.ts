/** What can happen, as data that fast-check can make and make shorter. `pick` chooses among what is there when it happens. */
import fc from 'fast-check';
import type { Beginning } from './outside.ts';
import { VIAS, type Vias } from './product.ts';

const CHANGES = ['rises', 'falls', 'is filled by another', 'is back', 'closes a destination', 'opens its destinations'] as const;
export const ROUTE_TURNS = ['fails', 'off', 'on', 'auto'] as const;
const ARRIVALS = ['whole', 'less', 'together', 'back'] as const;

/** What disturbs jobs; 0 is never. */
export interface Disturbances {
	/** At which of its looks outside it is interrupted, and by how many of the commands that follow. */
	readonly interruptedAt: number;
	readonly interruptedBy: number;
	/** Before which of its writes the process dies. */
	readonly diesAt: number;
}

/** What happens to one chain or its node. */
export type ChainEvent =
	| { readonly kind: 'mine'; readonly pick: number }
	| { readonly kind: 'trouble'; readonly pick: number; readonly trouble: 'none' | 'refuses' | 'reverts' }
	/** A node does not answer so many questions. */
	| { readonly kind: 'deaf'; readonly pick: number; readonly questions: number }
	/** A node's pool forgets a transaction. */
	| { readonly kind: 'forget'; readonly pick: number }
	/** The last blocks are taken back; their transactions wait again, or are forgotten. */
	| { readonly kind: 'reorganise'; readonly pick: number; readonly depth: number; readonly forgets: boolean }
	/** What offers less than so much per gas is not mined any more. */
	| { readonly kind: 'fees'; readonly pick: number; readonly floor: number };

export type Command =
	| ChainEvent
	/** The queue hands out a job that is ready; `twice`: to two workers at once. */
	| ({ readonly kind: 'work'; readonly pick: number; readonly twice: boolean } & Disturbances)
	/** Any step, by number or by its words, whether a job asks for it or not; `toItsEnd`: again and again, with blocks in between, until it is done. */
	| ({ readonly kind: 'step'; readonly pick: number | string; readonly toItsEnd: boolean } & Disturbances)
	/** A block everywhere, then every job that is ready. */
	| ({ readonly kind: 'wave' } & Disturbances)
	/** Time passes, and the scheduler's loops go round. */
	| { readonly kind: 'time'; readonly seconds: number }
	/** One deposit gets further: it is paid, or attested, or, when it was attested before, claimed for us by somebody else. */
	| { readonly kind: 'arrive'; readonly pick: number; readonly how: (typeof ARRIVALS)[number] }
	/** An attestation is not accepted any more; the next that arrives is a new one. */
	| { readonly kind: 'expire'; readonly pick: number }
	/** Nobody can claim at a venue until its claims go on. */
	| { readonly kind: 'claims'; readonly pick: number; readonly paused: boolean }
	| { readonly kind: 'invoice'; readonly pick: number; readonly change: (typeof CHANGES)[number]; readonly by: number }
	/** The queue server loses a job, or everything. */
	| { readonly kind: 'lose'; readonly pick: number }
	| { readonly kind: 'flush' }
	/** An operator wants an effect cancelled. */
	| { readonly kind: 'cancel'; readonly pick: number }
	| { readonly kind: 'gift'; readonly pick: number }
	/** A route fails three times for others, or an operator says something about it. Only where it is asked for: no seed draws it. */
	| { readonly kind: 'route'; readonly pick: number; readonly how: (typeof ROUTE_TURNS)[number] }
	| { readonly kind: 'poll' | 'balances' }
	| { readonly kind: 'day' | 'silence' };

const pick = fc.nat({ max: 59 });
const seldom = (often: number, arbitrary: fc.Arbitrary<number>) =>
	fc.oneof({ weight: often, arbitrary: fc.constant(0) }, { weight: 1, arbitrary });
/** Looks and writes of one job, or of all that are ready. */
const disturbances = (looks: number, writes: number) => ({
	interruptedAt: seldom(2, fc.integer({ min: 1, max: looks })),
	interruptedBy: fc.integer({ min: 1, max: 3 }),
	diesAt: seldom(9, fc.integer({ min: 1, max: writes })),
});
const of = <Kind extends string, Shape>(kind: Kind, weight: number, shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) => ({
	weight,
	arbitrary: fc.record({ kind: fc.constant(kind), ...shape }),
});
const often = (times: number) => fc.nat({ max: times }).map((each) => each === 0);

const command = fc.oneof(
	of('work', 16, { pick, twice: often(9), ...disturbances(8, 12) }),
	of('step', 4, { pick, toItsEnd: fc.constant(false), ...disturbances(8, 12) }),
	of('wave', 5, disturbances(30, 40)),
	of('time', 8, { seconds: fc.integer({ min: 1, max: 20 }) }),
	of('mine', 2, { pick }),
	of('arrive', 5, { pick, how: fc.constantFrom('whole', 'whole', 'whole', ...ARRIVALS) }),
	of('expire', 1, { pick }),
	of('claims', 1, { pick, paused: fc.boolean() }),
	of('invoice', 3, { pick, change: fc.constantFrom('rises', 'rises', 'falls', ...CHANGES), by: fc.integer({ min: 1, max: 40 }) }),
	of('trouble', 1, { pick, trouble: fc.constantFrom('none', 'refuses', 'reverts') }),
	of('deaf', 2, { pick, questions: fc.integer({ min: 1, max: 4 }) }),
	of('forget', 1, { pick }),
	of('reorganise', 2, { pick, depth: fc.integer({ min: 1, max: 3 }), forgets: fc.boolean() }),
	of('fees', 1, { pick, floor: fc.constantFrom(1, 30, 60) }),
	of('lose', 1, { pick }),
	of('cancel', 1, { pick }),
	of('gift', 1, { pick }),
	{ weight: 1, arbitrary: fc.constantFrom({ kind: 'flush' }, { kind: 'day' }, { kind: 'silence' }) },
	{ weight: 1, arbitrary: fc.constantFrom({ kind: 'poll' }, { kind: 'balances' }) },
) as fc.Arbitrary<Command>;

/** How a run begins, and what then happens. */
export interface Opening extends Beginning {
	readonly vias: Vias;
	readonly commands: readonly Command[];
}

const units = (min: number, max: number) => fc.integer({ min, max }).map(BigInt);
const needAt = (venues: Readonly<Record<string, bigint>>) => units(30, 110).map((need) => wanted(venues, need));

const opening: fc.Arbitrary<Opening> = fc.record({
	// Most is at 1, so that much has to come from there, to 56 in two hops.
	balances: fc.tuple(units(280, 600), units(20, 45), units(20, 80)),
	needs: fc.tuple(
		units(60, 120).map((need) => wanted({ 10: 0n }, need)),
		fc.oneof(needAt({ 10: 3n, 56: 0n }), needAt({ 56: 20n })),
		fc.oneof(needAt({ 10: 3n, 56: 0n }), needAt({ 10: 20n })),
		units(60, 120).map((need) => wanted({ 10: 0n }, need)),
	),
	// To the planner small differences are none, and then the first name is the best: with 6 the other bridge is.
	fees: fc.record({ model: fc.constant(1n), claiming: fc.constantFrom(1n, 6n) }),
	finality: fc.constantFrom(1n, 2n),
	vias: fc.subarray([...VIAS], { minLength: 1 }),
	commands: fc.array(command, { minLength: 20, maxLength: 36, size: 'max' }),
});

/** The opening of a seed: the same for the same number, whatever was made before. */
export function openingOf(seed: number): Opening {
	const [made] = fc.sample(opening, { seed, numRuns: 1 });
	if (made === undefined) throw new RangeError(`seed ${seed} makes no opening`);
	return made;
}

/** The need, and what is more of it at each venue. */
function wanted(venues: Readonly<Record<string, bigint>>, need: bigint): ReadonlyMap<string, bigint> {
	return new Map(Object.entries(venues).map(([venue, more]) => [venue, need + more]));
}
