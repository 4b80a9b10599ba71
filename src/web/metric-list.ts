/** Every metric there is, but for the duration of rebalancings: its name, its meaning and its samples. docs/metrics.md says when to worry. */
import { EARMARK_STATUSES } from '../earmark/state.ts';
import { FILL_STATUSES } from '../fills/fill.ts';
import { GATE_STATES } from '../health/gate.ts';
import { DEMAND_STATUSES } from '../invoice/demand-state.ts';
import { LEG_STATUSES } from '../leg/state.ts';
import type { StoreFigures } from '../store/metrics.ts';

export interface QueueFigures {
	readonly depths: readonly { readonly queue: string; readonly state: string; readonly jobs: number }[];
	/** Unix milliseconds, possibly in the future; null when nothing waits. */
	readonly oldest: readonly { readonly queue: string; readonly sinceMs: number | null }[];
	/** Unix milliseconds at which these were read. */
	readonly nowMs: number;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

export interface Metric {
	/** A name in `_total` only ever rises, because what it counts has ended for good. */
	readonly name: string;
	readonly help: string;
	readonly samples: readonly Sample[];
}

const OPEN_EFFECT_STATUSES = ['reserved', 'signed', 'tracking', 'requested'];
const OWED_STATUSES = ['pending', 'invoiced'];

export function metricList(store: StoreFigures, queues: QueueFigures): Metric[] {
	return [...success(store), ...progress(store), ...health(store), ...ofQueues(queues)];
}

/** How well on-demand rebalancing does. */
function success({ paidAtOnce, rebalanced, multiSettled, multiCancelled, demands }: StoreFigures): Metric[] {
	const settled = paidAtOnce + rebalanced;
	const gone = countOf(demands, 'gone');
	return [
		{
			name: 'ballast_invoices_settled_total',
			help: 'Invoices that we have paid: from what was there, or after rebalancing.',
			samples: [
				[{ way: 'paid_at_once' }, paidAtOnce],
				[{ way: 'rebalanced' }, rebalanced],
			],
		},
		{
			name: 'ballast_invoices_gone',
			help: 'Invoices that have ended without us; fewer when one is listed again.',
			samples: [[{}, gone]],
		},
		{
			name: 'ballast_invoice_fulfilment_ratio',
			help: 'Invoices that we have paid, of all that have ended; missing while none has.',
			samples: ratio(settled, settled + gone),
		},
		{
			name: 'ballast_multi_origin_earmarks_ended_total',
			help: 'Earmarks with two legs or more that have ended: paid, or given back.',
			samples: [
				[{ status: 'settled' }, multiSettled],
				[{ status: 'cancelled' }, multiCancelled],
			],
		},
		{
			name: 'ballast_multi_origin_success_ratio',
			help: 'Earmarks with two legs or more that were paid, of all of them that have ended; missing while none has.',
			samples: ratio(multiSettled, multiSettled + multiCancelled),
		},
	];
}

/** What is under way, and why it waits. */
function progress({ demands, earmarks, legs, overdueLegs, openEffects, receivables }: StoreFigures): Metric[] {
	return [
		{ name: 'ballast_demands', help: 'Invoices by status.', samples: byStatus(demands, DEMAND_STATUSES) },
		{
			name: 'ballast_demands_waiting',
			help: 'Invoices that have not ended, by the reason for which they wait.',
			samples: demands.flatMap(({ status, reason, count }) => (reason === null ? [] : [[{ status, reason }, count] as const])),
		},
		{ name: 'ballast_earmarks', help: 'Earmarks by status.', samples: byStatus(earmarks, EARMARK_STATUSES) },
		{ name: 'ballast_legs', help: 'Legs by status.', samples: byStatus(legs, LEG_STATUSES) },
		{ name: 'ballast_legs_overdue', help: 'Legs under way that take far longer than promised.', samples: [[{}, overdueLegs]] },
		{
			name: 'ballast_effects_open',
			help: 'Transactions with a nonce and without a verdict, by status.',
			samples: byStatus(openEffects, OPEN_EFFECT_STATUSES),
		},
		{
			name: 'ballast_effect_oldest_open_seconds',
			help: 'Seconds since the first signature of the oldest transaction without a verdict; 0 when there is none.',
			samples: agesOf(openEffects, OPEN_EFFECT_STATUSES),
		},
		{
			name: 'ballast_receivables',
			help: 'Our purchases by what the hub has made of them.',
			samples: byStatus(receivables, [...OWED_STATUSES, 'settled']),
		},
		{
			name: 'ballast_receivable_oldest_seconds',
			help: 'Seconds since the oldest purchase that the hub has not settled; 0 when there is none.',
			samples: agesOf(receivables, OWED_STATUSES),
		},
	];
}

/** Whether everything is fit to go on. */
function health(store: StoreFigures): Metric[] {
	const { lanes, routes, unsentWakeups, oldestUnsentSeconds, snapshots, stopped, webhookDeliveries } = store;
	return [
		...ofMarkets(store),
		{ name: 'ballast_stopped', help: '1 while the stop switch is on.', samples: [[{}, Number(stopped)]] },
		{
			name: 'ballast_lane_frozen',
			help: '1 while nothing is signed on this lane until a person has looked.',
			samples: lanes.map(({ venue, signer, frozen }) => [{ venue, signer }, Number(frozen)] as const),
		},
		{
			name: 'ballast_route_breaker_open',
			help: '1 while nothing is planned over this route; a route of which nothing was ever counted is missing.',
			samples: routes.map(({ route, use }) => [{ route }, Number(use === 'off')] as const),
		},
		{
			name: 'ballast_snapshot_age_seconds',
			help: 'Seconds since the balance was last read; a position that was never read is missing.',
			samples: snapshots.map(({ venue, asset, ageSeconds }) => [{ venue, asset }, ageSeconds] as const),
		},
		{ name: 'ballast_outbox_unsent', help: 'Wake-ups that are not jobs yet.', samples: [[{}, unsentWakeups]] },
		{
			name: 'ballast_outbox_oldest_unsent_seconds',
			help: 'Seconds since the oldest wake-up that is not a job yet; 0 when there is none.',
			samples: [[{}, oldestUnsentSeconds]],
		},
		{
			name: 'ballast_webhook_deliveries_recent',
			help: 'Webhook deliveries taken within the last ten minutes, without replays.',
			samples: [[{}, webhookDeliveries]],
		},
	];
}

function ofMarkets({ markets, fills }: StoreFigures): Metric[] {
	return [
		{
			name: 'ballast_market_state',
			help: 'How far a market can be relied on: 0 normal, 1 degraded, 2 halted; a market that nobody has looked at is missing.',
			samples: markets.map(({ market, state }) => [{ market }, GATE_STATES.indexOf(state)] as const),
		},
		{
			name: 'ballast_market_age_seconds',
			help: 'Seconds since the state of the market was last kept.',
			samples: markets.map(({ market, ageSeconds }) => [{ market }, ageSeconds] as const),
		},
		{ name: 'ballast_fills', help: 'Fills of the last day, by status.', samples: byStatus(fills, FILL_STATUSES) },
	];
}

function ofQueues({ depths, oldest, nowMs }: QueueFigures): Metric[] {
	return [
		{
			name: 'ballast_queue_jobs',
			help: 'Jobs by queue and state; completed and failed ones are those that are kept.',
			samples: depths.map(({ queue, state, jobs }) => [{ queue, state }, jobs] as const),
		},
		{
			name: 'ballast_queue_oldest_waiting_seconds',
			help: 'Seconds since the first job in line could have run; 0 when none could.',
			samples: oldest.map(({ queue, sinceMs }) => [{ queue }, sinceMs === null ? 0 : Math.max(0, nowMs - sinceMs) / 1_000] as const),
		},
	];
}

/** Every status has a sample, so that a count can be seen to be nought. */
function byStatus(counts: readonly { readonly status: string; readonly count: number }[], statuses: readonly string[]): Sample[] {
	return statuses.map((status) => [{ status }, countOf(counts, status)]);
}

function countOf(counts: readonly { readonly status: string; readonly count: number }[], wanted: string): number {
	return counts.reduce((sum, { status, count }) => (status === wanted ? sum + count : sum), 0);
}

function agesOf(
	aged: readonly { readonly status: string; readonly oldestSeconds: number | null }[],
	statuses: readonly string[],
): Sample[] {
	return statuses.map((status) => [{ status }, aged.find((each) => each.status === status)?.oldestSeconds ?? 0]);
}

function ratio(part: number, whole: number): Sample[] {
	return whole === 0 ? [] : [[{}, part / whole]];
}
