/** What bridges promised and what came: per route, of the hops that have ended. */
import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** Decimals of every place, so that what left and what arrived can be compared. */
type Places = readonly { readonly venue: string; readonly asset: string; readonly decimals: number }[];

/** A pair of places over a bridge. Times are seconds from when it may have left; costs are basis points of what was sent, without gas. */
export interface RouteReport {
	readonly bridge: string;
	readonly origin: string;
	readonly destination: string;
	readonly asset: string;
	readonly toAsset: string;
	readonly delivered: number;
	/** Came back, or never left. */
	readonly returned: number;
	readonly failed: number;
	readonly underWay: number;
	/** Of those delivered; null when there are none. */
	readonly seconds: { readonly p50: number; readonly p95: number; readonly promised: number; readonly late: number } | null;
	readonly costBps: { readonly promised: string; readonly real: string } | null;
	/** What our transactions have cost, as the mean of the hops for which it is known, rounded up: wei at the origin, and at the destination. */
	readonly gasWei: { readonly origin: bigint | null; readonly destination: bigint | null };
}

interface Row extends Record<string, unknown> {
	readonly bridge: string;
	readonly origin: string;
	readonly destination: string;
	readonly asset: string;
	readonly to_asset: string;
	readonly delivered: number;
	readonly returned: number;
	readonly failed: number;
	readonly under_way: number;
	readonly p50: number | null;
	readonly p95: number | null;
	readonly promised_seconds: number | null;
	readonly late: number;
	readonly promised_bps: string | null;
	readonly real_bps: string | null;
	readonly origin_wei: string | null;
	readonly destination_wei: string | null;
}

/** Hops that began within so many milliseconds, by bridge and places. Those at places that are not among `places` have no costs. */
export async function readRouteReports(db: Db, { sinceMs, places }: { sinceMs: number; places: Places }): Promise<RouteReport[]> {
	const known = sql.join(
		places.map(({ venue, asset, decimals }) => sql`(${venue}, ${asset}, ${decimals}::int)`),
		sql`, `,
	);
	const rows = await db.execute<Row>(sql`
		with places (venue, asset, decimals) as (values ${known}),
		ended as (
			select h.*, extract(epoch from h.updated_at - h.sent_at)::float8 as took,
				h.send / power(10::numeric, o.decimals) as sent_tokens, h.receive / power(10::numeric, d.decimals) as promised_tokens,
				h.delivered / power(10::numeric, d.decimals) as delivered_tokens
			from hops h
			left join places o on o.venue = h.origin and o.asset = h.asset
			left join places d on d.venue = h.destination and d.asset = h.to_asset
			where h.created_at > now() - ${sinceMs} * interval '1 millisecond'
		),
		gas as (
			select owner_id as leg_id, hop, sum(fee_paid) filter (where kind <> 'claim') as origin_wei, sum(fee_paid) filter (where kind = 'claim') as destination_wei
			from effects where owner_kind = 'leg' and fee_paid is not null group by owner_id, hop
		)
		select bridge, origin, destination, asset, to_asset,
			count(*) filter (where status = 'delivered')::int as delivered,
			count(*) filter (where status = 'returned')::int as returned,
			count(*) filter (where status = 'failed')::int as failed,
			count(*) filter (where status in ('sending', 'in_flight'))::int as under_way,
			round((percentile_cont(0.5) within group (order by took) filter (where status = 'delivered'))::numeric, 1)::float8 as p50,
			round((percentile_cont(0.95) within group (order by took) filter (where status = 'delivered'))::numeric, 1)::float8 as p95,
			percentile_disc(0.5) within group (order by seconds) filter (where status = 'delivered') as promised_seconds,
			count(*) filter (where status = 'delivered' and took > seconds)::int as late,
			round(10000 * (1 - sum(promised_tokens) filter (where status = 'delivered')
				/ nullif(sum(sent_tokens) filter (where status = 'delivered'), 0)), 2)::text as promised_bps,
			round(10000 * (1 - sum(delivered_tokens) filter (where status = 'delivered')
				/ nullif(sum(sent_tokens) filter (where status = 'delivered'), 0)), 2)::text as real_bps,
			ceil(avg(origin_wei))::text as origin_wei, ceil(avg(destination_wei))::text as destination_wei
		from ended left join gas on gas.leg_id = ended.leg_id and gas.hop = ended.index group by bridge, origin, destination, asset, to_asset order by bridge, origin, destination, asset, to_asset`);
	return rows.map(toReport);
}

function toReport(row: Row): RouteReport {
	const { bridge, origin, destination, asset, delivered, returned, failed, p50, p95, late } = row;
	const isTimed = p50 !== null && p95 !== null && row.promised_seconds !== null;
	return {
		...{ bridge, origin, destination, asset, toAsset: row.to_asset },
		...{ delivered, returned, failed, underWay: row.under_way },
		seconds: isTimed ? { p50, p95, promised: row.promised_seconds, late } : null,
		costBps: row.promised_bps === null || row.real_bps === null ? null : { promised: row.promised_bps, real: row.real_bps },
		gasWei: { origin: weiOf(row.origin_wei), destination: weiOf(row.destination_wei) },
	};
}

function weiOf(text: string | null): bigint | null {
	return text === null ? null : BigInt(text);
}
