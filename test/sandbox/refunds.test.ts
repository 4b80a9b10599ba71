import { type Hex, parseEventLogs } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokePoolAbi } from '../../sandbox/chains/abi.ts';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { deposit, depositStatus, type SentDeposit } from './requests.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const LIVES_SECONDS = 60;

const statusOf = async (sent: SentDeposit) => (await depositStatus(world, sent)).body;
const until = (status: string, sent: SentDeposit) => eventually(status, async () => (await statusOf(sent)).status === status);
const known = ({ origin, depositId }: SentDeposit) => world.across.relayer.deposits.get(`${origin}-${depositId}`);

/** Deposits that nobody fills, and that have expired. */
async function expired(...amounts: bigint[]): Promise<SentDeposit[]> {
	world.across.fillWithinSeconds = LIVES_SECONDS;
	world.across.relayer.ignore = (_, originChainId) => originChainId === 1;
	await world.fund('1', '1000');
	const sent: SentDeposit[] = [];
	for (const units of amounts) sent.push(await deposit(world, ['1', '10'], units));
	await world.passTime(LIVES_SECONDS + 1);
	return sent;
}

async function receiptOf(origin: string, hash: Hex) {
	const receipt = await world.chain(origin).client.getTransactionReceipt({ hash });
	return parseEventLogs({ abi: spokePoolAbi, logs: receipt.logs, eventName: 'ExecutedRelayerRefundRoot' });
}

describe('a deposit that nobody fills', () => {
	it('expires, is paid back on its origin by the real contract, and the API says by which transaction', async () => {
		world.across.relayer.refundDelayMs = 600;
		const [sent] = await expired(50_000_000n);
		if (sent === undefined) throw new Error('no deposit');
		await until('expired', sent);
		expect(await statusOf(sent)).toMatchObject({ depositRefundTxHash: null, fillTx: null });
		await until('refunded', sent);
		const { depositRefundTxHash } = await statusOf(sent);
		const [leaf] = await receiptOf('1', depositRefundTxHash as Hex);
		expect(leaf?.args).toMatchObject({
			refundAddresses: [SOLVER.address],
			refundAmounts: [50_000_000n],
			l2TokenAddress: world.chain('1').usdc,
			deferredRefunds: false,
		});
		expect(await world.balanceOf('1', SOLVER.address)).toBe(1_000_000_000n);
		expect(await world.balanceOf('10', SOLVER.address)).toBe(0n);
	});

	it('is paid back once, and together with the others of its depositor when leaves are summed', async () => {
		Object.assign(world.across.relayer, { refunds: false, sumRefunds: true, refundDelayMs: 0 });
		const sent = await expired(50_000_000n, 30_000_000n);
		await eventually('both are known to have expired', async () => sent.every((each) => typeof known(each)?.expiredAtMs === 'number'));
		// While this one is filled, the relayer has looked at the others again and again.
		await world.fund('10', '50');
		await until('filled', await deposit(world, ['10', '1'], 50_000_000n));
		await world.across.relayer.idle();
		expect((await Promise.all(sent.map(statusOf))).map(({ status }) => status)).toEqual(['expired', 'expired']);
		world.across.relayer.refunds = true;
		for (const each of sent) await until('refunded', each);
		const hashes = new Set((await Promise.all(sent.map(statusOf))).map((each) => each.depositRefundTxHash));
		expect(hashes.size).toBe(1);
		const [leaf] = await receiptOf('1', [...hashes][0] as Hex);
		expect(leaf?.args).toMatchObject({ refundAddresses: [SOLVER.address], refundAmounts: [80_000_000n] });
	});

	it('is paid back by a leaf of its own when they are not', async () => {
		const sent = await expired(50_000_000n, 30_000_000n);
		for (const each of sent) await until('refunded', each);
		expect(new Set((await Promise.all(sent.map(statusOf))).map((each) => each.depositRefundTxHash)).size).toBe(2);
		expect(await world.balanceOf('1', SOLVER.address)).toBe(1_000_000_000n);
	});

	it('is refused by the contract when the relayer comes after the deadline, and is paid back when refunds are made', async () => {
		world.across.relayer.refunds = false;
		const [sent] = await expired(50_000_000n);
		if (sent === undefined) throw new Error('no deposit');
		world.across.relayer.ignore = () => false;
		await eventually('the late fill was refused', async () => known(sent)?.problem?.includes('has reverted') === true);
		const hash = known(sent)?.lateFillTx ?? '0x';
		const { client } = world.chain('10');
		expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: 'reverted' });
		const { input, to } = await client.getTransaction({ hash });
		// keccak256("ExpiredFillDeadline()")
		await expect(client.call({ to, data: input, account: SOLVER.address })).rejects.toThrow(/0xd642b7d9|ExpiredFillDeadline/);
		expect(await statusOf(sent)).toMatchObject({ status: 'expired', depositRefundTxHash: null });
		world.across.relayer.refunds = true;
		await until('refunded', sent);
	});
});

describe('a slow fill', () => {
	it('brings less than ordered by the real contract, and the deposit counts as filled', async () => {
		await world.fund('1', '1000');
		world.across.relayer.deliverLess = () => 250;
		const sent = await deposit(world, ['1', '56'], 50_000_000n);
		await until('filled', sent);
		await eventually('the fill is known', async () => known(sent)?.fillTx !== null);
		const receipt = await world.chain('56').client.getTransactionReceipt({ hash: known(sent)?.fillTx ?? '0x' });
		const [fill] = parseEventLogs({ abi: spokePoolAbi, logs: receipt.logs, eventName: 'FilledRelay' });
		const arrived = (sent.output * 9_750n) / 10_000n;
		expect(fill?.args).toMatchObject({ outputAmount: sent.output, relayExecutionInfo: { updatedOutputAmount: arrived, fillType: 2 } });
		expect(await world.balanceOf('56', SOLVER.address)).toBe(arrived);
	});
});

describe('a reset', () => {
	it('ends with everything as usual, also while a refund is under way', async () => {
		world.across.relayer.refundDelayMs = 0;
		await expired(50_000_000n, 30_000_000n);
		await world.reset();
		const { deposits: _, poller: __, idle: ___, forget: ____, ...settings } = world.across.relayer;
		expect(JSON.parse(JSON.stringify(settings))).toEqual({ fillDelayMs: 0, refunds: true, refundDelayMs: 500, sumRefunds: false });
		expect([settings.ignore(1n, 1), settings.deliverLess(1n, 1), world.across.fillWithinSeconds]).toEqual([false, 0, 10_800]);
		await world.fund('1', '1000');
		const sent = await deposit(world, ['1', '10'], 50_000_000n);
		await until('filled', sent);
		expect(await world.balanceOf('1', SOLVER.address)).toBe(950_000_000n);
	});
});
