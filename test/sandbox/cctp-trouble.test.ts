import { encodeFunctionData, erc20Abi, type Hex, multicall3Abi, pad, slice } from 'viem';
import { describe, expect, it } from 'vitest';
import { RIVAL, SOLVER } from '../../sandbox/chains/accounts.ts';
import { MULTICALL3 } from '../../sandbox/chains/client.ts';
import { lose, refuse, times, tooMany, when } from '../../sandbox/http/misbehave.ts';
import { USDC, useAttesters } from './attesters.ts';
import { type Burned, burnCall, complete, isKnown, known, listed, looksAround, mint, mintCall, refusal } from './burn.ts';
import { eventually } from './eventually.ts';
import { approve } from './requests.ts';

const attesters = useAttesters();

describe('two burns', () => {
	/** Two in one block, each in its own transaction. */
	async function together(amounts: readonly [bigint, bigint]): Promise<Burned[]> {
		const { chain, domain, tokenMessenger } = attesters.world.cctp.chain('1');
		await approve(chain, tokenMessenger, amounts[0] + amounts[1]);
		await chain.client.setAutomine(false);
		const calls = amounts.map((units) => burnCall(attesters.world, { origin: '1', destination: '10', units }));
		const hashes: Hex[] = [];
		for (const call of calls) hashes.push(await chain.client.send({ from: SOLVER.address, ...call }));
		await chain.client.mine({ blocks: 1 });
		await chain.client.setAutomine(true);
		const receipts = await Promise.all(hashes.map((hash) => chain.client.mined(hash)));
		return receipts.map((receipt) => ({ domain, hash: receipt.transactionHash, sent: '0x', receipt }));
	}

	/** Two in one transaction, by a contract that holds the funds. */
	async function atOnce(amounts: readonly [bigint, bigint]): Promise<Burned> {
		const { chain, domain, tokenMessenger } = attesters.world.cctp.chain('1');
		await attesters.world.fund('1', '100', MULTICALL3);
		const allow = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [tokenMessenger, amounts[0] + amounts[1]] });
		const burns = amounts.map((units) => burnCall(attesters.world, { origin: '1', destination: '10', units }));
		const calls = [{ to: chain.usdc, data: allow }, ...burns].map(({ to, data }) => ({ target: to, callData: data, allowFailure: false }));
		const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] });
		const receipt = await chain.client.execute({ from: SOLVER.address, to: MULTICALL3, data });
		return { domain, hash: receipt.transactionHash, sent: '0x', receipt };
	}

	it('in one block are told apart by their transactions', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		const burned = await together([30n * USDC, 40n * USDC]);
		expect(new Set(burned.map(({ receipt }) => receipt.blockNumber)).size).toBe(1);
		const attested = [];
		for (const each of burned) attested.push(await complete(attesters.world, each));
		expect(attested.map(({ decodedMessage }) => decodedMessage?.decodedMessageBody.amount)).toEqual(['30000000', '40000000']);
		expect(new Set(attested.map(({ eventNonce }) => eventNonce)).size).toBe(2);
		expect((await listed(attesters.world, burned[0] as Burned)).messages).toHaveLength(1);
	});

	it('in one transaction are listed as their logs are, or the wrong way round, and each is minted', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		const burned = await atOnce([30n * USDC, 40n * USDC]);
		await eventually('both are complete', async () => {
			const { messages } = await listed(attesters.world, burned);
			return messages.length === 2 && messages.every(({ status }) => status === 'complete');
		});
		const inOrder = (await listed(attesters.world, burned)).messages;
		expect(inOrder.map(({ decodedMessage }) => decodedMessage?.decodedMessageBody.amount)).toEqual(['30000000', '40000000']);
		attesters.world.cctp.iris.order = 'reversed';
		expect((await listed(attesters.world, burned)).messages).toEqual([...inOrder].reverse());
		for (const each of inOrder) await mint(attesters.world, '10', each);
	});
});

describe('a reorganisation', () => {
	const reorganise = (venue: string, depth: number) =>
		attesters.world.chain(venue).client.transport.request({ method: 'anvil_reorg', params: [depth, []] });

	it('takes a burn away that was not signed yet, and it never will be', async () => {
		const burned = await attesters.send();
		await isKnown(attesters.world, burned);
		await reorganise('1', 1);
		attesters.clockMs += 10_000;
		await looksAround(attesters.world);
		expect((await listed(attesters.world, burned)).status).toBe(404);
		expect(attesters.world.cctp.burnsOf(burned.hash)).toEqual([]);
	});

	it('does not take back what was signed already', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		const burned = await attesters.send();
		const attested = await complete(attesters.world, burned);
		await reorganise('1', 1);
		await looksAround(attesters.world);
		expect((await listed(attesters.world, burned)).messages).toEqual([attested]);
	});

	it('leaves a burn its nonce that is in another block afterwards', async () => {
		const { chain, tokenMessenger } = attesters.world.cctp.chain('1');
		await approve(chain, tokenMessenger, 100n * USDC);
		const call = burnCall(attesters.world, { origin: '1', destination: '10', units: 100n * USDC });
		const nonce = await chain.client.getTransactionCount({ address: SOLVER.address });
		const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n, gas: 500_000n };
		const raw = await SOLVER.signTransaction({ ...call, ...fees, nonce, chainId: 1, type: 'eip1559' });
		const receipt = await chain.client.mined(await chain.client.sendRawTransaction({ serializedTransaction: raw }));
		const burned = { domain: 0, hash: receipt.transactionHash, sent: '0x' as const, receipt };
		await isKnown(attesters.world, burned);
		const before = known(attesters.world, burned).nonce;
		await chain.client.transport.request({ method: 'anvil_reorg', params: [1, [[raw, 0]]] });
		const { blockHash } = await chain.client.getTransactionReceipt({ hash: burned.hash });
		expect(blockHash).not.toBe(receipt.blockHash);
		attesters.clockMs += 600;
		const attested = await complete(attesters.world, burned);
		expect(attested.eventNonce).toBe(before);
		expect(attesters.world.cctp.burnsOf(burned.hash)).toHaveLength(1);
	});
});

describe('somebody else', () => {
	it('can mint first, and then nobody can', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		const burned = await attesters.send();
		await isKnown(attesters.world, burned);
		const attested = await complete(attesters.world, burned);
		const hash = await attesters.world.cctp.mintFor(known(attesters.world, burned));
		const { from } = await attesters.world.chain('10').client.getTransaction({ hash });
		expect(from).toBe(RIVAL.address.toLowerCase());
		expect(await attesters.world.balanceOf('10', SOLVER.address)).toBe(99_987_000n);
		expect(await refusal(attesters.world, '10', mintCall(attesters.world, '10', attested))).toBe('Nonce already used');
		await expect(attesters.world.cctp.mintFor(known(attesters.world, burned))).rejects.toThrow('has reverted');
	});

	it('can not mint what is not signed yet', async () => {
		const burned = await attesters.send();
		await isKnown(attesters.world, burned);
		await expect(attesters.world.cctp.mintFor(known(attesters.world, burned))).rejects.toThrow('is not attested yet');
	});
});

describe('misbehaviour', () => {
	it('changes what is signed, so that the contract believes it', async () => {
		Object.assign(attesters.world.cctp.iris, {
			fastMs: 0,
			tamper: (bytes: Hex) => `${slice(bytes, 0, 184)}${pad(RIVAL.address).slice(2)}${slice(bytes, 216).slice(2)}`.toLowerCase(),
		});
		const burned = await attesters.send();
		const lie = await complete(attesters.world, burned);
		expect(lie.decodedMessage?.decodedMessageBody.mintRecipient).toBe(RIVAL.address);
		expect(await refusal(attesters.world, '10', mintCall(attesters.world, '10', lie))).toBe('accepted');
		attesters.world.cctp.iris.tamper = (bytes) => slice(bytes, 0, 200);
		expect((await complete(attesters.world, burned)).decodedMessage).toBeNull();
		attesters.world.cctp.iris.tamper = (bytes) => bytes;
		expect((await complete(attesters.world, burned)).decodedMessage?.decodedMessageBody.mintRecipient).toBe(SOLVER.address);
	});

	it('of the API itself is told by rules', async () => {
		attesters.world.cctp.iris.fastMs = 0;
		const burned = await attesters.send();
		await complete(attesters.world, burned);
		const statuses = async (count: number) => {
			const found: number[] = [];
			for (let asked = 0; asked < count; asked += 1) found.push((await listed(attesters.world, burned)).status);
			return found;
		};
		attesters.world.cctp.fault = times(2, when('GET', /^\/v2\/messages\//, refuse(404)));
		expect(await statuses(3)).toEqual([404, 404, 200]);
		attesters.world.cctp.fault = times(1, when('GET', /messages/, tooMany(300)));
		expect(await statuses(2)).toEqual([429, 200]);
		attesters.world.cctp.fault = when('GET', /messages/, lose());
		const lost = fetch(`${attesters.world.cctp.url}/v2/messages/0?transactionHash=${burned.hash}`, { signal: AbortSignal.timeout(200) });
		await expect(lost).rejects.toThrow(/timeout|aborted/);
	});

	it('of a caller closes the API for a while: 35 requests within a second and no more', async () => {
		const ask = async (count: number) => {
			const answers = await Promise.all(Array.from({ length: count }, () => fetch(`${attesters.world.cctp.url}/v2/publicKeys`)));
			return answers.filter(({ status }) => status === 429).length;
		};
		expect(await ask(50)).toBe(0);
		Object.assign(attesters.world.cctp.iris, { enforceLimit: true, penaltyMs: 10_000 });
		attesters.clockMs += 1_000;
		expect(await ask(35)).toBe(0);
		attesters.clockMs += 999;
		expect(await ask(1)).toBe(1);
		attesters.clockMs += 5_000;
		// None of these closes it for longer.
		expect(await ask(40)).toBe(40);
		attesters.clockMs += 4_999;
		expect(await ask(5)).toBe(5);
		attesters.clockMs += 1;
		expect(await ask(30)).toBe(0);
		expect(attesters.world.cctp.requests.peak).toBe(50);
		expect([...attesters.world.cctp.requests.perSecond.values()]).toEqual([50, 36, 40, 35]);
	});

	it('ends with a reset', async () => {
		attesters.world.cctp.fault = () => refuse(500);
		Object.assign(attesters.world.cctp.iris, { fastMs: 0, order: 'reversed', ignore: () => true, enforceLimit: true, tamper: () => '0x' });
		attesters.world.cctp.setFee('1', '10', { fast: '9' });
		await attesters.send();
		await attesters.world.reset();
		const { burns, poller: _, forget: __, ...settings } = attesters.world.cctp.iris;
		expect(burns.size).toBe(0);
		expect(JSON.parse(JSON.stringify(settings))).toEqual({
			fastMs: 600,
			standardMs: 2_000,
			reattestMs: 300,
			allowance: '1000000',
			expireAfterBlocks: 100_000,
			order: 'log',
			pendingText: 'PENDING',
			enforceLimit: false,
			penaltyMs: 300_000,
		});
		expect(settings.tamper('0x12')).toBe('0x12');
		expect(Math.abs(settings.nowMs() - Date.now())).toBeLessThan(5_000);
		const fees = await fetch(`${attesters.world.cctp.url}/v2/burn/USDC/fees/0/2`).then((response) => response.json());
		expect(fees).toContainEqual({ finalityThreshold: 1000, minimumFee: 1.3 });
		attesters.world.cctp.iris.fastMs = 0;
		await attesters.world.fund('1', '100');
		await complete(attesters.world, await attesters.send());
	});
});
