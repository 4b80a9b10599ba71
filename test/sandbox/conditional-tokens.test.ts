import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
	type Address,
	encodePacked,
	getAbiItem,
	getAddress,
	getContractAddress,
	type Hex,
	keccak256,
	pad,
	parseEventLogs,
	stringToHex,
	toHex,
	zeroAddress,
} from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { INVOICE_OWNERS } from '../../sandbox/chains/accounts.ts';
import { type LocalChain, mintUsdc, startChain, usdcBalance } from '../../sandbox/chains/chain.ts';
import { conditionalTokensAbi as abi } from '../../sandbox/conditional-tokens/abi.ts';
import { type OutcomeTokens, startConditionalTokens } from '../../sandbox/conditional-tokens/conditional-tokens.ts';
import { type ConditionalTokens, deployConditionalTokens, MARKET_OPERATOR } from '../../sandbox/conditional-tokens/deploy.ts';
import { type Market, merge, prepareMarket, redeem, reportPayouts, split } from '../../sandbox/conditional-tokens/market.ts';
import { tokenBalances, transfer, transferBatch } from '../../sandbox/conditional-tokens/tokens.ts';

const LOW_HALF = 2n ** 128n - 1n;
const HAS_KEY = INVOICE_OWNERS[0]?.address ?? zeroAddress;

let chain: LocalChain;
let tokens: ConditionalTokens;
beforeAll(async () => {
	chain = await startChain({ chainId: 10, name: 'optimism', decimals: 6, blockSeconds: 0 });
	tokens = await deployConditionalTokens(chain);
});
afterAll(() => chain.stop());

let market: Market;
/** Of every test its own: accounts that the node has no key of, and that have nothing. */
let alice: Address;
let bob: Address;
let questions = 0;
beforeEach(async () => {
	questions += 1;
	market = await prepareMarket(chain, tokens, { questionId: questionOf(`question ${questions}`) });
	[alice, bob] = [accountOf(`alice ${questions}`), accountOf(`bob ${questions}`)];
});

const questionOf = (text: string): Hex => keccak256(stringToHex(text));
const accountOf = (text: string): Address => getAddress(`0x${keccak256(stringToHex(text)).slice(-40)}`);

/** Of both outcomes, in their order. */
function held(owner: Address): Promise<readonly bigint[]> {
	return tokenBalances(
		chain,
		tokens,
		market.positionIds.map((id) => ({ owner, id })),
	);
}

async function give(holder: Address, amount: bigint) {
	await mintUsdc(chain, holder, amount);
	return split(chain, market, { holder, amount });
}

/** What a wallet sends and what it receives, by its topic: the id is in none, so nothing can be asked for by it. */
function singles(args: { from?: Address; to?: Address }) {
	return chain.client.getLogs({ address: tokens.address, event: getAbiItem({ abi, name: 'TransferSingle' }), args, fromBlock: 0n });
}

function batches(args: { from?: Address; to?: Address }) {
	return chain.client.getLogs({ address: tokens.address, event: getAbiItem({ abi, name: 'TransferBatch' }), args, fromBlock: 0n });
}

describe('the contract', () => {
	it('is what the package has compiled, unchanged, at an address that is the same in every run', async () => {
		expect(tokens.address).toBe(getContractAddress({ from: MARKET_OPERATOR, nonce: 1_000n }));
		const path = createRequire(import.meta.url).resolve('@gnosis.pm/conditional-tokens-contracts/build/contracts/ConditionalTokens.json');
		const { deployedBytecode } = z.object({ deployedBytecode: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8')));
		expect(await chain.client.getCode({ address: tokens.address })).toBe(deployedBytecode);
	});

	it('stands on every chain, elsewhere and with that collateral, and does there what it does anywhere', async () => {
		const other = await startChain({ chainId: 56, name: 'bsc', decimals: 18, blockSeconds: 0 });
		try {
			const [there] = [...(await startConditionalTokens(new Map([[other.id, other]]))).values()] as [OutcomeTokens];
			expect(there.address).not.toBe(tokens.address);
			const twin = await there.prepareMarket({ questionId: market.questionId });
			const [first, second] = twin.positionIds;
			expect(twin.conditionId).toBe(market.conditionId);
			expect(market.positionIds).not.toContain(first);
			await mintUsdc(other, alice, 10n ** 18n);
			await there.split(twin, { holder: alice, amount: 10n ** 18n });
			await there.merge(twin, { holder: alice, amount: 4n });
			await there.transfer({ from: alice, to: bob, id: first, value: 3n });
			await there.transferBatch({ from: alice, to: bob, tokens: [{ id: second, value: 2n }] });
			const asked = [alice, bob].flatMap((owner) => twin.positionIds.map((id) => ({ owner, id })));
			expect(await there.balances(asked)).toEqual([10n ** 18n - 7n, 10n ** 18n - 6n, 3n, 2n]);
			await there.reportPayouts(twin, [1n, 0n]);
			await there.redeem(twin, bob);
			expect(await usdcBalance(other, bob)).toBe(3n);
		} finally {
			await other.stop();
		}
	});
});

describe('a market', () => {
	it('has the ids that its oracle, question and collateral make', async () => {
		const { oracle, questionId, conditionId, positionIds } = market;
		expect(oracle).toBe(MARKET_OPERATOR);
		expect(conditionId).toBe(keccak256(encodePacked(['address', 'bytes32', 'uint256'], [oracle, questionId, 2n])));
		const read = { address: tokens.address, abi } as const;
		expect(await chain.client.readContract({ ...read, functionName: 'getOutcomeSlotCount', args: [conditionId] })).toBe(2n);
		for (const [index, id] of positionIds.entries()) {
			const args = [pad('0x'), conditionId, 2n ** BigInt(index)] as const;
			const collection = await chain.client.readContract({ ...read, functionName: 'getCollectionId', args });
			expect(id).toBe(BigInt(keccak256(encodePacked(['address', 'bytes32'], [chain.usdc, collection]))));
		}
	});

	it('is another one with another oracle, and is prepared once', async () => {
		const { questionId, conditionId } = market;
		const other = await prepareMarket(chain, tokens, { oracle: bob, questionId });
		expect(other.conditionId).not.toBe(conditionId);
		await expect(prepareMarket(chain, tokens, { questionId })).rejects.toThrow(/reverted/);
	});
});

describe('tokens', () => {
	it('are minted in pairs against collateral, in one batch from nobody', async () => {
		const { logs } = await give(alice, 5_000_000n);
		expect(await held(alice)).toEqual([5_000_000n, 5_000_000n]);
		expect(await usdcBalance(chain, alice)).toBe(0n);
		const [batch, ...others] = parseEventLogs({ abi, logs, eventName: 'TransferBatch' });
		expect(others).toEqual([]);
		expect(batch?.args).toEqual({
			operator: alice,
			from: zeroAddress,
			to: alice,
			ids: market.positionIds,
			values: [5_000_000n, 5_000_000n],
		});
	});

	it('are not minted without the collateral', async () => {
		await mintUsdc(chain, alice, 4n);
		await expect(split(chain, market, { holder: alice, amount: 5n })).rejects.toThrow(/reverted/);
		expect(await held(alice)).toEqual([0n, 0n]);
		expect(await usdcBalance(chain, alice)).toBe(4n);
	});

	it('merge back into the collateral, in one batch to nobody', async () => {
		await give(HAS_KEY, 9n);
		const before = await usdcBalance(chain, HAS_KEY);
		const { logs } = await merge(chain, market, { holder: HAS_KEY, amount: 4n });
		expect(await held(HAS_KEY)).toEqual([5n, 5n]);
		expect((await usdcBalance(chain, HAS_KEY)) - before).toBe(4n);
		expect(parseEventLogs({ abi, logs, eventName: 'TransferBatch' })[0]?.args).toMatchObject({
			from: HAS_KEY,
			to: zeroAddress,
			ids: market.positionIds,
			values: [4n, 4n],
		});
		await expect(merge(chain, market, { holder: HAS_KEY, amount: 6n })).rejects.toThrow(/reverted/);
	});

	it('move one at a time, and the log holds the whole id in its data alone', async () => {
		await give(alice, 7n);
		const [id] = market.positionIds;
		const { logs } = await transfer(chain, tokens, { from: alice, to: bob, id, value: 3n });
		expect([await held(alice), await held(bob)]).toEqual([
			[4n, 7n],
			[3n, 0n],
		]);
		const [log] = logs;
		expect(log?.topics).toHaveLength(4);
		expect(log?.topics.slice(1)).toEqual([alice, alice, bob].map((each) => pad(each).toLowerCase()));
		expect(log?.data.slice(0, 66)).toBe(toHex(id, { size: 32 }));
		const [sent, received] = await Promise.all([singles({ from: alice }), singles({ to: bob })]);
		expect(sent.map(({ args }) => args)).toEqual([{ operator: alice, from: alice, to: bob, id, value: 3n }]);
		expect(received.map(({ transactionHash }) => transactionHash)).toEqual(sent.map(({ transactionHash }) => transactionHash));
		expect(await singles({ to: alice })).toEqual([]);
	});

	it('move in a batch, in the order of the call', async () => {
		await give(alice, 7n);
		const [first, second] = market.positionIds;
		const batch = [
			{ id: second, value: 5n },
			{ id: first, value: 2n },
		];
		await transferBatch(chain, tokens, { from: alice, to: bob, tokens: batch });
		expect([await held(alice), await held(bob)]).toEqual([
			[5n, 2n],
			[2n, 5n],
		]);
		const [log] = await batches({ to: bob });
		expect(log?.topics).toHaveLength(4);
		expect(log?.args).toMatchObject({ from: alice, to: bob, ids: [second, first], values: [5n, 2n] });
	});

	it('stay where they are when there are too few of them, or the receiver is a contract that does not know them', async () => {
		await give(alice, 7n);
		const [id] = market.positionIds;
		await expect(transfer(chain, tokens, { from: alice, to: bob, id, value: 8n })).rejects.toThrow(/reverted/);
		await expect(transfer(chain, tokens, { from: alice, to: chain.usdc, id, value: 1n })).rejects.toThrow(/reverted/);
		expect(await held(alice)).toEqual([7n, 7n]);
	});

	it('have ids above 2^128 that no narrower number stands for', async () => {
		await give(alice, 7n);
		for (const id of market.positionIds) {
			expect(id > LOW_HALF).toBe(true);
			const near = [id, id & LOW_HALF, id >> 128n, BigInt(Number(id))].map((each) => ({ owner: alice, id: each }));
			expect(await tokenBalances(chain, tokens, near)).toEqual([7n, 0n, 0n, 0n]);
		}
	});

	it('are worth what the oracle says, and burned one id at a time', async () => {
		await give(alice, 8n);
		const [first, second] = market.positionIds;
		await transfer(chain, tokens, { from: alice, to: bob, id: second, value: 8n });
		await expect(redeem(chain, market, alice)).rejects.toThrow(/reverted/);
		await reportPayouts(chain, market, [1n, 3n]);
		await expect(reportPayouts(chain, market, [1n, 0n])).rejects.toThrow(/reverted/);
		const { logs } = await redeem(chain, market, alice);
		await redeem(chain, market, bob);
		expect([await usdcBalance(chain, alice), await usdcBalance(chain, bob)]).toEqual([2n, 6n]);
		expect([await held(alice), await held(bob)]).toEqual([
			[0n, 0n],
			[0n, 0n],
		]);
		const burned = parseEventLogs({ abi, logs, eventName: 'TransferSingle' });
		expect(burned.map(({ args }) => args)).toEqual([{ operator: alice, from: alice, to: zeroAddress, id: first, value: 8n }]);
	});
});

describe('balances of a batch', () => {
	it('come in the order of what was asked for, also when it is asked twice', async () => {
		await give(alice, 7n);
		const [id] = market.positionIds;
		const asked = [bob, alice, bob, alice].map((owner) => ({ owner, id }));
		expect(await tokenBalances(chain, tokens, asked)).toEqual([0n, 7n, 0n, 7n]);
	});

	it('are refused as a whole when one owner is nobody, or the lists have different lengths', async () => {
		await give(alice, 7n);
		const [id] = market.positionIds;
		const asked = [alice, zeroAddress].map((owner) => ({ owner, id }));
		await expect(tokenBalances(chain, tokens, asked)).rejects.toThrow(/some address in batch balance query is zero/);
		const uneven = { address: tokens.address, abi, functionName: 'balanceOfBatch', args: [[alice], [id, id]] } as const;
		await expect(chain.client.readContract(uneven)).rejects.toThrow(/must have same lengths/);
	});
});
