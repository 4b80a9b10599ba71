import { encodeFunctionData, pad, parseAbi } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refund } from '../../../sandbox/across/root-bundle.ts';
import { spokePoolAbi } from '../../../sandbox/chains/abi.ts';
import { HUB_OPERATOR, SOLVER } from '../../../sandbox/chains/accounts.ts';
import type { World } from '../../../sandbox/world.ts';
import type { BridgeAdapter } from '../../../src/bridge/bridge.ts';
import { InvariantError, PermanentError, TransientError } from '../../../src/errors.ts';
import { amount } from '../../../src/money/amount.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { LIVES_SECONDS, one, openPools, type Pools, USDC } from './pools.ts';

const roles = parseAbi(['function blacklist(address account)', 'function unBlacklist(address account)']);
const wrapped = parseAbi(['function deposit() payable', 'function transfer(address to, uint256 amount)']);

let pools: Pools;
let world: World;
let across: BridgeAdapter;
const end: Pools['end'] = (...args) => pools.end(...args);
const deposited: Pools['deposited'] = (...args) => pools.deposited(...args);
const expired: Pools['expired'] = (...args) => pools.expired(...args);
const seen: Pools['seen'] = (...args) => pools.seen(...args);
const refunded: Pools['refunded'] = (...args) => pools.refunded(...args);
const prove: Pools['prove'] = (...args) => pools.prove(...args);
const noteOf: Pools['noteOf'] = (...args) => pools.noteOf(...args);
const returnOf: Pools['returnOf'] = (...args) => pools.returnOf(...args);
const mine: Pools['mine'] = (...args) => pools.mine(...args);
const hint: Pools['hint'] = (...args) => pools.hint(...args);

beforeAll(async () => {
	pools = await openPools();
	({ world, across } = pools);
});
afterAll(() => world.stop());
beforeEach(() => pools.reset());

describe('a deposit whose deadline has passed', () => {
	it('is waited for until nobody can fill it, finally, and until its refund is final on the origin', async () => {
		pools.finalityBlocks = 2;
		const sent = one(await expired(50n * USDC));
		expect(await noteOf(sent)).toBe('past its deadline, which is not final yet');
		await mine('10', 2);
		expect(await noteOf(sent)).toBe('expired, refund not seen yet');
		const refundTx = await refunded(sent);
		expect(await noteOf(sent)).toBe('expired, refund not seen yet');
		await mine('1', 2);
		const proof = await prove(sent);
		expect(proof).toMatchObject({ state: 'returned', evidence: { ...sent.evidence, refundTx, refundAmount: '50000000' } });
		expect(await returnOf(sent)).toMatchObject({ venue: '1', amount: 50n * USDC, transactionHash: refundTx });
	});

	it('counts as filled when it was filled before, and nothing is looked for on the origin', async () => {
		const sent = await deposited(50n * USDC);
		world.across.relayer.ignore = () => false;
		await eventually('it is filled', async () => (await prove(sent)).state === 'proven');
		await world.passTime(LIVES_SECONDS + 1);
		world.chain('1').proxy.fault = () => 'error';
		const proof = await prove(sent);
		if (proof.state !== 'proven') throw new Error(proof.state);
		expect(await across.verify(sent.order, proof.evidence, null)).toMatchObject({ venue: '10', amount: sent.order.receive });
	});

	it('is found by the relayer of the sandbox itself, from expiry to refund', async () => {
		world.across.relayer.refunds = true;
		const sent = one(await expired(50n * USDC));
		await eventually('it is returned', async () => (await prove(sent)).state === 'returned');
		expect(await returnOf(sent)).toMatchObject({ venue: '1', amount: 50n * USDC });
		expect(await world.balanceOf('1', SOLVER.address)).toBe(100_000n * USDC);
	});

	it.each([
		['1', 'eth_getLogs'],
		['1', 'eth_blockNumber'],
		['1', 'eth_getTransactionReceipt'],
		['10', 'eth_call'],
		['10', 'eth_getBlockByNumber'],
	])('is not judged while chain %s does not answer %s', async (venue, method) => {
		const sent = one(await expired(50n * USDC));
		await refunded(sent);
		world.chain(venue).proxy.fault = (asked) => (asked === method ? 'error' : 'pass');
		await expect(prove(sent)).rejects.toBeInstanceOf(TransientError);
		world.chain(venue).proxy.fault = () => 'pass';
		expect((await prove(sent)).state).toBe('returned');
	});
});

describe('a refund', () => {
	it('of several deposits in one sum is told apart: each gets back what it had sent', async () => {
		const [first, second, third] = await expired(50n * USDC, 30n * USDC, 20n * USDC);
		if (first === undefined || second === undefined || third === undefined) throw new Error('three deposits expected');
		const tx = await refunded(first, third);
		expect(await returnOf(first)).toMatchObject({ amount: 50n * USDC, transactionHash: tx });
		expect(await returnOf(third)).toMatchObject({ amount: 20n * USDC, transactionHash: tx });
		expect(await noteOf(second)).toBe('expired, a refund was seen that may be of other deposits');
		const later = await refunded(second);
		expect(await returnOf(second)).toMatchObject({ amount: 30n * USDC, transactionHash: later });
	});

	it('of one of two equal deposits is counted once, and the other waits for its own', async () => {
		const sent = await expired(50n * USDC, 50n * USDC);
		const tx = await refunded(one(sent.slice(1)));
		const states = await Promise.all(sent.map(async (each) => (await prove(each)).state));
		expect([...states].sort()).toEqual(['pending', 'returned']);
		const later = await refunded(one(sent));
		const returns = await Promise.all(sent.map(returnOf));
		expect(new Set(returns.map((each) => each.transactionHash))).toEqual(new Set([tx, later]));
	});

	it('of another token is not seen', async () => {
		const sent = one(await expired(50n * USDC));
		const { client, weth, spokePool } = world.chain('1');
		const wrap = encodeFunctionData({ abi: wrapped, functionName: 'deposit' });
		await client.execute({ from: SOLVER.address, to: weth, data: wrap, value: 50n * USDC });
		const transfer = encodeFunctionData({ abi: wrapped, functionName: 'transfer', args: [spokePool, 50n * USDC] });
		await client.execute({ from: SOLVER.address, to: weth, data: transfer });
		await refund({ ...world.chain('1'), usdc: weth }, await seen(sent));
		expect(await noteOf(sent)).toBe('expired, refund not seen yet');
	});

	it('of a deposit that another process made to another chain is not taken for ours', async () => {
		const other = await deposited(50n * USDC, '56');
		const sent = one(await expired(50n * USDC));
		await refunded(other);
		expect([(await prove(other)).state, (await prove(sent)).state]).toEqual(['returned', 'pending']);
	});

	it('is not taken for that of an equal deposit that was filled', async () => {
		const filled = await deposited(50n * USDC);
		world.across.relayer.ignore = (depositId) => String(depositId) !== filled.evidence.depositId;
		await eventually('it is filled', async () => (await prove(filled)).state === 'proven');
		const sent = one(await expired(50n * USDC));
		await refunded(sent);
		expect([(await prove(filled)).state, (await prove(sent)).state]).toEqual(['proven', 'returned']);
	});

	it('waits for a deposit that may still be filled and would be refunded first', async () => {
		const other = await deposited(50n * USDC, '56');
		const sent = one(await expired(50n * USDC));
		pools.finalityBlocks = 1;
		await mine('10');
		hint(await refunded(sent));
		await mine('1');
		// On chain 56, no block after the deadline is final yet.
		expect(await noteOf(sent)).toBe('expired, a refund was seen that may be of other deposits');
		world.across.fault = () => undefined;
		await mine('56');
		const states = await Promise.all([other, sent].map(async (each) => (await prove(each)).state));
		expect([...states].sort()).toEqual(['pending', 'returned']);
	});

	it('that could not be transferred is deferred, and comes back when it is claimed', async () => {
		const { client, usdc, spokePool } = world.chain('1');
		const sent = one(await expired(50n * USDC));
		const role = (functionName: 'blacklist' | 'unBlacklist') =>
			client.execute({
				from: HUB_OPERATOR.address,
				to: usdc,
				data: encodeFunctionData({ abi: roles, functionName, args: [SOLVER.address] }),
			});
		await role('blacklist');
		const leafTx = await refunded(sent);
		expect(await noteOf(sent)).toBe('expired, refund deferred (claimable)');
		hint(leafTx);
		expect(await noteOf(sent)).toBe('expired, refund deferred (claimable)');
		await expect(across.verify(sent.order, { ...sent.evidence, refundTx: leafTx }, null)).rejects.toBeInstanceOf(InvariantError);
		await role('unBlacklist');
		const claim = await client.execute({
			from: SOLVER.address,
			to: spokePool,
			data: encodeFunctionData({ abi: spokePoolAbi, functionName: 'claimRelayerRefund', args: [pad(usdc), pad(SOLVER.address)] }),
		});
		expect(await returnOf(sent)).toMatchObject({ venue: '1', amount: 50n * USDC, transactionHash: claim.transactionHash });
	});
});

describe('a slow fill', () => {
	it('that brings less than ordered is delivered as what it has really brought', async () => {
		world.across.relayer.ignore = () => false;
		world.across.relayer.deliverLess = () => 300;
		const sent = await deposited(50n * USDC, '56');
		await eventually('it is filled', async () => (await prove(sent)).state === 'proven');
		const proof = await prove(sent);
		if (proof.state !== 'proven') throw new Error(proof.state);
		const delivery = await across.verify(sent.order, proof.evidence, null);
		expect(delivery).toMatchObject({ venue: '56', amount: (sent.order.receive * 97n) / 100n });
		expect(await world.balanceOf('56', SOLVER.address)).toBe(delivery.amount);
	});
});

describe('a quote', () => {
	it('for more than Across takes is one for the most that it takes; a send of more is refused', async () => {
		world.across.setFee('1', '10', { maxDeposit: '250' });
		const request = { origin: end('1'), destination: end('10'), send: amount(1_000n * USDC), recipient: SOLVER.address };
		const quote = await across.quote(request);
		expect(quote).toMatchObject({ send: 250n * USDC, maximum: 250n * USDC });
		expect(quote).toEqual(await across.quote({ ...request, send: amount(250n * USDC) }));
		await expect(
			across.send({ ...request, receive: quote.receive, seconds: quote.seconds, sender: SOLVER.address }),
		).rejects.toBeInstanceOf(PermanentError);
	});
});
