/** Figures → Prometheus text. */
import { Counter, Gauge, Registry, Summary } from 'prom-client';
import type { StoreFigures } from '../store/metrics.ts';
import { type Metric, metricList, type QueueFigures } from './metric-list.ts';

const DURATION = 'ballast_rebalancing_duration_seconds';

/** The text of one scrape, and what kind of text it is. */
export async function expose(store: StoreFigures, queues: QueueFigures): Promise<{ text: string; contentType: string }> {
	// One registry per scrape: what is not there any more leaves no sample behind.
	const registry = new Registry();
	for (const metric of metricList(store, queues)) register(registry, metric);
	new StoredSummary(registry, store);
	return { text: await registry.metrics(), contentType: registry.contentType };
}

/** A metric without samples is left out: without labels prom-client would show it as 0. */
function register(registry: Registry, { name, help, samples }: Metric): void {
	if (samples.length === 0) return;
	const labelNames = [...new Set(samples.flatMap(([labels]) => Object.keys(labels)))];
	const settings = { name, help, labelNames, registers: [registry] };
	if (name.endsWith('_total')) {
		const counter = new Counter(settings);
		for (const [labels, value] of samples) counter.inc(labels, value);
	} else {
		const gauge = new Gauge(settings);
		for (const [labels, value] of samples) gauge.set(labels, value);
	}
}

/** Quantiles over the window, sum and count over everything: prom-client's own summary would have to see each observation itself. */
class StoredSummary extends Summary {
	readonly #store: StoreFigures;

	constructor(registry: Registry, store: StoreFigures) {
		super({
			name: DURATION,
			help: 'From the earmark to the arrival of its last leg, of completed rebalancings; quantiles over the last 24 hours.',
			registers: [registry],
		});
		this.#store = store;
	}

	override async get() {
		const { medianSeconds, p95Seconds, completed, completedSeconds } = this.#store;
		const quantiles = [
			{ labels: { quantile: 0.5 }, value: medianSeconds },
			{ labels: { quantile: 0.95 }, value: p95Seconds },
		].flatMap(({ labels, value }) => (value === null ? [] : [{ labels, value }]));
		const totals = [
			{ metricName: `${DURATION}_sum`, labels: {}, value: completedSeconds },
			{ metricName: `${DURATION}_count`, labels: {}, value: completed },
		];
		return { ...(await super.get()), values: [...quantiles, ...totals] };
	}
}
