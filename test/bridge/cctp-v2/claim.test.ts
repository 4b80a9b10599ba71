import { concat, decodeFunctionData, encodeAbiParameters, type Hex, numberToHex, pad } from 'viem';
import { describe, expect, it } from 'vitest';
import { transmitterAbi } from '../../../src/bridge/cctp-v2/abi.ts';
import { claimMint } from '../../../src/bridge/cctp-v2/claim.ts';
import { attestedBurnOf } from '../../../src/bridge/cctp-v2/evidence.ts';
import { TransientError } from '../../../src/errors.ts';
import { attested, MESSENGERS, ORDER, proofWith, SIGNATURES, TRANSMITTERS } from './burns.ts';
import { type FakeNode, fakeNode, RpcFailure, type RpcQuestion, revert, revertData, TRUE } from './fake-node.ts';

const [transmitter, messenger] = [TRANSMITTERS[10] as Hex, MESSENGERS[10] as Hex];
/** The selector of `Panic(uint256)` and its code for an overflow. */
const PANIC = concat(['0x4e487b71', pad('0x11')]);
const BURN = attestedBurnOf(proofWith());

function claimOn({ client }: FakeNode, finalityBlocks = 0) {
	return claimMint({ client, chainId: 10, transmitter, messenger, finalityBlocks }, ORDER, BURN);
}

const failing = (failure: Error): FakeNode =>
	fakeNode(() => {
		throw failure;
	});

describe('a claim', () => {
	it('is the call that a simulation as our wallet has seen accepted, asked once', async () => {
		let asked: RpcQuestion | undefined;
		const node = fakeNode((question) => {
			asked = question;
			return TRUE;
		});
		const claim = await claimOn(node);
		if (claim.state !== 'call') throw new Error(claim.state);
		expect(claim.call).toMatchObject({ chainId: 10, to: transmitter, value: 0n });
		expect(decodeFunctionData({ abi: transmitterAbi, data: claim.call.data })).toEqual({
			functionName: 'receiveMessage',
			args: [attested(), SIGNATURES],
		});
		expect(node.asked).toEqual(['eth_call']);
		expect(asked?.params.slice(0, 2)).toEqual([{ from: ORDER.sender, to: transmitter, data: claim.call.data }, 'latest']);
	});

	it.each([
		['Message expired and must be re-signed', 'stale'],
		['Invalid attestation length', 'stale'],
		['Invalid signature order or dupe', 'stale'],
		['Invalid signature: not attester', 'stale'],
		["ECDSA: invalid signature 's' value", 'stale'],
		['Pausable: paused', 'waiting'],
		['Blacklistable: account is blacklisted', 'waiting'],
		['Fee exceeds max fee', 'waiting'],
		['not: Message expired and must be re-signed', 'waiting'],
		['Nonce already used?', 'waiting'],
		['', 'waiting'],
	])('that the contract refuses with "%s" is %s, and says why', async (reason, state) => {
		const node = failing(revert(reason));
		const claim = await claimOn(node);
		expect(claim).toMatchObject({ state, note: expect.stringContaining(reason) });
		if (claim.state === 'waiting') expect(claim.lookAgainMs).toBe(60_000);
		expect(node.asked).toEqual(['eth_call']);
	});

	it.each([
		['one level deeper', { code: 3, message: 'execution reverted', data: { data: revertData('Pausable: paused') } }, 'Pausable: paused'],
		['as an internal error', { code: -32_603, message: 'Internal error', data: revertData('Pausable: paused') }, 'Pausable: paused'],
		['as a wrong input', { code: -32_000, message: 'execution reverted: x', data: revertData('Pausable: paused') }, 'Pausable: paused'],
		['with an error of its own', { code: 3, message: 'execution reverted', data: '0xdeadbeef00' }, 'custom error 0xdeadbeef'],
		['with less than a selector', { code: 3, message: 'execution reverted', data: '0xde' }, 'custom error 0xde'],
		['with a panic', { code: 3, message: 'execution reverted', data: PANIC }, 'Panic 17'],
		['with nothing', { code: 3, message: 'execution reverted', data: '0x' }, 'it reverts without a reason'],
		[
			'with words alone, which are no verdict',
			{ code: 3, message: 'execution reverted: Nonce already used' },
			'it reverts without a reason',
		],
		['with characters that cannot be stored', { code: 3, message: 'execution reverted', data: revertData('a\u0000b') }, 'ab'],
		['with a very long reason', { code: 3, message: 'execution reverted', data: revertData('x'.repeat(5_000)) }, 'x'.repeat(200)],
	])('waits when the contract has reverted %s', async (_how, failure, reason) => {
		expect(await claimOn(failing(new RpcFailure(failure)))).toEqual({
			state: 'waiting',
			lookAgainMs: 60_000,
			note: `the destination takes no message: ${reason}`,
		});
	});

	it.each([
		['is down', new Error('down')],
		['has too much to do', new RpcFailure({ code: -32_005, message: 'limit exceeded: Nonce already used' })],
		['fails inside', new RpcFailure({ code: -32_603, message: 'header not found' })],
		['knows no such method', new RpcFailure({ code: -32_601, message: 'the method eth_call does not exist' })],
	])('is unknown when the node %s', async (_how, failure) => {
		await expect(claimOn(failing(failure))).rejects.toBeInstanceOf(TransientError);
	});

	it('is unknown when there is no contract at its address', async () => {
		await expect(claimOn(fakeNode(() => '0x'))).rejects.toBeInstanceOf(TransientError);
	});
});

describe('a message that somebody else has delivered', () => {
	const HEAD = 100;
	/** Delivered in block `usedIn`. */
	const delivered = (usedIn: number): FakeNode =>
		fakeNode(({ method, params }) => {
			if (method === 'eth_blockNumber') return numberToHex(HEAD);
			const [{ data }, block] = params as [{ data: Hex }, Hex];
			if (decodeFunctionData({ abi: transmitterAbi, data }).functionName === 'receiveMessage') throw revert('Nonce already used');
			return encodeAbiParameters([{ type: 'uint256' }], [Number(block) >= usedIn ? 1n : 0n]);
		});

	it('has arrived once that is final', async () => {
		expect(await claimOn(delivered(HEAD), 0)).toEqual({ state: 'arrived' });
		expect(await claimOn(delivered(HEAD - 5), 5)).toEqual({ state: 'arrived' });
	});

	it('is waited for until then, because a reorganisation could take the delivery back', async () => {
		expect(await claimOn(delivered(HEAD - 4), 5)).toMatchObject({
			state: 'waiting',
			lookAgainMs: 5_000,
			note: expect.stringMatching(/not final/),
		});
	});
});
