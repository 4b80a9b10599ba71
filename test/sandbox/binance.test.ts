import { encodeFunctionData, erc20Abi, multicall3Abi } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { USUAL } from '../../sandbox/binance/settings.ts';
import { INVOICE_OWNERS, SOLVER } from '../../sandbox/chains/accounts.ts';
import { mintToken } from '../../sandbox/chains/chain.ts';
import { MULTICALL3 } from '../../sandbox/chains/client.ts';
import { type BinanceStand, openBinance } from './binance-stand.ts';
import { eventually } from './eventually.ts';

const [OWNER] = INVOICE_OWNERS;
const TO = OWNER?.address ?? '0x';

let stand: BinanceStand;
beforeAll(async () => {
	stand = await openBinance();
});
afterAll(() => stand.stop());
beforeEach(() => stand.reset());

const is = (status: number) => async (): Promise<boolean> => stand.exchange.deposits().at(-1)?.status === status;
const ends = (status: number) => eventually(`the withdrawal has status ${status}`, async () => stand.withdrawal().status === status);

describe('a deposit', () => {
	it('is credited, then withdrawable, and arrives on the other chain less the fee, to the last unit', async () => {
		const { client, exchange } = stand;
		exchange.setTerms('USDC', 'ETH', { minConfirm: 2, unLockConfirm: 3 });
		const { address } = await client.fetchDepositAddress('USDC', { network: 'ETH' });
		expect(address).toBe(exchange.depositAddress('ETH'));
		const hash = await stand.send('1', 1_234_567_891n);

		await eventually('it is pending', is(0));
		expect(exchange.balance('USDC')).toEqual({ free: '0', locked: '0' });
		await stand.at('1').client.mine({ blocks: 1 });
		await eventually('it is locked', is(6));
		const [locked] = await client.fetchDeposits('USDC');
		expect(locked).toMatchObject({
			txid: hash,
			amount: '1234.567891',
			status: 'ok',
			network: 'ERC20',
			info: { status: 6, confirmTimes: '2/2' },
		});
		expect(await client.fetchBalance()).toMatchObject({ USDC: { free: '0.00000000', used: '1234.56789100' } });
		await expect(client.withdraw('USDC', 100, TO, undefined, { network: 'BSC' })).rejects.toThrow('-4060');
		await stand.at('1').client.mine({ blocks: 1 });
		await eventually('it is free', is(1));
		expect(await client.fetchBalance()).toMatchObject({ USDC: { free: '1234.56789100', used: '0.00000000' } });

		const { id } = await client.withdraw('USDC', '1234.567891' as unknown as number, TO, undefined, {
			network: 'BSC',
			withdrawOrderId: 'one',
		});
		expect(exchange.balance('USDC')).toEqual({ free: '0', locked: '0' });
		await ends(6);
		const [done] = await client.fetchWithdrawals('USDC', undefined, undefined, { withdrawOrderId: 'one' });
		expect(done).toMatchObject({ id, status: 'ok', amount: '1234.467891', fee: { cost: '0.1' }, network: 'BEP20', address: TO });
		expect(done?.info).toMatchObject({ withdrawOrderId: 'one', status: 6, transactionFee: '0.1', walletType: 0 });
		expect(done?.info.applyTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
		expect(await stand.balanceOf('56', TO)).toBe(1_234_467_891_000_000_000_000n);
		const { from } = await stand.at('56').client.getTransaction({ hash: stand.withdrawal().transactionHash ?? '0x' });
		expect(from).toBe(exchange.hotWallet.toLowerCase());
	});

	it('of more decimals than the exchange has is rounded down, and the rest is nobody’s', async () => {
		await stand.send('56', 1_123_456_789_999_999_999n);
		await stand.at('56').client.mine({ blocks: 2 });
		await eventually('it is free', is(1));
		expect(stand.exchange.balance('USDC').free).toBe('1.12345678');
		await stand.send('56', 9_999_999_999n);
		await stand.looksAround();
		expect(stand.exchange.deposits()).toHaveLength(1);
	});

	it.each([
		['where deposits are closed', false, 'ETH'],
		['to the address of another network', true, 'BSC'],
	] as const)('%s is a wrong one, and not credited', async (_where, depositEnable, network) => {
		stand.exchange.setTerms('USDC', 'ETH', { depositEnable });
		await stand.send('1', 5_000_000n, stand.exchange.depositAddress(network));
		await eventually('it is wrong', is(7));
		await stand.at('1').client.mine({ blocks: 3 });
		await stand.looksAround();
		expect((await stand.client.fetchDeposits('USDC'))[0]?.info.status).toBe(7);
		expect(stand.exchange.balance('USDC')).toEqual({ free: '0', locked: '0' });
	});

	it('waits, or stays locked, for as long as told', async () => {
		stand.exchange.settings.pending = () => true;
		await stand.send('1', 5_000_000n);
		await stand.at('1').client.mine({ blocks: 5 });
		await eventually('it is seen', is(0));
		Object.assign(stand.exchange.settings, { pending: () => false, locked: () => true });
		await eventually('it is locked', is(6));
		stand.exchange.settings.lockedIsFree = true;
		expect(await stand.client.fetchBalance()).toMatchObject({ USDC: { free: '5.00000000', used: '0.00000000' } });
		await expect(stand.client.withdraw('USDC', 5, TO, undefined, { network: 'BSC' })).rejects.toThrow('-4060');
		stand.exchange.settings.locked = () => false;
		await eventually('it is free', is(1));
	});

	it('disappears with its block, unless it could be withdrawn already, and comes back with another', async () => {
		const { client } = stand.at('1');
		stand.exchange.setTerms('USDC', 'ETH', { unLockConfirm: 4 });
		await stand.send('1', 5_000_000n);
		await eventually('it is locked', is(6));
		await client.transport.request({ method: 'anvil_reorg', params: [1, []] });
		await eventually('it is gone', async () => stand.exchange.deposits().length === 0);
		expect(stand.exchange.balance('USDC')).toEqual({ free: '0', locked: '0' });
		await stand.send('1', 5_000_000n);
		await client.mine({ blocks: 3 });
		await eventually('it is free', is(1));
		await client.transport.request({ method: 'anvil_reorg', params: [4, []] });
		await stand.looksAround();
		expect(stand.exchange.balance('USDC').free).toBe('5');
	});

	it('may be one of several in one transaction, of either coin', async () => {
		const chain = stand.at('1');
		const transfers = [
			['USDC', 5_000_000n],
			['USDT', 7_000_000n],
			['USDC', 5_000_000n],
		] as const;
		const to = stand.exchange.depositAddress('ETH');
		const calls = [];
		for (const [coin, units] of transfers) {
			await mintToken(chain, { token: stand.token('1', coin), to: MULTICALL3, units });
			const callData = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, units] });
			calls.push({ target: stand.token('1', coin), callData, allowFailure: false });
		}
		const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] });
		const { transactionHash } = await chain.client.execute({ from: SOLVER.address, to: MULTICALL3, data });
		await chain.client.mine({ blocks: 2 });
		await eventually('all are free', async () => stand.exchange.balance('USDC').free === '10');
		expect(stand.exchange.balance('USDT').free).toBe('7');
		const rows = await stand.client.fetchDeposits(undefined, undefined, undefined, { txId: transactionHash });
		expect(rows.map(({ currency, amount }) => `${amount} ${currency}`).sort()).toEqual(['5 USDC', '5 USDC', '7 USDT']);
		expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
	});
});

describe('a withdrawal', () => {
	beforeEach(() => stand.exchange.credit('USDC', '1000'));
	const withdraw = (orderId = 'one', amount = 100) =>
		stand.client.withdraw('USDC', amount, TO, undefined, { network: 'ETH', withdrawOrderId: orderId });

	it.each([
		['cancelled', 1, 'canceled'],
		['rejected', 3, 'failed'],
		['failed', 5, 'failed'],
	] as const)('that is %s gives its amount back and sends nothing', async (outcome, status, word) => {
		stand.exchange.settings.outcome = () => outcome;
		await withdraw();
		expect(stand.exchange.balance('USDC').free).toBe('900');
		await ends(status);
		expect(stand.exchange.balance('USDC').free).toBe('1000');
		const [row] = await stand.client.fetchWithdrawals('USDC', undefined, undefined, { withdrawOrderId: 'one' });
		expect(row).toMatchObject({ status: word, info: { status, txId: '' } });
		expect(await stand.balanceOf('1', TO)).toBe(0n);
	});

	it('stays where it is for as long as it is stuck', async () => {
		Object.assign(stand.exchange.settings, { approvalMs: 0, processingMs: 0, stuck: () => true });
		await withdraw();
		await stand.looksAround();
		expect(stand.withdrawal().status).toBe(2);
		stand.exchange.settings.stuck = ({ status }) => status === 4;
		await ends(4);
		await stand.looksAround();
		expect(stand.withdrawal()).toMatchObject({ status: 4, transactionHash: null });
		expect((await stand.client.fetchWithdrawals('USDC'))[0]).toMatchObject({ status: 'pending', info: { status: 4, txId: '' } });
		stand.exchange.settings.stuck = () => false;
		await ends(6);
		expect(await stand.balanceOf('1', TO)).toBe(99_000_000n);
	});

	it('is approved and sent when the exchange’s clock says so', async () => {
		Object.assign(stand.exchange.settings, { approvalMs: 3_600_000, processingMs: 3_600_000 });
		await withdraw();
		await stand.looksAround();
		expect(stand.withdrawal().status).toBe(2);
		stand.aheadMs = 3_600_000;
		await ends(4);
		stand.aheadMs = 7_200_000;
		await ends(6);
	});

	it('is paid once although a reorganisation takes it away, on the same nonce and by the same transaction', async () => {
		await withdraw('one');
		await withdraw('two', 200);
		await eventually('both are paid', async () => stand.exchange.withdrawals().every(({ status }) => status === 6));
		const before = stand.exchange.withdrawals().map(({ transactionHash }) => transactionHash);
		const { client } = stand.at('1');
		await client.transport.request({ method: 'anvil_reorg', params: [2, []] });
		expect(await stand.balanceOf('1', TO)).toBe(0n);
		await eventually('both are paid again', async () => (await stand.balanceOf('1', TO)) === 298_000_000n);
		await client.mine({ blocks: 1 });
		await stand.looksAround();
		expect(await stand.balanceOf('1', TO)).toBe(298_000_000n);
		expect(stand.exchange.withdrawals().map(({ transactionHash }) => transactionHash)).toEqual(before);
		expect(await client.getTransactionCount({ address: stand.exchange.hotWallet })).toBe(2);
	});

	it('that waits to be mined is not sent again, and the next one waits behind it', async () => {
		const { client } = stand.at('1');
		await client.setAutomine(false);
		await withdraw('one');
		await withdraw('two');
		await eventually('both are sent', async () => stand.exchange.withdrawals().every(({ transactionHash }) => transactionHash !== null));
		await stand.looksAround();
		expect(stand.exchange.withdrawals().map(({ status }) => status)).toEqual([4, 4]);
		expect((await client.getTxpoolStatus()).pending).toBe(2);
		await client.dropPool();
		await eventually('both are sent again', async () => (await client.getTxpoolStatus()).pending === 2);
		await client.mine({ blocks: 1 });
		await client.setAutomine(true);
		await ends(6);
		expect(await stand.balanceOf('1', TO)).toBe(198_000_000n);
	});

	it('that the token refuses to move has failed', async () => {
		await stand.client.withdraw('USDC', 100, stand.token('1'), undefined, { network: 'ETH' });
		await ends(5);
		expect(stand.exchange.balance('USDC').free).toBe('1000');
		await withdraw();
		await ends(6);
	});
});

describe('a reset', () => {
	it('leaves nothing behind, and funds to withdraw', async () => {
		const { exchange, client } = stand;
		exchange.credit('USDC', '500');
		await stand.send('1', 5_000_000n);
		await client.withdraw('USDC', 100, TO, undefined, { network: 'ETH', withdrawOrderId: 'one' });
		await ends(6);
		exchange.setTerms('USDC', 'ETH', { withdrawFee: '7', withdrawEnable: false });
		Object.assign(exchange.settings, { enforceLimits: false, maintenance: 'unknown', stuck: () => true, approvalMs: 9 });
		exchange.api.fault = () => ({ status: 500 });
		await stand.reset();
		expect([exchange.api.counts.size, exchange.weights.peaks.size]).toEqual([0, 0]);
		expect({ ...exchange.settings, nowMs: null }).toEqual({ ...USUAL, nowMs: null });
		expect((await client.fetchCurrencies()).USDC?.networks.ERC20).toMatchObject({ fee: '1', withdraw: true });
		expect([exchange.deposits(), exchange.withdrawals(), exchange.balance('USDC').free, exchange.duplicates]).toEqual([[], [], '0', 0]);
		expect(await stand.balanceOf('1', TO)).toBe(0n);
		exchange.credit('USDC', '500');
		await client.withdraw('USDC', 100, TO, undefined, { network: 'ETH', withdrawOrderId: 'one' });
		await ends(6);
		expect(await stand.balanceOf('1', TO)).toBe(99_000_000n);
		expect(exchange.duplicates).toBe(0);
		expect(await stand.balanceOf('1', SOLVER.address)).toBe(10_000_000_000n);
	});
});
