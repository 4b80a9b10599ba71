import { concatHex, type Hex, keccak256, numberToHex, pad, parseEventLogs, recoverAddress, size, slice, zeroHash } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { messengerAbi, minterAbi, transmitterAbi } from '../../sandbox/cctp/abi.ts';
import { FEE_RECIPIENT } from '../../sandbox/cctp/attesters.ts';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { burn, complete, mint } from './burn.ts';
import { approve, get } from './requests.ts';

const USDC = 1_000_000n;
/** Final so soon that there is no faster way from it. */
const POLYGON = { chainId: 137, name: 'polygon', decimals: 6 };
/** A chain of CCTP's, with a token that is none of it. */
const ARBITRUM = { chainId: 42161, name: 'arbitrum', decimals: 18 };

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {}, more: [POLYGON, ARBITRUM] });
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
	Object.assign(world.cctp.iris, { fastMs: 0, standardMs: 0 });
});

const uint32 = (value: number) => numberToHex(value, { size: 4 });
const uint256 = (value: bigint) => numberToHex(value, { size: 32 });

interface Gaps {
	readonly nonce: Hex;
	readonly finality: number;
	readonly fee: bigint;
	readonly expiry: bigint;
}

describe('a burn', () => {
	it.each([
		['without a hook', '0x', 376],
		['with a hook', '0xc0ffee', 379],
	] as const)(
		'%s emits a message with every field at its offset, and the attesters fill the four gaps',
		async (_name, hookData, length) => {
			await world.fund('10', '500');
			const [there, here] = [world.cctp.chain('1'), world.cctp.chain('10')];
			const order = { origin: '10', destination: '1', units: 500n * USDC, maxFee: 2n * USDC, caller: pad(SOLVER.address) };
			const burned = await burn(world, { ...order, ...(hookData !== '0x' && { hookData }) });
			const expected = ({ nonce, finality, fee, expiry }: Gaps) => {
				const header = [uint32(1), uint32(2), uint32(0), nonce, pad(here.tokenMessenger), pad(there.tokenMessenger), pad(SOLVER.address)];
				const ends = [uint32(1000), uint32(finality)];
				const burnt = [uint32(1), pad(here.chain.usdc), pad(SOLVER.address), uint256(500n * USDC), pad(SOLVER.address)];
				const terms = [uint256(2n * USDC), uint256(fee), uint256(expiry)];
				return concatHex([...header, ...ends, ...burnt, ...terms, hookData]).toLowerCase();
			};
			expect(burned.sent).toBe(expected({ nonce: zeroHash, finality: 0, fee: 0n, expiry: 0n }));
			expect(size(burned.sent)).toBe(length);
			const { message } = await complete(world, burned);
			// 1.3 basis points of 500 USDC.
			const gaps = { nonce: slice(message, 12, 44), finality: 1000, fee: 65_000n, expiry: BigInt(slice(message, 344, 376)) };
			expect(message).toBe(expected(gaps));
			expect(gaps.nonce).not.toBe(zeroHash);
			expect(gaps.expiry).toBeGreaterThan(await there.chain.client.getBlockNumber());
		},
	);

	it('is told by events with the indexed fields of the real contracts, and the tokens are gone', async () => {
		await world.fund('1', '500');
		const { receipt, sent } = await burn(world, { origin: '1', destination: '10', units: 500n * USDC, maxFee: 7n, minFinality: 2000 });
		const [there, here] = [world.cctp.chain('10'), world.cctp.chain('1')];
		const [event] = parseEventLogs({ abi: messengerAbi, eventName: 'DepositForBurn', logs: receipt.logs });
		expect(event?.args).toEqual({
			burnToken: here.chain.usdc,
			amount: 500n * USDC,
			depositor: SOLVER.address,
			mintRecipient: pad(SOLVER.address).toLowerCase(),
			destinationDomain: 2,
			destinationTokenMessenger: pad(there.tokenMessenger).toLowerCase(),
			destinationCaller: zeroHash,
			maxFee: 7n,
			minFinalityThreshold: 2000,
			hookData: '0x',
		});
		expect(event?.topics.slice(1)).toEqual([pad(here.chain.usdc), pad(SOLVER.address), uint256(2000n)].map((each) => each.toLowerCase()));
		const messages = receipt.logs.filter(
			({ topics }) => topics[0] === '0x8c5261668696ce22758910d05bab8f186d6eb247ceac2af2e82c7dc17669b036',
		);
		expect(parseEventLogs({ abi: transmitterAbi, logs: messages }).map(({ args }) => args)).toEqual([{ message: sent }]);
		expect(await world.balanceOf('1', SOLVER.address)).toBe(0n);
		expect(await world.balanceOf('1', here.tokenMinter)).toBe(0n);
	});

	it('is minted less the fee, which goes to the fee recipient, once', async () => {
		await world.fund('1', '500');
		const attested = await complete(world, await burn(world, { origin: '1', destination: '10', units: 500n * USDC }));
		const events = await mint(world, '10', attested);
		const { chain, messageTransmitter } = world.cctp.chain('10');
		expect(events.map(({ eventName, args }) => [eventName, args])).toEqual([
			['MintAndWithdraw', { mintRecipient: SOLVER.address, amount: 499_935_000n, mintToken: chain.usdc, feeCollected: 65_000n }],
			[
				'MessageReceived',
				{
					caller: SOLVER.address,
					sourceDomain: 0,
					nonce: attested.eventNonce,
					sender: pad(world.cctp.chain('1').tokenMessenger).toLowerCase(),
					finalityThresholdExecuted: 1000,
					messageBody: slice(attested.message, 148),
				},
			],
		]);
		expect(events[1]?.topics.slice(1)).toEqual([pad(SOLVER.address).toLowerCase(), attested.eventNonce, uint256(1000n)]);
		expect(events[0]?.topics.slice(1)).toEqual([pad(SOLVER.address), pad(chain.usdc)].map((each) => each.toLowerCase()));
		expect(await world.balanceOf('10', SOLVER.address)).toBe(499_935_000n);
		expect(await world.balanceOf('10', FEE_RECIPIENT)).toBe(65_000n);
		const used = { address: messageTransmitter, abi: transmitterAbi, functionName: 'usedNonces' as const };
		expect(await chain.client.readContract({ ...used, args: [attested.eventNonce] })).toBe(1n);
		expect(await chain.client.readContract({ ...used, args: [zeroHash] })).toBe(1n);
		expect(await chain.client.readContract({ ...used, args: [pad('0x1')] })).toBe(0n);
		await expect(mint(world, '10', attested)).rejects.toThrow('has reverted');
	});

	it.each([
		['asks for finality', '10', 2, 2000],
		['comes from a chain that is final soon', '137', 7, 1000],
	] as const)('that %s is minted whole, by an event without a fee', async (_name, origin, sourceDomain, minFinality) => {
		await world.fund(origin, '500');
		const attested = await complete(world, await burn(world, { origin, destination: '1', units: 500n * USDC, minFinality }));
		expect(attested.delayReason).toBeNull();
		const [minted, received] = await mint(world, '1', attested);
		expect(minted?.args).toMatchObject({ amount: 500n * USDC, feeCollected: 0n });
		expect(received?.args).toMatchObject({ sourceDomain, finalityThresholdExecuted: 2000 });
		expect(await world.balanceOf('1', SOLVER.address)).toBe(500n * USDC);
	});
});

describe('an attestation', () => {
	it('is 65 bytes of each attester that the API names, over the hash of the message, in the order of their addresses', async () => {
		await world.fund('1', '5');
		const { message, attestation } = await complete(world, await burn(world, { origin: '1', destination: '10', units: 5n * USDC }));
		const { body } = await get(`${world.cctp.url}/v2/publicKeys`);
		const keys = body.publicKeys as { publicKey: Hex; cctpVersion: number }[];
		expect(keys.map(({ cctpVersion }) => cctpVersion)).toEqual([2, 2]);
		const signers = await Promise.all(
			[0, 65].map((at) => recoverAddress({ hash: keccak256(message), signature: slice(attestation, at, at + 65) })),
		);
		expect(size(attestation)).toBe(130);
		expect(signers).toEqual(keys.map(({ publicKey }) => publicKeyToAddress(publicKey)));
		expect(BigInt(signers[0] ?? '0x0')).toBeLessThan(BigInt(signers[1] ?? '0x0'));
	});
});

describe('the contracts', () => {
	it('stand on the chains whose USDC is one, under the domains of the real chains', async () => {
		expect([...world.cctp.chains].map(([venue, { domain }]) => [venue, domain])).toEqual([
			['1', 0],
			['10', 2],
			['137', 7],
		]);
		for (const venue of ['56', '42161']) expect(() => world.cctp.chain(venue)).toThrow(`there is no CCTP on chain ${venue}`);
		const addresses = [...world.cctp.chains.values()].flatMap((each) => [each.messageTransmitter, each.tokenMessenger, each.tokenMinter]);
		expect(new Set(addresses).size).toBe(9);
	});

	it('name their parts, the limit of a burn, and the least fee', async () => {
		const { chain, tokenMessenger, tokenMinter } = world.cctp.chain('1');
		const messenger = { address: tokenMessenger, abi: messengerAbi };
		expect(await chain.client.readContract({ ...messenger, functionName: 'localMinter' })).toBe(tokenMinter);
		const limit = () =>
			chain.client.readContract({ address: tokenMinter, abi: minterAbi, functionName: 'burnLimitsPerMessage', args: [chain.usdc] });
		expect(await limit()).toBe(10_000_000n * USDC);
		await world.cctp.setBurnLimit('1', '12.5');
		expect(await limit()).toBe(12_500_000n);
		const leastFee = (amount: bigint) => chain.client.readContract({ ...messenger, functionName: 'getMinFeeAmount', args: [amount] });
		expect(await leastFee(500n * USDC)).toBe(0n);
		// 1.3 basis points.
		await world.cctp.setMinFee('1', 1_300n);
		expect([await leastFee(500n * USDC), await leastFee(2n)]).toEqual([65_000n, 1n]);
		await expect(leastFee(1n)).rejects.toThrow('Amount too low');
		await world.reset();
		expect([await limit(), await leastFee(500n * USDC)]).toEqual([10_000_000n * USDC, 0n]);
	});
});

describe('the world', () => {
	it('configures CCTP when it is asked to, with a route for every pair of its chains, and not otherwise', () => {
		expect(Object.keys(world.config().bridges)).toEqual(['across']);
		const file = world.config({ bridges: ['across', 'cctp-v2'] });
		const { messageTransmitter, tokenMessenger } = world.cctp.chain('10');
		expect(file.bridges['cctp-v2']).toMatchObject({
			apiUrl: world.cctp.url,
			chains: { '10': { domain: 2, messageTransmitter, tokenMessenger, fastSeconds: 2, standardSeconds: 8 } },
		});
		expect(file.bridges['cctp-v2']?.chains['137']).not.toHaveProperty('fastSeconds');
		const { routes } = resolveConfig(fileSchema.parse(file));
		expect(routes.filter(({ bridge }) => bridge === 'cctp-v2').map(({ origin, destination }) => `${origin}-${destination}`)).toEqual([
			'1-10',
			'1-137',
			'10-1',
			'10-137',
			'137-1',
			'137-10',
		]);
		expect(routes.filter(({ bridge }) => bridge === 'across')).toHaveLength(20);
	});

	it('sees what the contracts of CCTP may spend', async () => {
		await world.fund('1', '5');
		const { chain, tokenMessenger } = world.cctp.chain('1');
		const spender = async () => (await world.allowances(SOLVER.address)).find((each) => each.spender === tokenMessenger);
		expect(await spender()).toMatchObject({ venue: '1', allowance: 0n });
		await approve(chain, tokenMessenger, 77n);
		expect(await spender()).toMatchObject({ venue: '1', allowance: 77n });
	});
});
