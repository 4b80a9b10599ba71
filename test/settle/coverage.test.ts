import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hold } from '../../src/earmark/earmark.ts';
import { HOLD_STATES } from '../../src/earmark/hold-state.ts';
import { type Amount, amount } from '../../src/money/amount.ts';
import { coverageOf, shortfallOf, trimmed } from '../../src/settle/coverage.ts';

const PLACE = { venue: '10', asset: 'USDC' };

const units = fc.bigInt({ min: 0n, max: 50n }).map((value) => value as Amount);
const need = fc.bigInt({ min: 0n, max: 150n }).map((value) => value as Amount);
/** Most of them at the earmark's place, some elsewhere, as the origins' are. */
const holds = fc.array(
	fc.record({
		id: fc.uuid(),
		earmarkId: fc.constant('earmark'),
		legId: fc.option(fc.constantFrom('leg a', 'leg b')),
		venue: fc.constantFrom('10', '10', '10', '1'),
		asset: fc.constantFrom('USDC', 'USDC', 'USDC', 'WETH'),
		amount: units,
		state: fc.constantFrom(...HOLD_STATES),
	}),
	{ maxLength: 8 },
);

const isHere = ({ venue, asset }: Hold) => venue === PLACE.venue && asset === PLACE.asset;
const sum = (amounts: readonly bigint[]) => amounts.reduce((all, each) => all + each, 0n);

/** The holds after the changes; what keeps nothing is gone. */
function applied(before: readonly Hold[], changes: ReturnType<typeof trimmed>): Hold[] {
	const keep = new Map(changes.map((change) => [change.id, change.keep]));
	return before.map((hold) => ({ ...hold, amount: keep.get(hold.id) ?? hold.amount })).filter((hold) => hold.amount > 0n);
}

function hold(state: Hold['state'], amountHeld: bigint, legId: string | null = null): Hold {
	return { id: `${state} ${amountHeld} ${legId}`, earmarkId: 'earmark', legId, ...PLACE, amount: amount(amountHeld), state };
}

describe('coverageOf', () => {
	it("counts what is confirmed and what is inbound at the earmark's place, and nothing that is elsewhere, leaving or released", () => {
		fc.assert(
			fc.property(holds, (given) => {
				const here = given.filter(isHere);
				expect(coverageOf(PLACE, given)).toEqual({
					held: sum(here.filter(({ state }) => state === 'confirmed').map((each) => each.amount)),
					inbound: sum(here.filter(({ state }) => state === 'inbound').map((each) => each.amount)),
				});
			}),
		);
	});
});

describe('shortfallOf', () => {
	it('is what is needed beyond what is held and inbound, each counted once, and never negative', () => {
		fc.assert(
			fc.property(units, units, need, (held, inbound, wanted) => {
				const missing = wanted - held - inbound;
				expect(shortfallOf({ held, inbound }, wanted)).toBe(missing > 0n ? missing : 0n);
			}),
		);
	});

	it('stays the same when what was inbound arrives whole', () => {
		fc.assert(
			fc.property(units, units, need, (held, inbound, wanted) => {
				const arrived = { held: amount(held + inbound), inbound: amount(0n) };
				expect(shortfallOf(arrived, wanted)).toBe(shortfallOf({ held, inbound }, wanted));
			}),
		);
	});
});

describe('trimmed', () => {
	it('frees all that is held too much and nothing that is needed', () => {
		fc.assert(
			fc.property(holds, need, (given, wanted) => {
				const { held, inbound } = coverageOf(PLACE, given);
				const left = coverageOf(PLACE, applied(given, trimmed(PLACE, given, wanted)));
				const wantedOfHeld = wanted > inbound ? wanted - inbound : 0n;
				expect(left.held).toBe(held < wantedOfHeld ? held : wantedOfHeld);
				expect(shortfallOf(left, wanted)).toBe(shortfallOf({ held, inbound }, wanted));
			}),
		);
	});

	it('changes confirmed holds at the place only, each once and downwards: what is inbound, leaving or elsewhere stays as it is', () => {
		fc.assert(
			fc.property(holds, need, (given, wanted) => {
				const changes = trimmed(PLACE, given, wanted);
				expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
				for (const { id, keep } of changes) {
					const changed = given.find((each) => each.id === id);
					expect(changed).toMatchObject({ ...PLACE, state: 'confirmed' });
					expect(keep >= 0n && keep <= (changed?.amount ?? 0n)).toBe(true);
				}
			}),
		);
	});

	it('finds nothing more to free the second time', () => {
		fc.assert(
			fc.property(holds, need, (given, wanted) => {
				const once = applied(given, trimmed(PLACE, given, wanted));
				expect(trimmed(PLACE, once, wanted)).toEqual([]);
			}),
		);
	});

	it('takes from what was there before it takes from what a leg has brought', () => {
		const brought = hold('confirmed', 40n, 'leg a');
		const local = hold('confirmed', 20n);
		expect(trimmed(PLACE, [brought, local], amount(45n))).toEqual([{ id: local.id, keep: 5n }]);
		expect(trimmed(PLACE, [brought, local], amount(30n))).toEqual([
			{ id: local.id, keep: 0n },
			{ id: brought.id, keep: 30n },
		]);
	});

	it('lets what is held go first when what is inbound alone covers the need', () => {
		const local = hold('confirmed', 20n);
		expect(trimmed(PLACE, [local, hold('inbound', 80n, 'leg a')], amount(80n))).toEqual([{ id: local.id, keep: 0n }]);
	});
});
