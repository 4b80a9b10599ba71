import { describe, expect, it } from 'vitest';
import { binance } from '../../../src/bridge/binance/adapter.ts';
import { PermanentError, TransientError } from '../../../src/errors.ts';
import type { ExchangeReads } from '../../../src/exchange/exchange.ts';
import { fakeNode } from '../cctp-v2/fake-node.ts';
import { DEPOSIT_TX, DEPOSITS, exchangeThat, minedWith, NOW_MS, ORDER, SETTINGS, STRANGER, TERMS, transfer } from './account.ts';

const OURS = { address: String(DEPOSITS[1]), tag: null };
const NETWORKS = new Map([
	['ETH', TERMS],
	['OPTIMISM', TERMS],
]);

function bridge(answers: Partial<ExchangeReads> = {}) {
	const opened: string[] = [];
	const adapter = binance.create(SETTINGS, {
		client: () => fakeNode(() => null).client,
		fetch,
		nowMs: () => NOW_MS,
		finalityBlocks: () => 0,
		budget: () => ({ enter: async () => {}, pause: async () => {} }),
		exchange(service) {
			opened.push(service);
			return exchangeThat({ networks: async () => NETWORKS, depositAddress: async () => OURS, ...answers });
		},
	});
	return { adapter, opened };
}

const quote = (answers: Partial<ExchangeReads> = {}) => bridge(answers).adapter.quote(ORDER);

describe('the bridge', () => {
	it('is of one account, needs no allowance and no contract, and sends to its own deposit addresses alone', () => {
		const { adapter, opened } = bridge();
		expect(opened).toEqual(['binance']);
		expect(adapter.spend(ORDER)).toBeNull();
		expect(adapter.contracts('1')).toEqual([]);
		expect(adapter.deposits?.('1')).toEqual([DEPOSITS[1]]);
	});

	it('quotes by the terms of both ends', async () => {
		expect(await quote()).toMatchObject({ receive: 99_900_000n, seconds: 320 });
		expect((await bridge().adapter.send(ORDER)).to).toBe(ORDER.origin.token);
	});

	it('takes the deposit address as the exchange writes it', async () => {
		expect(await quote({ depositAddress: async () => ({ ...OURS, address: OURS.address.toLowerCase() }) })).toMatchObject({
			send: ORDER.send,
		});
	});

	it.each([
		['another address', { address: STRANGER, tag: null }, STRANGER],
		['a tag that a transfer cannot carry', { ...OURS, tag: '17' }, 'with tag 17'],
		['an address of another kind of chain', { address: 'TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf', tag: null }, 'TXYZop'],
		['an address of too few digits', { address: OURS.address.slice(0, -1), tag: null }, 'bridges.binance.networks'],
	])('sends nothing when the exchange names %s', async (_case, told, problem) => {
		for (const verb of ['quote', 'send'] as const) {
			const refused = bridge({ depositAddress: async () => told }).adapter[verb](ORDER);
			await expect(refused).rejects.toThrow(PermanentError);
			await expect(refused).rejects.toThrow(problem);
		}
	});

	it('refuses networks that the exchange does not know', async () => {
		await expect(quote({ networks: async () => new Map([['ETH', TERMS]]) })).rejects.toThrow(/knows no network OPTIMISM of USDC/);
	});

	it('quotes nothing on what could not be read', async () => {
		await expect(quote({ networks: () => Promise.reject(new TransientError('no answer')) })).rejects.toThrow(TransientError);
		await expect(quote({ depositAddress: () => Promise.reject(new TransientError('no answer')) })).rejects.toThrow(TransientError);
	});

	it('remembers when it has seen the deposit, and looks at the request by the deposit alone', () => {
		const { adapter } = bridge();
		const evidence = adapter.evidence(ORDER, minedWith(transfer()));
		expect(evidence).toEqual({ depositTx: DEPOSIT_TX, depositBlock: '7', seenAtMs: `${NOW_MS}` });
		expect(adapter.requests?.subject({ ...evidence, credited: '100', noticedAtMs: '5' })).toBe(DEPOSIT_TX);
		expect(adapter.requests?.firstLookMs(ORDER)).toBe(11_000);
	});
});
