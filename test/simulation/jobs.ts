/** The jobs that could run now: by the rows, because any job may run twice, late, and beside its own twin; or as the outbox woke them. */
import { sql } from 'drizzle-orm';
import type { App } from '../../src/app.ts';
import { executeOnDemandRebalancing, processInvoices } from '../../src/on-demand.ts';
import type { Outcome } from '../../src/outcome.ts';
import { claimHop } from '../../src/steps/claim-hop.ts';
import { evaluateInvoice } from '../../src/steps/evaluate.ts';
import { proveHop } from '../../src/steps/prove-hop.ts';
import { sendHop } from '../../src/steps/send-hop.ts';
import { settleEarmark } from '../../src/steps/settle.ts';
import { relayOutbox, type Wakeup } from '../../src/store/outbox.ts';
import type { Outside } from './outside.ts';

export interface Job {
	readonly words: string;
	readonly kind: JobRow['kind'] | 'plan' | 'poll';
	/** Of the demand, leg or earmark; empty for jobs that are about all. */
	readonly id: string;
	readonly earmarkId: string | null;
	run(): Promise<Outcome>;
}

interface JobRow extends Record<string, unknown> {
	/** `early`: the sending of a hop whose turn has not come. */
	readonly kind: 'evaluate' | 'send' | 'early' | 'prove' | 'claim' | 'settle';
	readonly id: string;
	readonly earmark_id: string | null;
	readonly invoice: string;
	/** Which earmark of the invoice, and which leg of that, counted from 1. */
	readonly earmark: number;
	readonly leg: number;
	readonly hop: number;
}

/** In an order that does not hang on ids, so that the same commands pick the same jobs. */
const DUE = sql`
	with e as (select e.*, d.external_id, row_number() over (partition by e.demand_id order by e.created_at) as number
			from earmarks e join demands d on d.id = e.demand_id),
		o as (select o.*, e.external_id, e.number as earmark, row_number() over (partition by o.earmark_id order by o.created_at, o.route) as number
			from rebalance_operations o join e on e.id = o.earmark_id)
	select 'evaluate' as kind, id, null as earmark_id, external_id as invoice, 0 as earmark, 0 as leg, 0 as hop
		from demands where status in ('open', 'earmarked')
	union all
	select case when h.index > min(h.index) over (partition by o.id) then 'early' when h.status <> 'in_flight' then 'send'
			when h.proof is null then 'prove' else 'claim' end, o.id, earmark_id, external_id, earmark::int, number::int, h.index
		from o join hops h on h.leg_id = o.id where h.status in ('planned', 'sending', 'in_flight')
	union all
	select 'settle', id, id, external_id, number::int, 0, 0 from e where status not in ('settled', 'cancelled') or exists (
		select 1 from effects f where f.kind in ('approve', 'reset') and f.status in ('intended', 'reserved', 'signed', 'tracking')
			and (f.owner_id = e.id or f.owner_id in (select id from o where o.earmark_id = e.id)))
	order by invoice, earmark, leg, hop, kind`;

/** Every job that the rows call for, planning last. */
export async function dueJobs(app: App, outside: Outside): Promise<Job[]> {
	const rows = await app.db.execute<JobRow>(DUE);
	const named = rows.map((row) => jobOf(app, { ...row, invoice: outside.invoices.find(({ id }) => id === row.invoice)?.name ?? '?' }));
	const plan: Job = { words: 'plan', kind: 'plan', id: '', earmarkId: null, run: () => executeOnDemandRebalancing(app) };
	return [...named, plan];
}

export function polling(app: App): Job {
	return { words: 'poll', kind: 'poll', id: '', earmarkId: null, run: () => processInvoices(app) };
}

function jobOf(app: App, { kind, id, earmark_id: earmarkId, invoice, earmark, leg, hop }: JobRow): Job {
	const part = `${hop === 0 ? '' : `hop ${hop + 1} of `}${leg === 0 ? '' : `leg ${leg} of `}`;
	const where = kind === 'evaluate' ? `invoice ${invoice}` : `${part}earmark ${earmark} for ${invoice}`;
	const send = () => sendHop(app, { legId: id, hop });
	const runs = {
		evaluate: () => evaluateInvoice(app, id),
		send,
		early: send,
		prove: () => proveHop(app, { legId: id, hop }),
		claim: () => claimHop(app, { legId: id, hop }),
		settle: () => settleEarmark(app, id),
	};
	return { words: `${kind === 'early' ? 'send' : kind} ${where}`, kind, id, earmarkId, run: runs[kind] };
}

/** What was written to the outbox since the last look, as the relay turns it into jobs: one planning, flows with the steps that remain. */
export async function wokenJobs(app: App, outside: Outside): Promise<Job[]> {
	const woken: Wakeup[] = [];
	await relayOutbox(app.db, 1_000, async (rows) => {
		woken.push(...rows.map((row) => row.wakeup));
	});
	return (await dueJobs(app, outside)).filter((job) => woken.some((wakeup) => isWoken(job, wakeup)));
}

function isWoken(job: Job, wakeup: Wakeup): boolean {
	switch (wakeup.topic) {
		case 'evaluate':
			return job.kind === 'evaluate' && job.id === wakeup.demandId;
		case 'plan':
			return job.kind === 'plan';
		case 'flow':
			return job.earmarkId === wakeup.earmarkId && job.kind !== 'early';
		case 'settle':
			return job.kind === 'settle' && job.earmarkId === wakeup.earmarkId;
		case 'invoice':
			return false;
	}
}
