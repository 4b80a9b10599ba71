/**
 * Takes hops over one bridge by its adapter alone, on local chains: real calls, real contracts, real answers. Only waiting is not waited:
 * the clock that the adapter sees jumps to the next look, and the proof comes when that clock has passed the hop's delay.
 */
import { encodeFunctionData, erc20Abi } from 'viem';
import type { World } from '../../sandbox/world.ts';
import type { BridgeAdapter, Quote } from '../../src/bridge/bridge.ts';
import type { Exchanges } from '../../src/exchange/registry.ts';
import { requestKey } from '../../src/exchange/request-key.ts';
import type { MinedCall } from '../../src/leg/call.ts';
import type { BridgeEnd, Evidence, HopOrder } from '../../src/leg/order.ts';
import type { Amount } from '../../src/money/amount.ts';
import type { Stand } from '../../test/conformance/stand.ts';
import type { Watched } from './figures.ts';
import { requests } from './protocol.ts';

/** As the product lets a call be valid. */
const VALID_MS = 10_000;

export interface Bench {
	readonly world: World;
	readonly stand: Stand;
	readonly adapter: BridgeAdapter;
	readonly ends: { readonly origin: BridgeEnd; readonly destination: BridgeEnd };
	/** Base units at the origin. */
	readonly send: Amount;
	readonly exchange: Exchanges['named'];
	/** Of the quoted seconds those from asking a service until it has come; 0 where nobody is asked. What is claimed so is waited for twice. */
	readonly requestSeconds: number;
	/** What the adapter takes for the time; Unix milliseconds. */
	readonly clock: { nowMs: number };
}

/** Each time `share` is asked, so much of the quoted time passes before a proof is there; a proof that is a receipt is there at once. */
export async function watchHop(bench: Bench, share: () => number): Promise<Watched> {
	const { stand, adapter, clock } = bench;
	const order = await ordered(bench);
	stand.hold();
	const calls = counter(bench);
	const call = await calls.of(() => adapter.send(order));
	const mined = await sent(bench, { order, call });
	const evidence = adapter.evidence(order, mined);
	const isReceipt = order.origin.venue === order.destination.venue;
	const quotedMs = (order.seconds - bench.requestSeconds) * 1_000;
	const delayMs = isReceipt ? 0 : Math.round(quotedMs * share());
	const seen = await lookUntil(bench, delayMs, async () => {
		const proof = await calls.of(() => adapter.prove(order, evidence));
		if (proof.state === 'returned') throw new Error('a hop of the bench came back');
		return proof.state === 'proven' ? { found: proof.evidence } : proof;
	});
	const asked = await requested(bench, { order, proof: seen.found, calls, share });
	await claimed(bench, { order, proof: asked?.proof ?? seen.found, calls });
	clock.nowMs += 60_000;
	const waits = [{ delayMs, quotedMs, addedMs: seen.addedMs, looks: seen.looks }, ...(asked === null ? [] : [asked.wait])];
	return { waits, rpcCalls: calls.rpc, apiCalls: calls.api };
}

async function ordered({ world, adapter, ends, send }: Bench): Promise<HopOrder> {
	const quote: Quote = await adapter.quote({ ...ends, send, recipient: world.wallet });
	return { ...ends, send, receive: quote.receive, seconds: quote.seconds, sender: world.wallet, recipient: world.wallet };
}

type Sight<Found> = { readonly found: Found } | { readonly lookAgainMs: number };

/** Looks when the adapter wants to, until it is found; what is looked for comes about after so long. */
async function lookUntil<Found>({ stand, clock }: Bench, delayMs: number, look: () => Promise<Sight<Found>>) {
	const sentAtMs = clock.nowMs;
	let isThere = false;
	for (let looks = 1; ; looks += 1) {
		const waitedMs = clock.nowMs - sentAtMs;
		if (!isThere && waitedMs >= delayMs) {
			await stand.release();
			isThere = true;
		}
		const startedMs = performance.now();
		const sight = await look();
		const tookMs = performance.now() - startedMs;
		if ('found' in sight) return { looks, addedMs: waitedMs - delayMs + tookMs, found: sight.found };
		clock.nowMs += sight.lookAgainMs;
	}
}

interface Asking {
	readonly order: HopOrder;
	readonly proof: Evidence;
	readonly calls: Counter;
	readonly share: () => number;
}

/** As the product's steps ask: under a key, after a look that has found nothing. Null where nothing is asked for. */
async function requested(bench: Bench, { order, proof, calls, share }: Asking) {
	const { adapter, stand, clock, exchange, requestSeconds } = bench;
	const { requests } = adapter;
	if (requests === undefined) return null;
	stand.hold();
	const claim = await calls.of(() => adapter.claim(order, proof));
	if (claim.state !== 'request') throw new Error(`a deposit of the bench is ${claim.state}`);
	const key = requestKey(requests.subject(proof), 0);
	const request = { key, body: { ...claim.request }, untilMs: null };
	const before = await calls.of(() => requests.look(order, proof, request));
	if (before.state !== 'absent') throw new Error(`a withdrawal of the bench is ${before.state} before it is asked for`);
	const [atMs, untilMs] = [clock.nowMs, clock.nowMs + VALID_MS];
	await calls.of(() => exchange(claim.request.exchange).withdraw({ ...claim.request, key, atMs, untilMs }));
	const delayMs = Math.round(requestSeconds * 1_000 * share());
	const firstMs = requests.firstLookMs(order);
	let looked = 0;
	const seen = await lookUntil(bench, delayMs, async () => {
		looked += 1;
		// The product does not look at once, either.
		if (looked === 1) return { lookAgainMs: firstMs };
		const sight = await calls.of(() => requests.look(order, proof, { ...request, untilMs }));
		if (sight.state === 'done') return { found: { ...proof, ...sight.evidence } };
		if (sight.state !== 'pending') throw new Error(`a withdrawal of the bench is ${sight.state}`);
		return sight;
	});
	const wait = { delayMs, quotedMs: requestSeconds * 1_000, addedMs: seen.addedMs, looks: seen.looks - 1 };
	return { proof: seen.found, wait };
}

async function claimed(bench: Bench, { order, proof, calls }: { order: HopOrder; proof: Evidence; calls: Counter }): Promise<void> {
	const { adapter, world } = bench;
	let mined: MinedCall | null = null;
	if (adapter.claims && adapter.requests === undefined) {
		const claim = await calls.of(() => adapter.claim(order, proof));
		if (claim.state !== 'call') throw new Error(`a proof of the bench is ${claim.state}`);
		mined = await world.chain(order.destination.venue).client.execute({ from: world.wallet, to: claim.call.to, data: claim.call.data });
	}
	const delivery = await calls.of(() => adapter.verify(order, proof, mined));
	if (delivery.amount < order.receive) throw new Error(`${delivery.amount} arrived, and ${order.receive} was ordered`);
}

async function sent({ world, adapter }: Bench, { order, call }: { order: HopOrder; call: { to: `0x${string}`; data: `0x${string}` } }) {
	const { client } = world.chain(order.origin.venue);
	const spend = adapter.spend(order);
	if (spend !== null) {
		const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spend.spender, spend.amount] });
		await client.execute({ from: world.wallet, to: spend.token, data });
	}
	return client.execute({ from: world.wallet, to: call.to, data: call.data });
}

interface Counter {
	rpc: number;
	api: number;
	/** Does something, and counts what the chains and the bridge's API are asked meanwhile. */
	of<T>(work: () => Promise<T>): Promise<T>;
}

function counter({ world, stand }: Bench): Counter {
	const rpc = () => requests(world);
	const api = () => (stand.api === null ? 0 : [...stand.api.counts.values()].reduce((sum, each) => sum + each, 0));
	const counts: Counter = {
		rpc: 0,
		api: 0,
		async of(work) {
			const before = { rpc: rpc(), api: api() };
			const answer = await work();
			counts.rpc += rpc() - before.rpc;
			counts.api += api() - before.api;
			return answer;
		},
	};
	return counts;
}
