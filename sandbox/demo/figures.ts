/** The demo's figures. Counts come from Postgres by plain SQL, as an outsider would ask; money is judged from the chains. */
import type postgres from 'postgres';
import type { OracleVerdict } from '../oracle/chains.ts';

export interface Progress {
	readonly seen: number;
	readonly paidAtOnce: number;
	readonly rebalanced: number;
	readonly unpayable: number;
	readonly fromSeveralOrigins: number;
	readonly legs: { readonly planned: number; readonly delivered: number; readonly returned: number };
	/** Everything that can end has ended, the hub's settlements included. */
	readonly finished: boolean;
	/** What has not ended, for a person. */
	readonly unfinished: string;
	readonly waiting: readonly { readonly invoice: string; readonly reason: string; readonly detail: string }[];
	/** Unix milliseconds of the first broadcast, by invoice. */
	readonly firstBroadcasts: ReadonlyMap<string, number>;
}

export interface Figures {
	readonly ok: boolean;
	readonly invoices: { readonly seen: number; readonly paidAtOnce: number; readonly rebalanced: number; readonly unpayable: number };
	readonly legs: { readonly planned: number; readonly delivered: number };
	readonly duplicateEffects: number;
	readonly conserved: boolean;
	readonly firstBroadcastMs: { readonly p50: number; readonly p95: number };
	readonly seconds: number;
	readonly queueBackend: 'redis' | 'postgres';
}

const MOST_SECONDS = 60;
const MOST_P50_MS = 2_000;

/** Reasons that only the planner gives: the demand was looked at with everything known, and refused. */
const REFUSED = ['NO_ROUTE', 'TIME_BUDGET', 'UNPROFITABLE', 'RESERVE', 'ABOVE_MAXIMUM', 'BELOW_MINIMUM', 'SLIPPAGE', 'INSUFFICIENT_FUNDS'];

export async function readProgress(sql: postgres.Sql): Promise<Progress> {
	const demands = await sql<
		{ invoice: string; status: string; reason: string | null; detail: string | null; legs: number; first_ms: string | null }[]
	>`
		select d.external_id as invoice, d.status, d.reason, d.reason_detail as detail,
			(select count(*)::int from rebalance_operations o join earmarks e on e.id = o.earmark_id where e.demand_id = d.id and e.status = 'settled') as legs,
			(select extract(epoch from min(a.broadcast_at)) * 1000 from attempts a join effects f on f.id = a.effect_id
				left join rebalance_operations o on f.owner_kind = 'leg' and o.id = f.owner_id
				join earmarks e on e.id = coalesce(o.earmark_id, f.owner_id) where e.demand_id = d.id) as first_ms
		from demands d order by d.enqueued_at, d.external_id`;
	// A refusal is final only when it was given well after the last funds came free.
	const [late] = await sql<{ stale: number }[]>`
		select count(*)::int as stale from demands where status = 'open' and evaluated_at < interval '1.5 seconds' + greatest(
			(select max(updated_at) from earmarks), (select max(updated_at) from receivables))`;
	const [legs] = await sql<{ planned: number; delivered: number; returned: number }[]>`
		select count(*)::int as planned, count(*) filter (where status = 'delivered')::int as delivered,
			count(*) filter (where status = 'returned')::int as returned from rebalance_operations`;
	const [open] = await sql<{ earmarks: number; receivables: number }[]>`
		select (select count(*) from earmarks where status not in ('settled', 'cancelled'))::int as earmarks,
			(select count(*) from receivables where status <> 'settled')::int as receivables`;
	const settled = demands.filter((each) => each.status === 'settled');
	const refused = demands.filter((each) => each.status === 'open' && REFUSED.includes(each.reason ?? ''));
	return {
		seen: demands.length,
		paidAtOnce: settled.filter((each) => each.legs === 0).length,
		rebalanced: settled.filter((each) => each.legs > 0).length,
		unpayable: refused.length,
		fromSeveralOrigins: settled.filter((each) => each.legs > 1).length,
		legs: legs ?? { planned: 0, delivered: 0, returned: 0 },
		finished: settled.length + refused.length === demands.length && open?.earmarks === 0 && open.receivables === 0 && late?.stale === 0,
		unfinished: `${open?.earmarks} earmarks, ${open?.receivables} receivables`,
		waiting: demands
			.filter((each) => each.status === 'open')
			.map(({ invoice, reason, detail }) => ({ invoice, reason: reason ?? '', detail: detail ?? '' })),
		firstBroadcasts: new Map(demands.flatMap((each) => (each.first_ms === null ? [] : [[each.invoice, Number(each.first_ms)] as const]))),
	};
}

export function figuresOf(
	progress: Progress,
	{
		verdict,
		shownAt,
		seconds,
		queueBackend,
	}: { verdict: OracleVerdict; shownAt: ReadonlyMap<string, number>; seconds: number; queueBackend: Figures['queueBackend'] },
): Figures {
	const { seen, paidAtOnce, rebalanced, unpayable, legs, firstBroadcasts } = progress;
	const waits = [...firstBroadcasts]
		.flatMap(([invoice, ms]) => (shownAt.has(invoice) ? [ms - (shownAt.get(invoice) ?? 0)] : []))
		.sort((a, b) => a - b);
	const isWhole = progress.finished && seen === shownAt.size && legs.planned === legs.delivered + legs.returned;
	const isRich = seen >= 6 && rebalanced >= 4 && progress.fromSeveralOrigins >= 2 && unpayable === 1;
	const ok = isWhole && isRich && verdict.conserved && verdict.duplicateEffects === 0;
	return {
		ok,
		invoices: { seen, paidAtOnce, rebalanced, unpayable },
		legs: { planned: legs.planned, delivered: legs.delivered },
		duplicateEffects: verdict.duplicateEffects,
		conserved: verdict.conserved,
		firstBroadcastMs: { p50: percentile(waits, 50), p95: percentile(waits, 95) },
		seconds,
		queueBackend,
	};
}

function percentile(sorted: readonly number[], percent: number): number {
	return Math.round(sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0);
}

/** The time goals are about the machine as much as about the product, so they decide the exit code and not `ok`. */
export function missedGoals({ seconds, firstBroadcastMs }: Figures): string[] {
	return [
		...(seconds < MOST_SECONDS ? [] : [`it took ${seconds} s; the goal is less than ${MOST_SECONDS}`]),
		...(firstBroadcastMs.p50 < MOST_P50_MS
			? []
			: [`the median first broadcast came after ${firstBroadcastMs.p50} ms; the goal is less than ${MOST_P50_MS}`]),
	];
}
