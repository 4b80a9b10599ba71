/** Faults of requests: what nodes and APIs make of what they are asked. */
import { type Hex, keccak256 } from 'viem';
import type { LocalChain } from '../../../sandbox/chains/chain.ts';
import type { RpcFaultRule, RpcProxy } from '../../../sandbox/chains/rpc-proxy.ts';
import type { ApiFault, ApiFaultRule } from '../../../sandbox/http/api-server.ts';
import { firstOf, times, when } from '../../../sandbox/http/misbehave.ts';
import { at, type Dice, one } from './dice.ts';
import type { Game } from './faults.ts';

export const SENDS = 'eth_sendRawTransaction';
const BLOCK_MS = 500;
const API_REQUESTS = 4;

/** The chain that a fault is about. */
export function chainOf({ world }: Pick<Game, 'world'>, dice: Dice): LocalChain {
	return one([...world.chains.values()], at(dice, 0));
}

/** The rule goes before those that are there, and is asked afresh for each endpoint. */
export function toAll({ proxies }: LocalChain, rule: () => RpcFaultRule): void {
	for (const proxy of proxies) addRule(proxy, rule());
}

export function toOne({ proxies }: LocalChain, dice: Dice, rule: RpcFaultRule): void {
	addRule(one(proxies, at(dice, 1)), rule);
}

/** The first requests of a method, or of any. */
export function first(count: number, wanted: string | null, fate: ReturnType<RpcFaultRule>): RpcFaultRule {
	let left = count;
	return (method) => {
		if (left === 0 || (wanted !== null && method !== wanted)) return 'pass';
		left -= 1;
		return fate;
	};
}

/** As a node answers that stands still from now on. */
export function lagMore(): RpcFaultRule {
	const sinceMs = Date.now();
	return () => ({ lagBlocks: Math.floor((Date.now() - sinceMs) / BLOCK_MS) });
}

/** Every node takes what it is sent, and nobody hears of it. */
export function loseReplies({ world }: Game): void {
	for (const chain of world.chains.values()) toAll(chain, () => (method) => (method === SENDS ? 'reply-lost' : 'pass'));
}

/** The nodes say that they have taken it, and lose it: those of every chain, or only where invoices are paid. */
export function dropPools({ world, paysAt }: Game): void {
	const chains = paysAt === null ? [...world.chains.values()] : [world.chain(paysAt)];
	const drop =
		(): RpcFaultRule =>
		(method, [raw]) =>
			method === SENDS ? { result: keccak256(raw as Hex) } : 'pass';
	for (const chain of chains) toAll(chain, drop);
}

export function disturb({ world }: Game, dice: Dice, fault: ApiFault): void {
	const api: { fault: ApiFaultRule } = one([world.everclear, world.across, world.cctp], at(dice, 0));
	const methods = at(dice, 1) % 2 === 0 ? ['GET'] : ['GET', 'POST'];
	api.fault = firstOf(...methods.map((each) => times(API_REQUESTS, when(each, /./, fault))), api.fault);
}

function addRule(proxy: RpcProxy, rule: RpcFaultRule): void {
	const before = proxy.fault;
	proxy.fault = (method, params) => {
		const fate = rule(method, params);
		return fate === 'pass' ? before(method, params) : fate;
	};
}
