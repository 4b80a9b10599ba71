/** A small plan file to be spoilt, one value at a time, and the verb run on it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ballast, type Result } from './shell.ts';

/** Two direct routes, one over both, and one swap; a payable demand and one that needs funds. */
export function snapshot() {
	return {
		assets: { USDC: { '1': 6, '10': 6, '56': 18 }, USDT: { '1': 6 } },
		inventory: [
			{ venue: '1', asset: 'USDC', confirmed: '500', reserve: '10', held: '0', inbound: '0' },
			{ venue: '10', asset: 'USDC', confirmed: '20', reserve: '0', held: '0' },
		],
		routes: [
			route('across-1-10', '1', '10'),
			route('across-10-56', '10', '56'),
			{ id: 'over-10', origin: '1', destination: '56', asset: 'USDC', bridge: 'several', via: ['across-1-10', 'across-10-56'] },
			{ ...route('swap-1', '1', '1'), toAsset: 'USDT' },
		],
		demands: [
			{ id: 'inv-1', asset: 'USDC', enqueuedAt: 1_700_000_000, destinations: [{ venue: '10', amount: '100' }], maxCost: '2.5' },
			{
				id: 'inv-2',
				asset: 'USDC',
				enqueuedAt: 1_700_000_001,
				destinations: [
					{ venue: '10', amount: '20' },
					{ venue: '56', amount: '20' },
				],
			},
		],
		objective: { goal: 'age', fastWindowSeconds: 300, budgetMs: 500 },
	};
}

export function route(id: string, origin: string, destination: string) {
	return {
		...{ id, origin, destination, asset: 'USDC', bridge: 'across', minimum: '1', maximum: '100000', step: '0.000001' },
		...{ fixedFee: '0.5', feeBps: '4', gasCost: '0.2', seconds: 60, toleranceBps: '10000' },
	};
}

/** The text of the snapshot with one value put (or with `undefined` taken away) at a path such as `routes[3].minimum`. */
export function spoilt(path: string, value: unknown): string {
	const document: unknown = snapshot();
	const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
	const last = keys.pop() ?? '';
	const holder = keys.reduce((each, key) => (each as Record<string, unknown>)[key], document) as Record<string, unknown>;
	holder[last] = value;
	return JSON.stringify(document);
}

/** Runs the verb in this process on these bytes. */
export async function planned(bytes: string | Uint8Array, ...options: readonly string[]): Promise<Result> {
	const folder = mkdtempSync(join(tmpdir(), 'ballast-plan-'));
	try {
		const file = join(folder, 'snapshot.json');
		writeFileSync(file, bytes);
		return await ballast({}, 'plan', '--file', file, ...options);
	} finally {
		rmSync(folder, { recursive: true });
	}
}
