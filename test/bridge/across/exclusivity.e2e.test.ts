import { encodeFunctionData, pad } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spokePoolAbi } from '../../../sandbox/chains/abi.ts';
import { RELAYER, RIVAL } from '../../../sandbox/chains/accounts.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { openPools, type Pools, type Sent, USDC } from './pools.ts';

const HEAD_START_SECONDS = 30;

let pools: Pools;
beforeAll(async () => {
	pools = await openPools();
});
afterAll(() => pools.world.stop());
beforeEach(async () => {
	await pools.reset();
	pools.world.across.relayer.ignore = () => false;
});

const untilProven = (sent: Sent) => eventually('the deposit is filled', async () => (await pools.prove(sent)).state === 'proven');

/** Whether the pool lets this relayer fill the deposit now. */
async function mayFill(sent: Sent): Promise<boolean> {
	const { client, spokePool } = pools.world.chain('10');
	const [deposit] = await pools.seen(sent);
	if (deposit === undefined) throw new Error('not seen');
	const data = encodeFunctionData({ abi: spokePoolAbi, functionName: 'fillRelay', args: [deposit.relay, 10n, pad(RELAYER.address)] });
	return client.call({ account: RELAYER.address, to: spokePool, data }).then(
		() => true,
		() => false,
	);
}

/** The head start ends by the clock of the destination, which may be behind the origin's: many blocks in one second put a chain ahead. */
async function untilAfter(deadline: number): Promise<void> {
	const { timestamp } = await pools.world.chain('10').client.getBlock();
	await pools.world.passTime(deadline - Number(timestamp) + 1);
}

describe('a deposit that one relayer alone may fill for a while', () => {
	it('names that relayer and the end of its head start, and is filled by it', async () => {
		pools.world.across.exclusive = { relayer: RELAYER.address, seconds: HEAD_START_SECONDS };
		const sent = await pools.deposited(100n * USDC);
		expect(sent.evidence.exclusiveRelayer).toBe(pad(RELAYER.address).toLowerCase());
		const { timestamp } = await pools.world.chain('1').client.getBlock();
		expect(Number(sent.evidence.exclusivityDeadline)).toBe(Number(timestamp) + HEAD_START_SECONDS);
		await untilProven(sent);
	});

	it('waits while that relayer does nothing, and is filled by another one afterwards', async () => {
		pools.world.across.exclusive = { relayer: RIVAL.address, seconds: HEAD_START_SECONDS };
		const sent = await pools.deposited(100n * USDC);
		expect(await mayFill(sent)).toBe(false);
		expect(await pools.noteOf(sent)).toBe('not filled yet');
		// Else the relayer may have filled it before it is asked whether it may.
		pools.world.across.relayer.ignore = () => true;
		await untilAfter(Number(sent.evidence.exclusivityDeadline));
		expect(await mayFill(sent)).toBe(true);
		pools.world.across.relayer.ignore = () => false;
		await untilProven(sent);
	});
});
