import { zeroAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { deposit, depositStatus, fees, get, type SentDeposit } from './requests.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

describe('Across', () => {
	it("asks the set fee, and leaves the rest in the destination's decimals", async () => {
		world.across.setFee('1', '56', { gas: '0.1', bps: 10 });
		const { body } = await fees(world, ['1', '56'], 100_000_000n);
		expect(body).toMatchObject({
			totalRelayFee: { total: '200000', pct: '2000000000000000' },
			relayerGasFee: { total: '100000' },
			outputAmount: '99800000000000000000',
			isAmountTooLow: false,
			spokePoolAddress: world.chain('1').spokePool,
			destinationSpokePoolAddress: world.chain('56').spokePool,
			limits: { minDeposit: '1000000', maxDeposit: '25000000000' },
		});
	});

	it('refuses what the API refuses', async () => {
		const ask = (route: readonly [string, string], amount: bigint, more: string) => {
			const [from, to] = route.map((venue) => world.chain(venue));
			return get(
				`${world.across.url}/suggested-fees?inputToken=${from?.usdc}&outputToken=${to?.usdc}&originChainId=${from?.id}&destinationChainId=${to?.id}&amount=${amount}${more}`,
			);
		};
		expect((await ask(['1', '56'], 100_000_000n, '')).status).toBe(400);
		expect((await ask(['1', '10'], 10n, '')).status).toBe(400);
		expect((await ask(['1', '10'], 10n, '&skipAmountLimit=true')).body).toMatchObject({ isAmountTooLow: true, outputAmount: '0' });
		const tooMuch = await ask(['1', '10'], 25_000_000_001n, '&skipAmountLimit=true');
		expect([tooMuch.status, tooMuch.body.message]).toEqual([400, expect.stringContaining('AMOUNT_TOO_HIGH')]);
		expect(
			(await get(`${world.across.url}/limits?inputToken=${zeroAddress}&outputToken=${zeroAddress}&originChainId=1&destinationChainId=10`))
				.status,
		).toBe(400);
		expect((await depositStatus(world, { origin: '1', depositId: 99n })).status).toBe(404);
		expect((await fetch(`${world.across.url}/available-routes`).then((response) => response.json())) as unknown[]).toHaveLength(6);
	});

	it('fills many deposits at once, each once, between different decimals', async () => {
		await world.fund('56', '100');
		await world.fund('1', '100');
		const sent: SentDeposit[] = [];
		for (let count = 0; count < 4; count += 1)
			sent.push(await deposit(world, ['56', '1'], 10n ** 19n), await deposit(world, ['1', '56'], 10n ** 7n));
		for (const each of sent)
			await eventually(`deposit ${each.depositId} filled`, async () => (await depositStatus(world, each)).body.status === 'filled');
		await eventually('all are filled', async () => [...world.across.relayer.deposits.values()].every((each) => each.fillTx !== null));
		const arrived = (index: number) => sent.filter((_, at) => at % 2 === index).reduce((sum, each) => sum + each.output, 0n);
		expect(await world.balanceOf('1', SOLVER.address)).toBe(60_000_000n + arrived(0));
		expect(await world.balanceOf('56', SOLVER.address)).toBe(60n * 10n ** 18n + arrived(1));
	});

	it('leaves a deposit alone that is ignored, until it is not', async () => {
		await world.fund('1', '100');
		world.across.relayer.ignore = () => true;
		const { depositId, tx, output } = await deposit(world, ['1', '10'], 50_000_000n);
		const status = () => get(`${world.across.url}/deposit/status?depositTxnRef=${tx}`);
		await eventually('the deposit is known', async () => (await status()).status === 200);
		expect((await status()).body).toMatchObject({ status: 'pending', depositId: `${depositId}`, fillTx: null });
		world.across.relayer.ignore = () => false;
		await eventually('the deposit is filled', async () => (await status()).body.status === 'filled');
		expect(await world.balanceOf('10', SOLVER.address)).toBe(output);
	});

	it('is not filled when it earns less than the fee', async () => {
		await world.fund('1', '100');
		world.across.relayer.fillDelayMs = 300;
		await deposit(world, ['1', '10'], 50_000_000n);
		world.across.setFee('1', '10', { gas: '3' });
		const known = () => [...world.across.relayer.deposits.values()][0];
		await eventually('it is refused', async () => known()?.problem === 'it does not earn the fee');
		expect(known()?.fillTx).toBeNull();
	});
});
