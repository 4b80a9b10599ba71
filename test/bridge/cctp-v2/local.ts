/** The adapter on the sandbox's contracts and attesters, and burns through it. */
import { createPublicClient, encodeFunctionData, erc20Abi, type Hash, http, type PublicClient } from 'viem';
import { cctpSettings } from '../../../sandbox/cctp/config.ts';
import { SOLVER } from '../../../sandbox/chains/accounts.ts';
import { startWorld, type World } from '../../../sandbox/world.ts';
import type { BridgeAdapter, Proof, Quote } from '../../../src/bridge/bridge.ts';
import { createCctpV2 } from '../../../src/bridge/cctp-v2/adapter.ts';
import { settings } from '../../../src/bridge/cctp-v2/settings.ts';
import type { MinedCall, UnsignedCall } from '../../../src/leg/call.ts';
import type { BridgeEnd, Delivery, Evidence, HopOrder } from '../../../src/leg/order.ts';
import { type Amount, amount } from '../../../src/money/amount.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { noExchange } from '../uncounted.ts';

/** What is burned unless told otherwise, and what that costs when it goes fast. */
export const SEND = amount(100_000_000n);
export const FAST_FEE = 13_000n;
/** How long the attesters take. */
export const FAST_MS = 600;
export const STANDARD_MS = 2_000;
export const REATTEST_MS = 300;
const START_MS = 1_700_000_000_000;

export interface Sent {
	readonly order: HopOrder;
	readonly evidence: Evidence;
	readonly hash: Hash;
}

/** What a claim came to, and what the wallet has gained by it. */
interface Arrived {
	readonly state: string;
	readonly delivery: Delivery;
	readonly gained: bigint;
}

export interface Local {
	readonly world: World;
	readonly cctp: BridgeAdapter;
	/** Of the product and of the attesters; it stands still unless a test moves it. */
	clockMs: number;
	/** Of every chain. */
	finalityBlocks: number;
	/** For how long the budget was told to let nobody in. */
	pauses: number[];
	/** Back to the start: 10,000 USDC on chain 1, blocks final at once. */
	reset(): Promise<void>;
	end(venue: string): BridgeEnd;
	/** From chain 1 to chain 10. */
	quote(units?: Amount): Promise<Quote>;
	ordered(units?: Amount): Promise<HopOrder>;
	approve(order: HopOrder): Promise<void>;
	execute(call: Omit<UnsignedCall, 'value'>): Promise<MinedCall>;
	/** Burns, as ordered now unless told otherwise. */
	burned(order?: HopOrder): Promise<Sent>;
	isSeen(sent: Pick<Sent, 'hash'>): Promise<void>;
	prove(sent: Pick<Sent, 'order' | 'evidence'>): Promise<Proof>;
	/** The proof as soon as the attesters have signed. */
	proven(sent: Pick<Sent, 'order' | 'evidence'>): Promise<Evidence>;
	/** A burn, and its proof after the time that a fast one takes. */
	provenFast(): Promise<{ readonly sent: Sent; readonly proof: Evidence }>;
	/** Claims, if that is still to be done. */
	delivered(order: HopOrder, proof: Evidence): Promise<Arrived>;
}

export async function openLocal(): Promise<Local> {
	const world = await startWorld({ blockSeconds: 0, balances: {} });
	const chains = [...world.chains.values()];
	const clients = new Map(chains.map(({ id, url }) => [id, createPublicClient({ transport: http(url, { retryCount: 0 }), cacheTime: 0 })]));
	const cctp = createCctpV2(settings.parse(cctpSettings(world.cctp)), {
		client: (venue) => clients.get(venue) as PublicClient,
		fetch,
		nowMs: () => local.clockMs,
		finalityBlocks: () => local.finalityBlocks,
		exchange: noExchange,
		budget: () => ({ enter: async () => {}, pause: async (ms) => void local.pauses.push(ms) }),
	});
	const ends = () => ({ origin: local.end('1'), destination: local.end('10') });
	const local: Local = {
		world,
		cctp,
		clockMs: START_MS,
		finalityBlocks: 0,
		pauses: [],
		async reset() {
			await world.reset();
			Object.assign(local, { clockMs: START_MS, finalityBlocks: 0, pauses: [] });
			Object.assign(world.cctp.iris, { nowMs: () => local.clockMs, fastMs: FAST_MS, standardMs: STANDARD_MS, reattestMs: REATTEST_MS });
			await world.fund('1', '10000');
		},
		end(venue) {
			const { usdc, decimals, chainId } = world.chain(venue);
			return { venue, chainId, asset: 'USDC', token: usdc, decimals };
		},
		quote: (units = SEND) => cctp.quote({ ...ends(), send: units, recipient: SOLVER.address }),
		async ordered(units = SEND) {
			const { receive, seconds } = await local.quote(units);
			return { ...ends(), send: units, receive, seconds, sender: SOLVER.address, recipient: SOLVER.address };
		},
		async approve(order) {
			const spend = cctp.spend(order);
			if (spend === null) throw new Error('nothing to approve');
			const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spend.spender, spend.amount] });
			await local.execute({ chainId: order.origin.chainId, to: spend.token, data });
		},
		execute: ({ chainId, to, data }) => world.chain(`${chainId}`).client.execute({ from: SOLVER.address, to, data }),
		async burned(made) {
			const order = made ?? (await local.ordered());
			await local.approve(order);
			const mined = await local.execute(await cctp.send(order));
			return { order, evidence: stored(cctp.evidence(order, mined)), hash: mined.transactionHash };
		},
		isSeen: ({ hash }) => eventually('the attesters know the burn', async () => world.cctp.burnsOf(hash).length > 0),
		prove: ({ order, evidence }) => cctp.prove(order, evidence),
		async proven(sent) {
			let proof: Proof | undefined;
			await eventually('the burn is proven', async () => {
				proof = await local.prove(sent);
				return proof.state === 'proven';
			});
			if (proof?.state !== 'proven') throw new Error('not proven');
			return stored(proof.evidence);
		},
		async provenFast() {
			const sent = await local.burned();
			await local.isSeen(sent);
			local.clockMs += FAST_MS;
			return { sent, proof: await local.proven(sent) };
		},
		async delivered(order, proof) {
			const before = await world.balanceOf('10', SOLVER.address);
			const claim = await cctp.claim(order, proof);
			const claimed = claim.state === 'call' ? await local.execute(claim.call) : null;
			const delivery = await cctp.verify(order, proof, claimed);
			return { state: claim.state, delivery, gained: (await world.balanceOf('10', SOLVER.address)) - before };
		},
	};
	return local;
}

/** Between the steps it is stored as JSON. */
export const stored = (evidence: Evidence): Evidence => JSON.parse(JSON.stringify(evidence)) as Evidence;
