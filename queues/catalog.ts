/** Every queue there is, for this configuration: what workers serve and the board shows. */
import { bridgeQueue } from './bridge-execution.ts';

export type Stage =
	| 'invoice-poll'
	| 'invoice-evaluation'
	| 'rebalance-planning'
	| 'bridge-execution'
	| 'attestation-polling'
	| 'earmark-settlement'
	| 'lane-sweep';

export interface QueueEntry {
	readonly name: string;
	readonly stage: Stage;
	/** Jobs of this queue that one process runs at a time. */
	readonly concurrency: number;
}

export function queueCatalog(routes: readonly { bridge: string; origin: string; destination: string }[]): QueueEntry[] {
	const routeQueues = [...new Set(routes.map((route) => bridgeQueue(route)))].sort();
	return [
		{ name: 'invoice-poll', stage: 'invoice-poll', concurrency: 1 },
		{ name: 'invoice-evaluation', stage: 'invoice-evaluation', concurrency: 8 },
		{ name: 'rebalance-planning', stage: 'rebalance-planning', concurrency: 1 },
		...routeQueues.map((name) => ({ name, stage: 'bridge-execution', concurrency: 4 }) as const),
		{ name: 'attestation-polling', stage: 'attestation-polling', concurrency: 8 },
		{ name: 'earmark-settlement', stage: 'earmark-settlement', concurrency: 8 },
		{ name: 'lane-sweep', stage: 'lane-sweep', concurrency: 1 },
	];
}
