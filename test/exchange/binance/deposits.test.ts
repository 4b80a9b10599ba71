import { encodeFunctionData, erc20Abi, multicall3Abi } from 'viem';
import { describe, expect, it } from 'vitest';
import { SOLVER } from '../../../sandbox/chains/accounts.ts';
import { mintToken } from '../../../sandbox/chains/chain.ts';
import { MULTICALL3 } from '../../../sandbox/chains/client.ts';
import { nonsense, when } from '../../../sandbox/http/misbehave.ts';
import { InvariantError, TransientError } from '../../../src/errors.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { useBinance } from './account.ts';

const DAY_MS = 86_400_000;
const DEPOSITS = 'GET /sapi/v1/capital/deposit/hisrec';

const binance = useBinance();

describe('a deposit', () => {
	const find = (transactionHash: string, network = 'ETH', coin = 'USDC') =>
		binance.account.exchange.findDeposit({ coin, network, transactionHash });
	const has = (status: number) => eventually(`status ${status}`, async () => binance.stand.exchange.deposits().at(-1)?.status === status);

	it('is pending, locked, credited, in turn, with its exact amount', async () => {
		Object.assign(binance.stand.exchange.settings, { pending: () => true, locked: () => true });
		const hash = await binance.stand.send('1', 1_234_567_891n);
		await binance.stand.at('1').client.mine({ blocks: 5 });
		await has(0);
		const { insertedAtMs } = binance.stand.deposit();
		expect(await find(hash)).toMatchObject({ state: 'pending', amount: '1234.567891', noticedAtMs: insertedAtMs });
		binance.stand.exchange.settings.pending = () => false;
		await has(6);
		expect(await find(hash)).toMatchObject({ state: 'locked', amount: '1234.567891', note: expect.stringContaining('6') });
		binance.stand.exchange.settings.locked = () => false;
		await has(1);
		expect(await find(hash)).toMatchObject({ state: 'credited', amount: '1234.567891' });
	});

	it('is found by its transaction in whichever capitals, on its own network, of its own coin', async () => {
		const hash = await binance.stand.send('1', 5_000_000n);
		await eventually('it is seen', async () => binance.stand.exchange.deposits().length === 1);
		const changed = (body: unknown) => (body as { txId: string }[]).map((row) => ({ ...row, txId: row.txId.toUpperCase() }));
		binance.stand.exchange.api.fault = when('GET', /hisrec$/, { change: changed });
		expect(await find(hash)).toMatchObject({ amount: '5' });
		expect(await find(hash, 'BSC')).toBeNull();
		expect(await find(hash, 'ETH', 'USDT')).toBeNull();
		expect(await find(`0x${'1'.repeat(64)}`)).toBeNull();
	});

	it('that is refused waits for a person', async () => {
		const hash = await binance.stand.send('1', 5_000_000n, binance.stand.exchange.depositAddress('BSC'));
		await has(7);
		expect(await find(hash)).toMatchObject({ state: 'refused', note: expect.stringContaining('wrong deposit') });
	});

	it('is found long after it was made, and the search for one that is not there is not repeated in full', async () => {
		const hash = await binance.stand.send('1', 5_000_000n);
		await binance.stand.at('1').client.mine({ blocks: 5 });
		await has(1);
		binance.stand.aheadMs = 300 * DAY_MS;
		expect(await find(hash)).toMatchObject({ state: 'credited', amount: '5' });
		const before = binance.asked(DEPOSITS);
		const unknown = `0x${'2'.repeat(64)}`;
		expect(await find(unknown)).toBeNull();
		expect(binance.asked(DEPOSITS) - before).toBe(4);
		expect(await find(unknown)).toBeNull();
		expect(binance.asked(DEPOSITS) - before).toBe(5);
	});

	it('is one per transaction: two are nobody’s guess', async () => {
		const chain = binance.stand.at('1');
		const to = binance.stand.exchange.depositAddress('ETH');
		const token = binance.stand.token('1');
		await mintToken(chain, { token, to: MULTICALL3, units: 12_000_000n });
		const calls = [5_000_000n, 7_000_000n].map((units) => {
			const callData = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, units] });
			return { target: token, callData, allowFailure: false };
		});
		const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] });
		const { transactionHash } = await chain.client.execute({ from: SOLVER.address, to: MULTICALL3, data });
		await eventually('both are seen', async () => binance.stand.exchange.deposits().length === 2);
		await expect(find(transactionHash)).rejects.toThrow(InvariantError);
	});

	it.each([
		[0, 'pending'],
		[8, 'pending'],
		[6, 'locked'],
		[1, 'credited'],
		[2, 'refused'],
		[7, 'refused'],
	])('of status %s is %s', async (status, state) => {
		const row = { id: '769800519366885376', amount: '0.999', coin: 'USDC', network: 'ETH', txId: '0xab', insertTime: 1_700_000_000_000 };
		binance.stand.exchange.api.fault = when('GET', /hisrec$/, nonsense([{ ...row, status }]));
		expect(await find('0xAB')).toEqual({ state, note: expect.stringContaining(`${status}`), amount: '0.999', noticedAtMs: row.insertTime });
	});

	it.each([
		['of an unknown status', { status: 9 }, 'unknown status 9'],
		['without a status', { status: null }, 'status'],
		['whose amount is a number', { amount: 0.999 }, 'amount'],
		['without a time', { insertTime: undefined }, 'insertTime'],
	])('%s tells nothing', async (_what, change, words) => {
		const row = { id: '1', amount: '0.9', coin: 'USDC', network: 'ETH', txId: '0xab', insertTime: 1_700_000_000_000, status: 1 };
		binance.stand.exchange.api.fault = when('GET', /hisrec$/, nonsense([{ ...row, ...change }]));
		const found = find('0xab');
		await expect(found).rejects.toThrow(words);
		await expect(found).rejects.toBeInstanceOf(TransientError);
	});
});
