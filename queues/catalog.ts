/** Every queue there is, for this configuration: what workers serve and the board shows. */
import { bridgeQueue } from './bridge-execution.ts';

type Stage =
	| 'trigger'
	| 'invoice-evaluation'
	| 'rebalance-planning'
	| 'bridge-execution'
	| 'attestation-polling'
	| 'earmark-settlement'
	| 'inventory-sync'
	| 'lane-sweep';

export interface QueueEntry {
	readonly name: string;
	readonly stage: Stage;
	/** Jobs of this queue that one process runs at a time. */
	readonly concurrency: number;
	/** Milliseconds from job to job of a queue whose jobs are `recurring`. */
	readonly everyMs?: number;
}

interface Routed {
	readonly routes: readonly { readonly bridge: string; readonly origin: string; readonly destination: string }[];
	readonly inventory: { readonly pollMs: number };
}

/** Later than whoever an effect belongs to looks at it, sooner than a person would ask. */
const SWEEP_EVERY_MS = 15_000;

/** One queue per trigger and per configured route, whatever their assets, and one for everything else there is to do. */
export function queueCatalog<Config extends Routed>(
	config: Config,
	triggers: readonly { readonly name: string; everyMs(config: Config): number }[],
): QueueEntry[] {
	const routeQueues = [...new Set(config.routes.map((route) => bridgeQueue(route)))].sort();
	return [
		...triggers.map(({ name, everyMs }) => ({ name, stage: 'trigger', concurrency: 1, everyMs: everyMs(config) }) as const),
		{ name: 'invoice-evaluation', stage: 'invoice-evaluation', concurrency: 8 },
		{ name: 'rebalance-planning', stage: 'rebalance-planning', concurrency: 1 },
		...routeQueues.map((name) => ({ name, stage: 'bridge-execution', concurrency: 4 }) as const),
		{ name: 'attestation-polling', stage: 'attestation-polling', concurrency: 8 },
		{ name: 'earmark-settlement', stage: 'earmark-settlement', concurrency: 8 },
		// One that waits for a silent chain holds up nobody: the next look leaves that chain to it.
		{ name: 'inventory-sync', stage: 'inventory-sync', concurrency: 4, everyMs: config.inventory.pollMs },
		{ name: 'lane-sweep', stage: 'lane-sweep', concurrency: 1, everyMs: SWEEP_EVERY_MS },
	];
}
