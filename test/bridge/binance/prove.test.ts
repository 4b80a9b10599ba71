import { describe, expect, it } from 'vitest';
import { creditedOf, sentOf, withdrawnOf } from '../../../src/bridge/binance/evidence.ts';
import { proveDeposit } from '../../../src/bridge/binance/prove.ts';
import { pairOf } from '../../../src/bridge/binance/settings.ts';
import { InvariantError, TransientError } from '../../../src/errors.ts';
import type { ExchangeDeposit } from '../../../src/exchange/exchange.ts';
import { DEPOSIT_TX, exchangeThat, NOW_MS, ORDER, SETTINGS, WITHDRAW_TX } from './account.ts';

const PAIR = pairOf(SETTINGS, ORDER);
const EVIDENCE = { depositTx: DEPOSIT_TX, depositBlock: '7', seenAtMs: String(NOW_MS) };
const SEEN: ExchangeDeposit = { state: 'credited', note: 'status 1', amount: '100', noticedAtMs: NOW_MS + 5_000 };

function prove(found: ExchangeDeposit | null, waitedMs = 0, evidence: Record<string, string> = EVIDENCE) {
	const asked: unknown[] = [];
	const exchange = exchangeThat({
		async findDeposit(sought) {
			asked.push(sought);
			return found;
		},
	});
	const proof = proveDeposit({ exchange, pair: PAIR, nowMs: NOW_MS + waitedMs }, evidence);
	return proof.then((answer) => ({ answer, asked }));
}

describe('a deposit', () => {
	it('is proven when it is credited, with what and when by the exchange, and keeps what was known', async () => {
		const { answer, asked } = await prove(SEEN);
		expect(answer).toEqual({ state: 'proven', evidence: { ...EVIDENCE, credited: '100', noticedAtMs: `${NOW_MS + 5_000}` } });
		expect(asked).toEqual([{ coin: 'USDC', network: 'ETH', transactionHash: DEPOSIT_TX }]);
	});

	it.each<[string, ExchangeDeposit | null, RegExp]>([
		['unknown', null, /has not seen/],
		['pending', { ...SEEN, state: 'pending', note: 'status 0' }, /not credited yet \(status 0\)/],
		['locked', { ...SEEN, state: 'locked', note: 'status 6' }, /still locked \(status 6\)/],
		['refused', { ...SEEN, state: 'refused', note: 'status 7' }, /does not credit it \(status 7\): a person/],
	])('is looked for again when it is %s, and never given up', async (_state, found, note) => {
		const first = (await prove(found)).answer;
		expect(first).toEqual({ state: 'pending', lookAgainMs: expect.any(Number), note: expect.stringMatching(note) });
		// Half of the 300 seconds that are promised, and a little more.
		expect(first).toMatchObject({ lookAgainMs: 165_000 });
		expect((await prove(found, 100 * 86_400_000)).answer).toMatchObject({ state: 'pending', lookAgainMs: 300_000 });
	});

	it('is not judged by a clock that goes back', async () => {
		expect((await prove(null, -10_000)).answer).toMatchObject({ state: 'pending', lookAgainMs: 165_000 });
	});

	it('is unknown when the exchange does not answer', async () => {
		const exchange = exchangeThat({ findDeposit: () => Promise.reject(new TransientError('no answer')) });
		await expect(proveDeposit({ exchange, pair: PAIR, nowMs: NOW_MS }, EVIDENCE)).rejects.toThrow(TransientError);
	});
});

describe('stored evidence', () => {
	const credited = { ...EVIDENCE, credited: '100.5', noticedAtMs: `${NOW_MS}` };
	const withdrawn = { ...credited, withdrawalId: 'w', withdrawTx: WITHDRAW_TX, withdrawn: '100.5', withdrawFee: '0.1' };

	it('is read as it was written', () => {
		expect(sentOf(withdrawn)).toEqual({ depositTx: DEPOSIT_TX, seenAtMs: NOW_MS });
		expect(creditedOf(withdrawn)).toMatchObject({ credited: '100.5', noticedAtMs: NOW_MS });
		expect(withdrawnOf(withdrawn)).toMatchObject({ withdrawTx: WITHDRAW_TX, withdrawFee: '0.1' });
	});

	it.each(['depositTx', 'seenAtMs', 'credited', 'noticedAtMs', 'withdrawTx', 'withdrawn', 'withdrawFee'])(
		'stops everything when %s is missing or none, and names it',
		(key) => {
			const { [key]: _, ...without } = withdrawn as Record<string, string>;
			for (const broken of [without, { ...withdrawn, [key]: 'undefined' }]) {
				expect(() => withdrawnOf(broken)).toThrow(InvariantError);
				expect(() => withdrawnOf(broken)).toThrow(key);
			}
		},
	);
});
