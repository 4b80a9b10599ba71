import { encodeFunctionData, erc20Abi, type PublicClient, pad } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spokePoolAbi, usdcAbi } from '../../../sandbox/chains/abi.ts';
import { HUB_OPERATOR, RELAYER, SOLVER } from '../../../sandbox/chains/accounts.ts';
import { type ChainClient, connect, viemChain } from '../../../sandbox/chains/client.ts';
import { type Contracts, deployContracts } from '../../../sandbox/chains/deploy.ts';
import { startAnvil } from '../../../sandbox/servers/anvil.ts';
import type { Server } from '../../../sandbox/servers/server.ts';
import { createAcross } from '../../../src/bridge/across/adapter.ts';
import { depositOf, relayHash } from '../../../src/bridge/across/relay.ts';
import type { BridgeAdapter } from '../../../src/bridge/bridge.ts';
import { InvariantError, PermanentError, TransientError } from '../../../src/errors.ts';
import type { MinedCall } from '../../../src/leg/call.ts';
import type { BridgeEnd, Evidence, HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';
import { noExchange, uncounted } from '../uncounted.ts';

const ETHEREUM = { chainId: 1, usdcDecimals: 6 };
const BNB = { chainId: 56, usdcDecimals: 18 };
const GAS_FEE = 1_500_000n;
const SEND = amount(1_000_000_000n);

interface Side {
	readonly server: Server;
	readonly client: ChainClient;
	readonly contracts: Contracts;
	readonly end: BridgeEnd;
}

const sides: Side[] = [];
let origin: Side;
let destination: Side;
let across: BridgeAdapter;
/** What the API outside says beyond a fee of 1 basis point and 1.5 USDC for gas. */
let said: Record<string, unknown> = {};
let nowMs = 0;

beforeAll(async () => {
	[origin, destination] = await Promise.all([open(ETHEREUM), open(BNB)]);
	const pools = Object.fromEntries(sides.map(({ end, contracts }) => [end.venue, contracts.spokePool]));
	across = createAcross(
		{ apiUrl: 'http://across.test', spokePools: pools },
		{
			client: (venue) => sideOf(venue).client as unknown as PublicClient,
			fetch: api,
			nowMs: () => nowMs,
			finalityBlocks: () => 0,
			budget: uncounted,
			exchange: noExchange,
		},
	);
	const mint = (side: Side, to: `0x${string}`, units: bigint) =>
		side.client.execute({
			from: HUB_OPERATOR.address,
			to: side.contracts.usdc,
			data: encodeFunctionData({ abi: usdcAbi, functionName: 'mint', args: [to, units] }),
		});
	await mint(origin, SOLVER.address, 100n * SEND);
	await mint(destination, RELAYER.address, 10n ** 24n);
	await approve(origin, SOLVER.address, 100n * SEND);
	await approve(destination, RELAYER.address, 10n ** 24n);
}, 60_000);

afterAll(() => Promise.all(sides.map(({ server }) => server.stop())));

async function open(options: { chainId: number; usdcDecimals: number }): Promise<Side> {
	const server = await startAnvil({ chainId: options.chainId, blockSeconds: 0 });
	const client = connect(viemChain(options.chainId, `chain ${options.chainId}`, server.url));
	const contracts = await deployContracts(client, options);
	const end = {
		venue: String(options.chainId),
		chainId: options.chainId,
		asset: 'USDC',
		token: contracts.usdc,
		decimals: options.usdcDecimals,
	};
	const side = { server, client, contracts, end };
	sides.push(side);
	return side;
}

function sideOf(venue: string): Side {
	const side = sides.find(({ end }) => end.venue === venue);
	if (side === undefined) throw new Error(`no chain ${venue}`);
	return side;
}

function approve({ client, contracts }: Side, from: `0x${string}`, units: bigint) {
	return client.execute({
		from,
		to: contracts.usdc,
		data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [contracts.spokePool, units] }),
	});
}

const api: typeof fetch = async (url) => {
	const { pathname, searchParams } = new URL(String(url));
	if (pathname !== '/suggested-fees') return new Response('down', { status: 400 });
	const send = BigInt(searchParams.get('amount') ?? 0);
	const { timestamp } = await origin.client.getBlock();
	const capital = send / 10_000n;
	return Response.json({
		totalRelayFee: { pct: '0', total: String(capital + GAS_FEE) },
		relayerCapitalFee: { pct: '100000000000000', total: String(capital) },
		relayerGasFee: { pct: '0', total: String(GAS_FEE) },
		lpFee: { pct: '0', total: '0' },
		timestamp: String(timestamp),
		fillDeadline: String(timestamp + 7_200n),
		exclusiveRelayer: pad('0x', { size: 20 }),
		exclusivityDeadline: 0,
		spokePoolAddress: origin.contracts.spokePool,
		outputAmount: String((send - capital - GAS_FEE) * 10n ** 12n),
		isAmountTooLow: false,
		estimatedFillTimeSec: 2,
		limits: {
			minDeposit: '1',
			maxDeposit: String(10n ** 15n),
			maxDepositInstant: String(10n ** 12n),
			maxDepositShortDelay: String(10n ** 13n),
		},
		...said,
	});
};

async function order(): Promise<HopOrder> {
	const ends = { origin: origin.end, destination: destination.end };
	const quote = await across.quote({ ...ends, send: SEND, recipient: SOLVER.address });
	return { ...ends, send: SEND, receive: quote.receive, seconds: quote.seconds, sender: SOLVER.address, recipient: SOLVER.address };
}

async function mine(ordered: HopOrder): Promise<MinedCall> {
	const { to, data } = await across.send(ordered);
	const { transactionHash, blockNumber, logs } = await origin.client.execute({ from: SOLVER.address, to, data });
	return { transactionHash, blockNumber, logs };
}

async function deposited(): Promise<{ ordered: HopOrder; mined: MinedCall; evidence: Evidence }> {
	const ordered = await order();
	const mined = await mine(ordered);
	// Stored as JSON between the steps.
	return { ordered, mined, evidence: JSON.parse(JSON.stringify(across.evidence(ordered, mined))) as Evidence };
}

async function fill(evidence: Evidence): Promise<string> {
	const args = [depositOf(evidence), 56n, pad(RELAYER.address, { size: 32 })] as const;
	const data = encodeFunctionData({ abi: spokePoolAbi, functionName: 'fillRelay', args });
	return (await destination.client.execute({ from: RELAYER.address, to: destination.contracts.spokePool, data })).transactionHash;
}

const balance = ({ client, contracts }: Side) =>
	client.readContract({ address: contracts.usdc, abi: usdcAbi, functionName: 'balanceOf', args: [SOLVER.address] });

describe('Across on real pools', () => {
	it('delivers exactly what was ordered, from 6 decimals to 18, proven by the contract alone', async () => {
		const [sentFrom, arrivedAt] = [await balance(origin), await balance(destination)];
		const { ordered, evidence } = await deposited();
		expect(ordered.receive).toBe((SEND - SEND / 10_000n - GAS_FEE - 2n) * 10n ** 12n);
		expect(across.spend(ordered)).toEqual({ token: origin.contracts.usdc, spender: origin.contracts.spokePool, amount: SEND });
		expect(sentFrom - (await balance(origin))).toBe(SEND);

		expect(await across.prove(ordered, evidence)).toMatchObject({ state: 'pending', lookAgainMs: 1_100 });
		const fillTx = await fill(evidence);
		const proof = await across.prove(ordered, evidence);
		if (proof.state !== 'proven') throw new Error(`the deposit is ${proof.state}`);
		expect(await across.claim(ordered, proof.evidence)).toEqual({ state: 'arrived' });

		const delivery = await across.verify(ordered, proof.evidence, null);
		expect(delivery).toMatchObject({ venue: '56', amount: ordered.receive, transactionHash: fillTx });
		expect((await balance(destination)) - arrivedAt).toBe(ordered.receive);
	});

	it('computes the relay hash as the contract does', async () => {
		const deposit = depositOf((await deposited()).evidence);
		const ofContract = await destination.client.readContract({
			address: destination.contracts.spokePool,
			abi: spokePoolAbi,
			functionName: 'getV3RelayHash',
			args: [deposit],
		});
		expect(relayHash(deposit, 56)).toBe(ofContract);
	});

	it('looks when a fill is likely, then ever less often, but never later than every 15 seconds', async () => {
		const { ordered, evidence } = await deposited();
		const waits: unknown[] = [];
		const seenAtMs = nowMs;
		for (const passedMs of [0, 4_000, 3_600_000]) {
			nowMs = seenAtMs + passedMs;
			waits.push(await across.prove(ordered, evidence));
		}
		nowMs = seenAtMs;
		expect(waits).toMatchObject([{ lookAgainMs: 1_100 }, { lookAgainMs: 640 }, { lookAgainMs: 15_000 }]);
	});

	it('does not take the fill of another deposit for ours', async () => {
		const [ours, other] = [await deposited(), await deposited()];
		const fillTx = await fill(other.evidence);
		expect(await across.prove(ours.ordered, ours.evidence)).toMatchObject({ state: 'pending' });
		await expect(across.verify(ours.ordered, { ...ours.evidence, fillTx }, null)).rejects.toBeInstanceOf(InvariantError);
	});

	it('refuses a mined deposit that differs from the order, or that is none', async () => {
		const { ordered, mined } = await deposited();
		const differing: [Partial<HopOrder>, RegExp][] = [
			[{ receive: amount(ordered.receive + 1n) }, /outputAmount/],
			[{ send: amount(ordered.send - 1n) }, /inputAmount/],
			[{ recipient: RELAYER.address }, /recipient/],
			[{ sender: RELAYER.address }, /depositor/],
			[{ destination: { ...ordered.destination, token: origin.contracts.weth } }, /outputToken/],
			[{ destination: { ...ordered.destination, chainId: 10 } }, /destinationChainId/],
		];
		for (const [changes, field] of differing) {
			expect(() => across.evidence({ ...ordered, ...changes }, mined)).toThrow(InvariantError);
			expect(() => across.evidence({ ...ordered, ...changes }, mined)).toThrow(field);
		}
		expect(() => across.evidence(ordered, { ...mined, logs: [] })).toThrow(/0 deposits/);
		expect(() => across.evidence(ordered, { ...mined, logs: [...mined.logs, ...mined.logs] })).toThrow(/2 deposits/);
	});

	it('waits when the fee has risen above what is ordered: nobody would fill', async () => {
		const ordered = await order();
		said = { outputAmount: String(ordered.receive - 1n) };
		await expect(across.send(ordered)).rejects.toThrow(PermanentError);
		await expect(across.send(ordered)).rejects.toThrow(/fee of Across has risen/);
		said = { outputAmount: String(ordered.receive) };
		expect(await across.send(ordered)).toMatchObject({ chainId: 1, to: origin.contracts.spokePool, value: 0n });
		said = {};
	});

	it('refuses an amount that is too low, pools that are not the configured ones, and venues without a pool', async () => {
		const request = { origin: origin.end, destination: destination.end, send: SEND, recipient: SOLVER.address };
		said = { isAmountTooLow: true };
		await expect(across.quote(request)).rejects.toThrow(/too little/);
		said = { destinationSpokePoolAddress: origin.contracts.weth };
		await expect(across.quote(request)).rejects.toThrow(/bridges\.across\.spokePools\.56/);
		said = {};
		const elsewhere = { ...destination.end, venue: '10', chainId: 10 };
		await expect(across.quote({ ...request, destination: elsewhere })).rejects.toThrow(PermanentError);
	});

	it('refuses the wrapped native token, which would arrive unwrapped', async () => {
		const wrapped = { ...destination.end, token: destination.contracts.weth };
		const quote = across.quote({ origin: origin.end, destination: wrapped, send: SEND, recipient: SOLVER.address });
		await expect(quote).rejects.toThrow(/native asset/);
	});

	it('keeps an expired deposit pending until its refund is seen, and looks ever less often', async () => {
		const { ordered, evidence } = await deposited();
		await destination.client.setNextBlockTimestamp({ timestamp: BigInt(evidence.fillDeadline ?? 0) + 1n });
		await destination.client.mine({ blocks: 1 });
		expect(await across.prove(ordered, evidence)).toMatchObject({
			state: 'pending',
			lookAgainMs: 1_100,
			note: expect.stringMatching(/expired, refund not seen yet/),
		});
		nowMs += 86_400_000;
		expect(await across.prove(ordered, evidence)).toMatchObject({ state: 'pending', lookAgainMs: 300_000 });
	});

	it('says that it could not look when the destination does not answer', async () => {
		const { ordered, evidence } = await deposited();
		await destination.server.stop();
		await expect(across.prove(ordered, evidence)).rejects.toBeInstanceOf(TransientError);
	});
});
