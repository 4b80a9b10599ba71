/** The endpoints of the chains, in a process of their own, and the handle to what happens on the chains. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ServedChain, StubOptions } from './rpc-stub.ts';
import type { Move, Position } from './stub-chain.ts';

export type FarChain = Pick<ServedChain, 'chainId' | 'url' | 'tokens' | 'holders'>;

/** What one endpoint was asked, by method: each element of a batch is one. */
export type Counts = ReadonlyMap<string, number>;

/** What the process does when it is told; everything comes and goes as structured clones. */
export interface Far {
	start(options: StubOptions): Promise<readonly FarChain[]>;
	/** An empty block on every chain. */
	mine(given: null): Promise<void>;
	/** Mines a block with it. Returns when, in Unix milliseconds. */
	transfer(given: { readonly chainId: number; readonly move: Move }): Promise<number>;
	/** Of each chain since the last time. */
	takeCounts(given: null): Promise<ReadonlyMap<number, Counts>>;
	/** Base units after the block. */
	balances(given: {
		readonly chainId: number;
		readonly block: number;
		readonly positions: readonly Position[];
	}): Promise<readonly bigint[]>;
}

export interface FarOrder {
	readonly id: number;
	readonly name: keyof Far;
	readonly given: unknown;
}

export type FarAnswer = { readonly id: number } & ({ readonly result: unknown } | { readonly problem: string });

export interface Endpoints extends Pick<Far, 'transfer' | 'balances'> {
	readonly chains: readonly FarChain[];
	mine(): ReturnType<Far['mine']>;
	takeCounts(): ReturnType<Far['takeCounts']>;
	stop(): Promise<void>;
}

/** Ends with this process, however that ends. */
export async function startEndpoints(options: StubOptions): Promise<Endpoints> {
	const child = fork(new URL('./endpoints.ts', import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
	const ask = asker(child);
	const stop = async () => {
		if (child.exitCode !== null || child.signalCode !== null) return;
		const ended = once(child, 'exit');
		child.kill();
		await ended;
	};
	try {
		const chains = await ask('start', options);
		return {
			chains,
			mine: () => ask('mine', null),
			transfer: (given) => ask('transfer', given),
			takeCounts: () => ask('takeCounts', null),
			balances: (given) => ask('balances', given),
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

interface Waiting {
	resolve(result: never): void;
	reject(error: Error): void;
}

function asker(child: ChildProcess) {
	const waiting = new Map<number, Waiting>();
	let asked = 0;
	child.on('message', (answer: FarAnswer) => {
		const { resolve, reject } = waiting.get(answer.id) ?? {};
		waiting.delete(answer.id);
		if ('problem' in answer) reject?.(new Error(answer.problem));
		else resolve?.(answer.result as never);
	});
	child.on('exit', () => {
		for (const { reject } of waiting.values()) reject(new Error('the process of the endpoints has ended'));
		waiting.clear();
	});
	return <Name extends keyof Far>(name: Name, given: Parameters<Far[Name]>[0]): ReturnType<Far[Name]> =>
		new Promise((resolve, reject) => {
			asked += 1;
			waiting.set(asked, { resolve, reject });
			const order: FarOrder = { id: asked, name, given };
			child.send(order, (error) => (error === null ? undefined : reject(error)));
		}) as ReturnType<Far[Name]>;
}
