import { type Hex, pad, size, slice } from 'viem';
import { describe, expect, it } from 'vitest';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import { START_MS, USDC, useAttesters } from './attesters.ts';
import { complete, isKnown, known, listed, looksAround, message, mint, mintCall, refusal } from './burn.ts';
import { get, post } from './requests.ts';

const attesters = useAttesters();
const expiryOf = ({ message: bytes }: { message: Hex }) => BigInt(slice(bytes, 344, 376));

describe('a burn', () => {
	it('is not found until the attesters have seen it, then pending, then complete, with every number as text', async () => {
		attesters.world.cctp.iris.ignore = () => true;
		const burned = await attesters.send();
		await looksAround(attesters.world);
		expect((await listed(attesters.world, burned)).status).toBe(404);
		attesters.clockMs += 600;
		await looksAround(attesters.world);
		expect(known(attesters.world, burned).attested).toBeNull();
		attesters.clockMs -= 600;
		attesters.world.cctp.iris.ignore = () => false;
		expect(await message(attesters.world, burned, () => true)).toEqual({
			message: '0x',
			attestation: 'PENDING',
			eventNonce: known(attesters.world, burned).nonce,
			cctpVersion: 2,
			status: 'pending_confirmations',
			delayReason: null,
			decodedMessage: null,
		});
		attesters.clockMs += 600;
		const done = await complete(attesters.world, burned);
		expect([size(done.message), size(done.attestation), done.delayReason]).toEqual([376, 130, null]);
		const [here, there] = [attesters.world.cctp.chain('1'), attesters.world.cctp.chain('10')];
		expect(done.decodedMessage).toEqual({
			sourceDomain: '0',
			destinationDomain: '2',
			nonce: done.eventNonce,
			sender: here.tokenMessenger,
			recipient: there.tokenMessenger,
			destinationCaller: '0x0000000000000000000000000000000000000000',
			minFinalityThreshold: '1000',
			finalityThresholdExecuted: '1000',
			messageBody: slice(done.message, 148),
			decodedMessageBody: {
				burnToken: here.chain.usdc,
				mintRecipient: SOLVER.address,
				amount: '100000000',
				messageSender: SOLVER.address,
				maxFee: '1000000',
				feeExecuted: '13000',
				expirationBlock: `${expiryOf(done)}`,
				hookData: '0x',
			},
		});
		expect(known(attesters.world, burned).attestedAtMs).toBe(START_MS + 600);
	});

	it('is found by its nonce, too, and neither under another domain nor by both', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		const burned = await attesters.send();
		const { eventNonce } = await complete(attesters.world, burned);
		const ask = (query: string) => get(`${attesters.world.cctp.url}/v2/messages/${query}`);
		const byHash = await ask(`0?transactionHash=${burned.hash}`);
		expect(await ask(`0?nonce=${eventNonce}`)).toEqual(byHash);
		expect((await ask(`2?transactionHash=${burned.hash}`)).status).toBe(404);
		expect((await ask(`0?nonce=${pad('0x1')}`)).status).toBe(404);
		expect((await ask('0')).status).toBe(400);
		expect((await ask(`0?nonce=${eventNonce}&transactionHash=${burned.hash}`)).status).toBe(400);
	});

	it('that asks for finality waits longer, costs nothing and never expires', async () => {
		const burned = await attesters.send({ minFinality: 2000 });
		await isKnown(attesters.world, burned);
		attesters.clockMs += 1_999;
		await looksAround(attesters.world);
		expect((await listed(attesters.world, burned)).messages[0]?.status).toBe('pending_confirmations');
		attesters.clockMs += 1;
		const { decodedMessage } = await complete(attesters.world, burned);
		expect(decodedMessage).toMatchObject({
			minFinalityThreshold: '2000',
			finalityThresholdExecuted: '2000',
			decodedMessageBody: { feeExecuted: '0', expirationBlock: '0' },
		});
	});

	it('that asks for finality pays the fee of the pair, and no more than it allows', async () => {
		attesters.world.cctp.iris.standardMs = 0;
		attesters.world.cctp.setFee('1', '10', { standard: '0.1' });
		const feeOf = async (maxFee: bigint) =>
			(await complete(attesters.world, await attesters.send({ maxFee, minFinality: 2000 }))).decodedMessage?.decodedMessageBody.feeExecuted;
		expect([await feeOf(2_000n), await feeOf(900n)]).toEqual(['1000', '900']);
	});

	it('waits for as long as its own delay says', async () => {
		attesters.world.cctp.iris.fastMs = ({ amount }) => (amount > 50n * USDC ? 5_000 : 0);
		const [slow, quick] = [await attesters.send({ units: 60n * USDC }), await attesters.send({ units: 40n * USDC })];
		await complete(attesters.world, quick);
		expect((await listed(attesters.world, slow)).messages[0]?.status).toBe('pending_confirmations');
		attesters.clockMs += 5_000;
		await complete(attesters.world, slow);
	});

	it('shows a word or nothing instead of the attestation that is not there yet', async () => {
		attesters.world.cctp.iris.pendingText = null;
		expect((await message(attesters.world, await attesters.send(), () => true)).attestation).toBeNull();
	});
});

describe('a fast burn', () => {
	const standard = { finalityThresholdExecuted: '2000', decodedMessageBody: { feeExecuted: '0', expirationBlock: '0' } };

	it.each([
		['allows less than the fee', { maxFee: 12_999n }, {}, 'insufficient_fee'],
		['is above the allowance', {}, { allowance: '99.999999' }, 'insufficient_allowance_available'],
		['is told to wait', {}, { delay: () => 'amount_above_max' }, 'amount_above_max'],
	] as const)('that %s waits like the others, and says why', async (_name, order, settings, delayReason) => {
		Object.assign(attesters.world.cctp.iris, settings);
		const burned = await attesters.send(order);
		await isKnown(attesters.world, burned);
		attesters.clockMs += 600;
		await looksAround(attesters.world);
		const [pending] = (await listed(attesters.world, burned)).messages;
		expect(pending).toMatchObject({ status: 'pending_confirmations', message: '0x', delayReason });
		attesters.clockMs += 1_400;
		expect(await complete(attesters.world, burned)).toMatchObject({ delayReason, decodedMessage: standard });
	});

	it.each([
		['exactly the fee', { maxFee: 13_000n }, {}],
		['exactly the allowance', {}, { allowance: '100' }],
	])('of %s is fast', async (_name, order, settings) => {
		Object.assign(attesters.world.cctp.iris, settings, { fastMs: 0 });
		expect(await complete(attesters.world, await attesters.send(order))).toMatchObject({
			delayReason: null,
			decodedMessage: { finalityThresholdExecuted: '1000' },
		});
	});

	it('costs what the pair costs, rounded up', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		attesters.world.cctp.setFee('1', '10', { fast: '0.5' });
		// Half a basis point of 30,001 is 1.50005.
		const { decodedMessage } = await complete(attesters.world, await attesters.send({ units: 30_001n, maxFee: 300n }));
		expect(decodedMessage?.decodedMessageBody.feeExecuted).toBe('2');
		const fees = (pair: string) => fetch(`${attesters.world.cctp.url}/v2/burn/USDC/fees/${pair}`).then((response) => response.json());
		expect(await fees('0/2')).toEqual([
			{ finalityThreshold: 1000, minimumFee: 0.5 },
			{ finalityThreshold: 2000, minimumFee: 0 },
		]);
		expect(await fees('2/0')).toEqual([
			{ finalityThreshold: 1000, minimumFee: 1.3 },
			{ finalityThreshold: 2000, minimumFee: 0 },
		]);
		attesters.world.cctp.setFee('2', '0', {});
		attesters.world.cctp.setFee('10', '1', { fast: null, standard: '0.1' });
		expect(await fees('2/0')).toEqual([{ finalityThreshold: 2000, minimumFee: 0.1 }]);
		for (const wrong of ['USDC/fees/0/9', 'USDC/fees/0/0', 'EURC/fees/0/2'])
			expect((await get(`${attesters.world.cctp.url}/v2/burn/${wrong}`)).status).toBe(400);
		const allowance = await get(`${attesters.world.cctp.url}/v2/fastBurn/USDC/allowance`);
		expect(allowance.body).toEqual({ allowance: 1_000_000, lastUpdated: '2023-11-14T22:13:20.000Z' });
	});

	it('expires at its block, is shown as it was, and mints after it was signed anew, at the fee that it had', async () => {
		Object.assign(attesters.world.cctp.iris, { fastMs: 0, expireAfterBlocks: 2 });
		const burned = await attesters.send();
		const first = await complete(attesters.world, burned);
		const { client } = attesters.world.chain('10');
		expect(expiryOf(first)).toBe((await client.getBlockNumber()) + 2n);
		const judged = (each: typeof first) => refusal(attesters.world, '10', mintCall(attesters.world, '10', each));
		expect(await judged(first)).toBe('accepted');
		await client.mine({ blocks: 2 });
		expect(await judged(first)).toBe('Message expired and must be re-signed');
		const reattest = (nonce: Hex) => post(`${attesters.world.cctp.url}/v2/reattest/${nonce}`, undefined);
		for (let count = 0; count < 2; count += 1)
			expect(await reattest(first.eventNonce)).toEqual({
				status: 200,
				body: { message: 'Re-attestation successfully requested for nonce.', nonce: first.eventNonce },
			});
		attesters.clockMs += 299;
		await looksAround(attesters.world);
		expect((await listed(attesters.world, burned)).messages).toEqual([first]);
		attesters.clockMs += 1;
		const second = await message(attesters.world, burned, ({ message: bytes }) => bytes !== first.message);
		expect(second).toMatchObject({ eventNonce: first.eventNonce, status: 'complete' });
		expect(second.decodedMessage).toMatchObject({
			finalityThresholdExecuted: '2000',
			decodedMessageBody: { feeExecuted: '13000', expirationBlock: '0' },
		});
		await mint(attesters.world, '10', second);
		expect(await attesters.world.balanceOf('10', SOLVER.address)).toBe(99_987_000n);
		expect(await judged(second)).toBe('Nonce already used');
		expect((await reattest(first.eventNonce)).status).toBe(400);
		expect((await reattest(pad('0x1'))).status).toBe(404);
	});

	it('is not signed anew before it was signed at all', async () => {
		const burned = await attesters.send();
		await isKnown(attesters.world, burned);
		expect((await post(`${attesters.world.cctp.url}/v2/reattest/${known(attesters.world, burned).nonce}`, undefined)).status).toBe(400);
	});
});
