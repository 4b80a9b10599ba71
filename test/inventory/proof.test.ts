import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerAccount } from '../../src/inventory/moves.ts';
import { proveFunds } from '../../src/inventory/proof.ts';

type Known = Parameters<typeof proveFunds>[0];

const [HERE, THERE] = [
	{ venue: '1', asset: 'USDC' },
	{ venue: '10', asset: 'USDC' },
];
/** Of the same asset on the same chain as `HERE`, and of another asset there. */
const [FUNDER, OTHER] = [
	{ venue: '1/funder', asset: 'USDC' },
	{ venue: '1', asset: 'USDT' },
];

const prove = (known: Partial<Known>) => proveFunds({ seen: [], ledger: [], open: [], underWay: [], ...known });
const seen = (place: typeof HERE, latest: bigint, openedBlock: bigint | null = 5n) => ({ ...place, latest, openedBlock });
const entry = (account: LedgerAccount, place: typeof HERE, units: bigint) => ({ account, ...place, units });

describe('a proof of funds', () => {
	it('explains a position by the ledger and by what is open there', () => {
		const { positions } = prove({
			seen: [seen(HERE, 107n), seen(FUNDER, 40n)],
			ledger: [entry('wallet', HERE, 100n), entry('wallet', FUNDER, 50n)],
			open: [
				{ ...HERE, difference: 10n },
				{ ...HERE, difference: -3n },
				{ ...FUNDER, difference: -10n },
			],
		});
		expect(positions).toEqual([
			{ ...HERE, chain: 107n, ledger: 100n, open: 7n, unexplained: 0n },
			{ ...FUNDER, chain: 40n, ledger: 50n, open: -10n, unexplained: 0n },
		]);
	});

	it('names what nothing explains to the last unit, more as well as less', () => {
		const large = 2n ** 200n;
		const { positions } = prove({
			seen: [seen(HERE, large + 1n), seen(THERE, large - 1n), seen(OTHER, 0n), seen(FUNDER, 3n)],
			ledger: [entry('wallet', HERE, large), entry('wallet', THERE, large), entry('wallet', OTHER, 7n)],
			open: [{ ...FUNDER, difference: 1n }],
		});
		expect(positions.map(({ unexplained }) => unexplained)).toEqual([1n, -1n, -7n, 2n]);
	});

	it('counts the wallet alone as what is at a position', () => {
		const accounts = ['in_flight', 'receivable', 'fees', 'external', 'bridge', 'hub', 'swap'] as const;
		const { positions } = prove({ seen: [seen(HERE, 0n)], ledger: accounts.map((account) => entry(account, HERE, 9n)) });
		expect(positions).toEqual([{ ...HERE, chain: 0n, ledger: 0n, open: 0n, unexplained: 0n }]);
	});

	it('does not say of a position whose books have not begun that it is explained', () => {
		const { positions } = prove({ seen: [seen(HERE, 5n, null), seen(THERE, 0n, null), seen(FUNDER, 5n, 0n)] });
		expect(positions.map(({ unexplained }) => unexplained)).toEqual([null, null, 5n]);
	});

	it('names positions whose entries do not come to nothing', () => {
		const { uneven } = prove({
			ledger: [
				...[entry('wallet', HERE, -10n), entry('in_flight', HERE, 10n)],
				...[entry('wallet', THERE, 10n), entry('bridge', THERE, -9n)],
				...[entry('wallet', OTHER, 10n), entry('wallet', FUNDER, -10n)],
			],
		});
		expect(uneven).toEqual([THERE, OTHER, FUNDER]);
	});

	it('compares what is in flight and owed with its rows, and nothing else', () => {
		const { accounts } = prove({
			ledger: [
				...[entry('in_flight', HERE, 30n), entry('receivable', HERE, 5n), entry('in_flight', THERE, 4n), entry('receivable', THERE, 0n)],
				...[entry('fees', HERE, 3n), entry('bridge', HERE, -3n)],
			],
			underWay: [
				entry('in_flight', HERE, 10n),
				entry('in_flight', HERE, 20n),
				entry('receivable', HERE, 4n),
				entry('receivable', OTHER, 6n),
			],
		});
		expect(accounts).toEqual([
			{ account: 'in_flight', ...HERE, units: 30n, rows: 30n, unexplained: 0n },
			{ account: 'in_flight', ...THERE, units: 4n, rows: 0n, unexplained: -4n },
			{ account: 'receivable', ...HERE, units: 5n, rows: 4n, unexplained: -1n },
			{ account: 'receivable', ...OTHER, units: 0n, rows: 6n, unexplained: 6n },
		]);
	});

	it('finds exactly what was taken away or put in anywhere, whatever the books say', () => {
		const places = [HERE, THERE, FUNDER, OTHER];
		const units = fc.bigInt(-(2n ** 128n), 2n ** 128n);
		const rows = fc.array(fc.record({ place: fc.constantFrom(...places), units }), { maxLength: 12 });
		fc.assert(
			fc.property(rows, rows, fc.constantFrom(...places), units, (booked, open, where, missing) => {
				const at = (all: typeof booked, place: typeof HERE) =>
					all.reduce((sum, each) => (each.place === place ? sum + each.units : sum), 0n);
				const { positions, uneven } = prove({
					seen: places.map((place) => seen(place, at(booked, place) + at(open, place) + (place === where ? missing : 0n))),
					ledger: booked.flatMap((each) => [entry('wallet', each.place, each.units), entry('external', each.place, -each.units)]),
					open: open.map((each) => ({ ...each.place, difference: each.units })),
				});
				expect(positions.map(({ unexplained }) => unexplained)).toEqual(places.map((place) => (place === where ? missing : 0n)));
				expect(uneven).toEqual([]);
			}),
		);
	});
});
