/** The adapter on the sandbox's real pools, and deposits through it that nobody fills in time. */
import { createPublicClient, encodeFunctionData, erc20Abi, type Hex, http, type PublicClient } from 'viem';
import type { Deposit } from '../../../sandbox/across/deposit.ts';
import { refund } from '../../../sandbox/across/root-bundle.ts';
import { SOLVER } from '../../../sandbox/chains/accounts.ts';
import { nonsense, when } from '../../../sandbox/http/misbehave.ts';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { createAcross } from '../../../src/bridge/across/adapter.ts';
import type { BridgeAdapter, Proof } from '../../../src/bridge/bridge.ts';
import type { BridgeEnd, Delivery, Evidence, HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { noExchange, uncounted } from '../uncounted.ts';

/** The adapter wants a minute at least, and the clocks of two chains may be a second apart. */
export const LIVES_SECONDS = 70;
export const USDC = 1_000_000n;

export interface Sent {
	readonly order: HopOrder;
	readonly evidence: Evidence;
}

export interface Pools {
	readonly world: World;
	readonly across: BridgeAdapter;
	/** Of every chain. */
	finalityBlocks: number;
	/** Back to the start: 100,000 USDC on chain 1, a relayer that fills and refunds nothing, blocks final at once. */
	reset(): Promise<void>;
	end(venue: string): BridgeEnd;
	/** Base units, from chain 1 to chain 10 unless told otherwise. */
	deposited(units: bigint, destination?: string): Promise<Sent>;
	/** The same, past their deadlines. */
	expired(...amounts: bigint[]): Promise<Sent[]>;
	/** What the relayer knows of deposits. */
	seen(...sent: Sent[]): Promise<Deposit[]>;
	/** Refunds the deposits in one leaf; returns its transaction. */
	refunded(...sent: Sent[]): Promise<Hex>;
	prove(sent: Sent): Promise<Proof>;
	/** What a pending proof says after the deposit's number; else the proof's state. */
	noteOf(sent: Sent): Promise<string>;
	/** Throws when it has not come back. */
	returnOf(sent: Sent): Promise<Delivery>;
	mine(venue: string, blocks?: number): Promise<void>;
	/** What the API names as the refund of every deposit. */
	hint(depositRefundTxHash: Hex): void;
}

export async function openPools(): Promise<Pools> {
	const world = await startWorld({ blockSeconds: 0, balances: {} });
	const chains = [...world.chains.values()];
	const clients = new Map(chains.map(({ id, url }) => [id, createPublicClient({ transport: http(url, { retryCount: 0 }), cacheTime: 0 })]));
	const across = createAcross(
		{ apiUrl: world.across.url, spokePools: Object.fromEntries(chains.map(({ id, spokePool }) => [id, spokePool])) },
		{
			client: (venue) => clients.get(venue) as PublicClient,
			fetch,
			nowMs: () => 0,
			finalityBlocks: () => pools.finalityBlocks,
			budget: uncounted,
			exchange: noExchange,
		},
	);
	const pools: Pools = {
		world,
		across,
		finalityBlocks: 0,
		async reset() {
			await world.reset();
			pools.finalityBlocks = 0;
			await world.fund('1', '100000');
			world.across.fillWithinSeconds = LIVES_SECONDS;
			world.across.relayer.ignore = () => true;
			world.across.relayer.refunds = false;
		},
		end(venue) {
			const { usdc, decimals, chainId } = world.chain(venue);
			return { venue, chainId, asset: 'USDC', token: usdc, decimals };
		},
		async deposited(units, destination = '10') {
			const ends = { origin: pools.end('1'), destination: pools.end(destination) };
			const quote = await across.quote({ ...ends, send: amount(units), recipient: SOLVER.address });
			const order = {
				...ends,
				send: amount(units),
				receive: quote.receive,
				seconds: quote.seconds,
				sender: SOLVER.address,
				recipient: SOLVER.address,
			};
			const { client, usdc, spokePool } = world.chain('1');
			const approval = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spokePool, units] });
			await client.execute({ from: SOLVER.address, to: usdc, data: approval });
			const { to, data } = await across.send(order);
			const mined = await client.execute({ from: SOLVER.address, to, data });
			// Stored as JSON between the steps.
			return { order, evidence: JSON.parse(JSON.stringify(across.evidence(order, mined))) as Evidence };
		},
		async expired(...amounts) {
			const sent: Sent[] = [];
			for (const units of amounts) sent.push(await pools.deposited(units));
			await world.passTime(LIVES_SECONDS + 1);
			return sent;
		},
		async seen(...sent) {
			const find = ({ evidence }: Sent) => world.across.relayer.deposits.get(`1-${evidence.depositId}`);
			await eventually('the deposits are seen', async () => sent.every((each) => find(each) !== undefined));
			return sent.flatMap((each) => find(each) ?? []);
		},
		refunded: async (...sent) => refund(world.chain('1'), await pools.seen(...sent)),
		prove: ({ order, evidence }) => across.prove(order, evidence),
		async noteOf(sent) {
			const proof = await pools.prove(sent);
			return proof.state === 'pending' ? proof.note.replace(/^deposit \d+ is /, '') : proof.state;
		},
		async returnOf(sent) {
			const proof = await pools.prove(sent);
			if (proof.state !== 'returned') throw new Error(`deposit ${sent.evidence.depositId}: ${JSON.stringify(proof)}`);
			return across.verify(sent.order, proof.evidence, null);
		},
		mine: (venue, blocks = 1) => world.chain(venue).client.mine({ blocks }),
		hint(depositRefundTxHash) {
			world.across.fault = when('GET', /^\/deposit\/status$/, nonsense({ status: 'refunded', depositRefundTxHash }));
		},
	};
	return pools;
}

/** The first; throws when there is none. */
export function one<T>([first]: readonly T[]): T {
	if (first === undefined) throw new Error('nothing');
	return first;
}
