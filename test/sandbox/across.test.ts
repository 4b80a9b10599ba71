import { encodeFunctionData, type Hex, pad, parseEventLogs, zeroAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokePoolAbi } from '../../sandbox/chains/abi.ts';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { approve, get } from './requests.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

describe('Across', () => {
	const fees = (origin: string, destination: string, amount: bigint, more = '&allowUnmatchedDecimals=true') => {
		const [from, to] = [world.chain(origin), world.chain(destination)];
		return get(
			`${world.across.url}/suggested-fees?inputToken=${from.usdc}&outputToken=${to.usdc}&originChainId=${origin}&destinationChainId=${destination}&amount=${amount}${more}`,
		);
	};

	async function deposit(
		origin: string,
		destination: string,
		units: bigint,
	): Promise<{ origin: string; depositId: bigint; output: bigint; tx: Hex }> {
		const [from, to] = [world.chain(origin), world.chain(destination)];
		const { body } = await fees(origin, destination, units);
		const output = BigInt(String(body.outputAmount));
		await approve(from, from.spokePool, units);
		const account = pad(SOLVER.address);
		const receipt = await from.client.execute({
			from: SOLVER.address,
			to: from.spokePool,
			data: encodeFunctionData({
				abi: spokePoolAbi,
				functionName: 'deposit',
				args: [
					account,
					account,
					pad(from.usdc),
					pad(to.usdc),
					units,
					output,
					BigInt(destination),
					pad('0x'),
					Number(body.timestamp),
					Number(body.fillDeadline),
					0,
					'0x',
				],
			}),
		});
		const [log] = parseEventLogs({ abi: spokePoolAbi, logs: receipt.logs, eventName: 'FundsDeposited' });
		return { origin, depositId: log?.args.depositId ?? -1n, output, tx: receipt.transactionHash };
	}

	it("asks the set fee, and leaves the rest in the destination's decimals", async () => {
		world.across.setFee('1', '56', { gas: '0.1', bps: 10 });
		const { body } = await fees('1', '56', 100_000_000n);
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
		expect((await fees('1', '56', 100_000_000n, '')).status).toBe(400);
		expect((await fees('1', '10', 10n, '')).status).toBe(400);
		expect((await fees('1', '10', 10n, '&skipAmountLimit=true')).body).toMatchObject({ isAmountTooLow: true, outputAmount: '0' });
		expect(
			(await get(`${world.across.url}/limits?inputToken=${zeroAddress}&outputToken=${zeroAddress}&originChainId=1&destinationChainId=10`))
				.status,
		).toBe(400);
		expect((await get(`${world.across.url}/deposit/status?originChainId=1&depositId=99`)).status).toBe(404);
		expect((await fetch(`${world.across.url}/available-routes`).then((response) => response.json())) as unknown[]).toHaveLength(6);
	});

	it('fills many deposits at once, each once, between different decimals', async () => {
		await world.fund('56', '100');
		await world.fund('1', '100');
		const sent: Awaited<ReturnType<typeof deposit>>[] = [];
		for (let count = 0; count < 4; count += 1) sent.push(await deposit('56', '1', 10n ** 19n), await deposit('1', '56', 10n ** 7n));
		const status = (origin: string, id: bigint) => get(`${world.across.url}/deposit/status?originChainId=${origin}&depositId=${id}`);
		for (const { origin, depositId } of sent)
			await eventually(`deposit ${depositId} filled`, async () => (await status(origin, depositId)).body.status === 'filled');
		await eventually('all are filled', async () => [...world.across.relayer.deposits.values()].every((each) => each.fillTx !== null));
		const arrived = (index: number) => sent.filter((_, at) => at % 2 === index).reduce((sum, each) => sum + each.output, 0n);
		expect(await world.balanceOf('1', SOLVER.address)).toBe(60_000_000n + arrived(0));
		expect(await world.balanceOf('56', SOLVER.address)).toBe(60n * 10n ** 18n + arrived(1));
	});

	it('leaves a deposit alone that is ignored, until it is not', async () => {
		await world.fund('1', '100');
		world.across.relayer.ignore = () => true;
		const { depositId, tx, output } = await deposit('1', '10', 50_000_000n);
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
		await deposit('1', '10', 50_000_000n);
		world.across.setFee('1', '10', { gas: '3' });
		const known = () => [...world.across.relayer.deposits.values()][0];
		await eventually('it is refused', async () => known()?.problem === 'it does not earn the fee');
		expect(known()?.fillTx).toBeNull();
	});
});
