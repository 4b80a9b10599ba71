/**
 * Takes hops over one bridge by its adapter alone, on local chains: real calls, real contracts, real answers. Only waiting is not waited:
 * the clock that the adapter sees jumps to the next look, and the proof comes when that clock has passed the hop's delay.
 */
import { encodeFunctionData, erc20Abi } from 'viem';
import type { World } from '../../sandbox/world.ts';
import type { BridgeAdapter, BridgeEnd, Evidence, HopOrder, MinedCall, Quote } from '../../src/bridge/bridge.ts';
import type { Amount } from '../../src/money/amount.ts';
import type { Stand } from '../../test/conformance/stand.ts';
import type { Watched } from './figures.ts';
import { requests } from './protocol.ts';

export interface Bench {
	readonly world: World;
	readonly stand: Stand;
	readonly adapter: BridgeAdapter;
	readonly ends: { readonly origin: BridgeEnd; readonly destination: BridgeEnd };
	/** Base units at the origin. */
	readonly send: Amount;
	/** What the adapter takes for the time; Unix milliseconds. */
	readonly clock: { nowMs: number };
}

/** `share` of the quoted time passes before the proof is there; a proof that is a receipt is there at once. */
export async function watchHop(bench: Bench, share: number): Promise<Watched> {
	const { stand, adapter, clock } = bench;
	const order = await ordered(bench);
	stand.hold();
	const calls = counter(bench);
	const call = await calls.of(() => adapter.send(order));
	const mined = await sent(bench, { order, call });
	const evidence = adapter.evidence(order, mined);
	const quotedMs = order.seconds * 1_000;
	const isReceipt = order.origin.venue === order.destination.venue;
	const delayMs = isReceipt ? 0 : Math.round(quotedMs * share);
	const seen = await lookUntilProven(bench, { order, evidence, delayMs, calls });
	await claimed(bench, { order, proof: seen.proof, calls });
	clock.nowMs += 60_000;
	return { delayMs, quotedMs, addedMs: seen.addedMs, looks: seen.looks, rpcCalls: calls.rpc, apiCalls: calls.api };
}

async function ordered({ world, adapter, ends, send }: Bench): Promise<HopOrder> {
	const quote: Quote = await adapter.quote({ ...ends, send, recipient: world.wallet });
	return { ...ends, send, receive: quote.receive, seconds: quote.seconds, sender: world.wallet, recipient: world.wallet };
}

interface Look {
	readonly order: HopOrder;
	readonly evidence: Evidence;
	readonly delayMs: number;
	readonly calls: Counter;
}

async function lookUntilProven({ adapter, stand, clock }: Bench, { order, evidence, delayMs, calls }: Look) {
	const sentAtMs = clock.nowMs;
	let isThere = false;
	for (let looks = 1; ; looks += 1) {
		const waitedMs = clock.nowMs - sentAtMs;
		if (!isThere && waitedMs >= delayMs) {
			await stand.release();
			isThere = true;
		}
		const startedMs = performance.now();
		const proof = await calls.of(() => adapter.prove(order, evidence));
		const tookMs = performance.now() - startedMs;
		if (proof.state === 'proven') return { looks, addedMs: waitedMs - delayMs + tookMs, proof: proof.evidence };
		if (proof.state === 'returned') throw new Error('a hop of the bench came back');
		clock.nowMs += proof.lookAgainMs;
	}
}

async function claimed(bench: Bench, { order, proof, calls }: { order: HopOrder; proof: Evidence; calls: Counter }): Promise<void> {
	const { adapter, world } = bench;
	let mined: MinedCall | null = null;
	if (adapter.claims) {
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
