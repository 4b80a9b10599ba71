/** The durable path as it is in production, for one leg at a time: scheduler, workers, database and queues, heard by their own log. */
import type { Stand } from '../../test/conformance/stand.ts';
import type { Product } from '../../test/product.ts';
import { type Ground, openProduct, type Wanted } from './ground.ts';
import { commitLeg, type Planned, planLeg } from './legs.ts';

interface Durable {
	readonly product: Product;
	plan(stand: Stand): Promise<Planned>;
	/** Milliseconds from the beginning of the transaction that commits the leg until it is recorded as delivered. */
	time(planned: Planned): Promise<number>;
}

const WITHIN_MS = 30_000;

export async function openDurable(ground: Ground, wanted: Pick<Wanted, 'bridges' | 'through'>): Promise<Durable> {
	const deliveries = listen();
	const product = await openProduct(ground, { ...wanted, workers: 1, onLog: deliveries.hear });
	return {
		product,
		plan: (stand) => planLeg(product.app, stand),
		async time(planned) {
			const startedMs = performance.now();
			await deliveries.of(await commitLeg(product.app, planned));
			return performance.now() - startedMs;
		},
	};
}

/** The line comes right after the commit, and asking the database for it would cost what is measured. */
function listen() {
	const seen = new Set<string>();
	const waiting = new Map<string, () => void>();
	return {
		hear(line: string) {
			if (!line.includes('"hop delivered"')) return;
			const { leg } = JSON.parse(line) as { leg: string };
			seen.add(leg);
			waiting.get(leg)?.();
		},
		of: (leg: string) =>
			new Promise<void>((resolve, reject) => {
				const timer = setTimeout(() => reject(new Error(`leg ${leg} was not delivered within ${WITHIN_MS} ms`)), WITHIN_MS);
				const heard = () => {
					clearTimeout(timer);
					resolve();
				};
				waiting.set(leg, heard);
				if (seen.has(leg)) heard();
			}),
	};
}
