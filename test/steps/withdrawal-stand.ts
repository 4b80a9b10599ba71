/** A hop over the exchange that waits to be claimed, with every call for a withdrawal in the test's hands. */
import assert from 'node:assert/strict';
import type { Binance } from '../../sandbox/binance/binance.ts';
import type { World } from '../../sandbox/world.ts';
import type { BridgeAdapter, RequestSight } from '../../src/bridge/bridge.ts';
import { errorText, TransientError } from '../../src/errors.ts';
import { act } from '../conformance/hop.ts';
import type { Process } from '../conformance/process.ts';
import { openRoom, type Room } from '../conformance/room.ts';
import { openBinance } from '../conformance/stands/binance.ts';
import { testDatabase } from '../stack.ts';

/** What becomes of a call: `lost` is carried out and its answer does not come, `never` does not come to the exchange. */
export type Fate = 'taken' | 'lost' | 'never';

interface Call {
	readonly key: string;
	readonly amount: string;
	/** By the exchange's clock, as the call says it. */
	readonly atMs: number;
}

interface ClaimRow {
	readonly try: number;
	readonly status: string;
	readonly key: string | null;
	readonly amount: string | null;
	readonly untilMs: string | null;
	readonly reason: string | null;
}

export interface WithdrawalStand {
	readonly room: Room;
	readonly binance: Binance;
	/** Two processes. */
	readonly one: Process;
	readonly other: Process;
	/** All that were made, whatever has become of them. */
	readonly calls: readonly Call[];
	/** Asked for every call before it is sent on; the first is 1. */
	fate: (number: number) => Fate | Promise<Fate>;
	/** What happens between a look and what its process does about it. */
	afterLook: (sight: RequestSight) => Promise<void>;
	/** The tries of the claim, first to last. */
	claims(): Promise<ClaimRow[]>;
	/** Amounts that the exchange has paid, the fee included, in its own units. */
	paid(): bigint[];
	/** One step of each at the same time; whoever was slower may say so, and nothing else. */
	together(): Promise<void>;
	close(): Promise<void>;
}

const APPLY = /\/withdraw\/apply/;

/** `amount` in token units; the deposit is credited when it returns, and nothing was asked for. */
export async function openWithdrawal(world: World, amount = '100'): Promise<WithdrawalStand> {
	const { binance } = world;
	assert(binance !== null, 'the world has an exchange');
	const untouched = globalThis.fetch;
	const calls: Call[] = [];
	globalThis.fetch = async (input, init) => {
		const url = input instanceof Request ? input.url : String(input);
		if (!url.startsWith(binance.apiUrl) || !APPLY.test(url)) return untouched(input, init);
		calls.push(callOf(`${new URL(url).search.slice(1)}&${String(init?.body ?? '')}`));
		const fate = await stand.fate(calls.length);
		const answer = fate === 'never' ? null : await untouched(input, init);
		if (answer === null || fate === 'lost') throw new TypeError('fetch failed');
		return answer;
	};
	const adapt = (adapter: BridgeAdapter): BridgeAdapter => {
		const { requests } = adapter;
		assert(requests !== undefined, 'the bridge makes requests');
		const look: typeof requests.look = async (...asked) => {
			const sight = await requests.look(...asked);
			await stand.afterLook(sight);
			return sight;
		};
		return { ...adapter, requests: { ...requests, look } };
	};
	const room = await openRoom({ world, database: testDatabase }, openBinance, { adapt });
	const stand: WithdrawalStand = {
		...{ room, binance, calls, one: room.enter(), other: room.enter() },
		fate: () => 'taken',
		afterLook: async () => {},
		claims: () =>
			room.sql<ClaimRow[]>`
				select try, status, request_key as key, request->>'amount' as amount, request_until_ms as "untilMs", reason
				from effects where kind = 'claim' order by try`,
		paid: () =>
			binance
				.withdrawals()
				.filter(({ status }) => status === 6)
				.map((each) => each.amount),
		async together() {
			const { id } = await room.leg();
			await room.release();
			const results = await Promise.allSettled([stand.one, stand.other].map((process) => act(process, id)));
			for (const result of results)
				if (result.status === 'rejected') assert.ok(result.reason instanceof TransientError, errorText(result.reason));
			await room.pass(1_000);
		},
		async close() {
			await room.close();
			globalThis.fetch = untouched;
		},
	};
	await room.begin(amount);
	await room.goTo('claim', stand.one);
	return stand;
}

function callOf(form: string): Call {
	const parameters = new URLSearchParams(form);
	const of = (name: string) => parameters.get(name) ?? assert.fail(`a call without ${name}`);
	return { key: of('withdrawOrderId'), amount: of('amount'), atMs: Number(of('timestamp')) };
}
