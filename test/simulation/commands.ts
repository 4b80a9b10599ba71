/** What can happen, as data that fast-check can make and make shorter. `pick` chooses among what is there when it happens. */
import fc from 'fast-check';

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
	/** Every job that is due, planning last: what was learned is acted upon. */
	| ({ readonly kind: 'wave' } & Disturbances)
	| { readonly kind: 'mine'; readonly pick: number }
	| { readonly kind: 'arrive'; readonly pick: number; readonly how: (typeof ARRIVALS)[number] }
	| { readonly kind: 'invoice'; readonly pick: number; readonly change: (typeof CHANGES)[number]; readonly by: number }
	| { readonly kind: 'trouble'; readonly pick: number; readonly trouble: 'none' | 'refuses' | 'reverts' }
	| { readonly kind: 'gift'; readonly pick: number }
	| { readonly kind: 'poll' | 'balances' | 'day' | 'silence' };

const pick = fc.nat({ max: 59 });
const seldom = (often: number, arbitrary: fc.Arbitrary<number>) =>
	fc.oneof({ weight: often, arbitrary: fc.constant(0) }, { weight: 1, arbitrary });
const disturbances = {
	interruptedAt: seldom(1, fc.integer({ min: 1, max: 8 })),
	interruptedBy: fc.integer({ min: 1, max: 3 }),
	diesAt: seldom(9, fc.integer({ min: 1, max: 15 })),
};

const command: fc.Arbitrary<Command> = fc.oneof(
	{ weight: 12, arbitrary: fc.record({ kind: fc.constant('job'), pick, toItsEnd: fc.boolean(), ...disturbances }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('wave'), ...disturbances }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('mine'), pick }) },
	{ weight: 5, arbitrary: fc.record({ kind: fc.constant('arrive'), pick, how: fc.constantFrom('whole', 'whole', ...ARRIVALS) }) },
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

/** How a run begins: what is where, and what two invoices ask for. */
export interface Opening {
	readonly balances: readonly [bigint, bigint, bigint];
	readonly needs: readonly ReadonlyMap<string, bigint>[];
	readonly commands: readonly Command[];
}

const units = (min: number, max: number) => fc.integer({ min, max }).map(BigInt);

export const opening: fc.Arbitrary<Opening> = fc.record({
	balances: fc.tuple(units(100, 320), units(20, 90), units(40, 220)),
	needs: fc.tuple(
		units(60, 120).map((need) => new Map([['10', need]])),
		units(30, 110).map(
			(need) =>
				new Map([
					['10', need + 3n],
					['56', need],
				]),
		),
	),
	commands: fc.array(command, { minLength: 30, maxLength: 60, size: 'max' }),
});
