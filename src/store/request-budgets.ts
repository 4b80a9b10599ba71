/** What all processes together may ask of a service that counts requests: one row per service, and one place in the queue per request. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { BusyError } from '../errors.ts';
import type { RequestBudget } from '../http.ts';
import type { Db } from './db.ts';

/** A request waits no longer than this for its turn; one that would have to is refused, and takes no turn. */
const PATIENCE_MS = 1_000;

/** Turns are as far apart as the rate demands, so that no second of any process's clock holds more of them. */
export function createRequestBudget(db: Db, service: string, perSecond: number): RequestBudget {
	const turnMs = 1_000 / perSecond;
	return {
		async enter(weight = 1) {
			const waitMs = await takeTurn(db, { service, turnMs: turnMs * weight });
			if (waitMs > PATIENCE_MS) throw new BusyError(`${service} takes no request for ${waitMs} ms`, waitMs, { service });
			if (waitMs > 0) await sleep(waitMs);
		},
		async pause(ms) {
			const until = sql`clock_timestamp() + ${ms} * interval '1 millisecond'`;
			await db.execute(sql`
				insert into request_budgets (service, next_at) values (${service}, ${until})
				on conflict (service) do update set next_at = greatest(request_budgets.next_at, excluded.next_at)`);
		},
	};
}

/** Milliseconds until the turn that was taken; more than our patience when none was. */
async function takeTurn(db: Db, { service, turnMs }: { service: string; turnMs: number }): Promise<number> {
	const turn = sql`${turnMs}::double precision * interval '1 millisecond'`;
	await db.execute(sql`insert into request_budgets (service, next_at) values (${service}, clock_timestamp()) on conflict do nothing`);
	const [row] = await db.execute<{ wait_ms: number }>(sql`
		with place as (
			select service, greatest(next_at, clock_timestamp()) as at, extract(epoch from next_at - clock_timestamp()) * 1000 as wait_ms
			from request_budgets where service = ${service} for update
		), taken as (
			update request_budgets b set next_at = place.at + ${turn} from place
			where b.service = place.service and place.wait_ms <= ${PATIENCE_MS}
		)
		select ceil(greatest(wait_ms, 0))::int as wait_ms from place`);
	return row?.wait_ms ?? 0;
}
