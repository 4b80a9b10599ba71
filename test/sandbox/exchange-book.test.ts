import { type Hex, pad } from 'viem';
import { describe, expect, it } from 'vitest';
import { checkExchange, type ExchangeBook } from '../../sandbox/oracle/exchange.ts';
import type { Movement } from '../../sandbox/oracle/movements.ts';

const tx = (number: Hex): Hex => pad(number, { size: 32 });
const [IN, OUT, OTHER] = [tx('0x01'), tx('0x02'), tx('0x03')];
const move = (kind: 'parked' | 'withdrawn', hash: Hex, units: bigint, decimals = 6): Movement => ({
	...{ chain: kind === 'parked' ? '1' : '10', asset: 'USDC', decimals, tx: hash, units, incoming: kind === 'withdrawn', is: { kind } },
});
/** 100 tokens were brought, 100 asked for at eight decimals, and 99.9 have come. */
const PARKED = move('parked', IN, 100_000_000n);
const CAME = move('withdrawn', OUT, 99_900_000n);
const PAID = { tx: OUT, asked: 10_000_000_000n, fee: 10_000_000n };
const check = (movements: readonly Movement[], withdrawals: ExchangeBook['withdrawals'] = [PAID]) =>
	checkExchange(movements, { withdrawals, decimals: 8 });

describe('the book of the exchange', () => {
	it('agrees with what was brought and what has come, in whatever units', () => {
		expect(check([PARKED, CAME])).toEqual([]);
		expect(check([PARKED, move('withdrawn', OUT, 999n * 10n ** 17n, 18)])).toEqual([]);
		expect(check([PARKED], [])).toEqual([]);
	});

	it.each<[string, readonly Movement[], ExchangeBook['withdrawals'], RegExp[]]>([
		['what is twice in the book', [PARKED, CAME], [PAID, PAID], [/is 2 times in its book/, /20{20,} was withdrawn.* and 10{20} brought/]],
		['what is not in the book', [PARKED, CAME], [], [/is 0 times in its book/]],
		['too little', [PARKED, { ...CAME, units: 99_899_999n }], [PAID], [/brought 99899999, and 9990000000 is/]],
		['too much', [PARKED, { ...CAME, units: 99_900_001n }], [PAID], [/brought 99900001/]],
		['what has not come', [PARKED], [PAID], [/has paid 0x0+2, which has not come/]],
		[
			'a second withdrawal of one deposit',
			[PARKED, CAME, { ...CAME, tx: OTHER }],
			[PAID, { ...PAID, tx: OTHER }],
			[/20{20,} was withdrawn.* and 10{20} brought/],
		],
		['more than was brought, by the fee alone', [move('parked', IN, 99_999_999n), CAME], [PAID], [/was withdrawn/]],
		['a withdrawal without any deposit', [CAME], [PAID], [/and 0 brought/]],
	])('does not agree with %s', (_case, movements, withdrawals, problems) => {
		const found = check(movements, withdrawals);
		expect(found).toHaveLength(problems.length);
		for (const problem of problems) expect(found).toContainEqual(expect.stringMatching(problem));
	});
});
