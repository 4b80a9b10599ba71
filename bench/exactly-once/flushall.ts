/**
 * How soon the queues are whole again after FLUSHALL under load: with legs that nobody has begun, legs between approval and record, legs that
 * wait for a proof that does not come, earmarks whose legs have ended and that wait for settlement, and a demand behind each of them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type postgres from 'postgres';
import { queueCatalog } from '../../queues/catalog.ts';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { invoiceEvaluation } from '../../queues/invoice-evaluation.ts';
import { type JobDefinition, requestJob } from '../../queues/job.ts';
import { connectQueues, openProducer, type Producer } from '../../queues/queue.ts';
import type { LegJobRef } from '../../src/steps/upkeep/reconcile.ts';
import { TRIGGERS } from '../../src/trigger/registry.ts';
import { openAcross } from '../../test/conformance/stands/across.ts';
import { openSwap } from '../../test/conformance/stands/swap.ts';
import { type Product, until } from '../../test/product.ts';
import { isLegJobLive } from '../../workers/live-jobs.ts';
import { type Ground, openProduct } from './ground.ts';
import { commitLeg, type Planned, planLeg } from './legs.ts';

interface Flushed {
	/** From the flush until every piece of work is in its queue again, or has come to its end without. */
	readonly ms: number;
	/** Pieces of work that are not in their queue within the bound, and legs that never end. */
	readonly lost: number;
	/** What there was at the flush, for people. */
	readonly work: string;
}

/** The last ones are committed right before the flush. */
const LEGS = { waiting: 16, ended: 8, late: 16 };
export const QUEUED_WITHIN_MS = 10_000;
const LOADED_WITHIN_MS = 60_000;
const ENDED_WITHIN_MS = 60_000;
const LOOK_MS = 25;

export async function timeFlushall(ground: Ground): Promise<Flushed> {
	const { relayer } = ground.world.across;
	const product = await openProduct(ground, { bridges: ['swap', 'across'], workers: 1 });
	const redis = new Redis(ground.redisUrl, { maxRetriesPerRequest: 1 });
	const connection = connectQueues(product.settings);
	const producer = openProducer(connection, queueCatalog(product.app.config, TRIGGERS));
	relayer.ignore = () => true;
	relayer.poller.resume();
	try {
		await load(ground, product);
		const work = await readWork(product.sql);
		const flushedMs = performance.now();
		await redis.flushall();
		const missing = await lookUntilQueued(producer, product.sql, work);
		const ms = Math.round(performance.now() - flushedMs);
		relayer.ignore = () => false;
		return { ms, lost: missing + (await neverEnded(product.sql)), work: work.told };
	} finally {
		relayer.ignore = () => false;
		await relayer.poller.pause();
		redis.disconnect();
		await producer.close();
		await connection.close();
		await product.stop();
	}
}

async function load({ world }: Ground, { app, sql }: Product): Promise<void> {
	const stands = { across: openAcross(world), swap: openSwap(world) };
	const plan = async (count: number, bridge: keyof typeof stands) => {
		const planned: Planned[] = [];
		for (let leg = 0; leg < count; leg += 1) planned.push(await planLeg(app, stands[bridge]));
		return planned;
	};
	const commit = async (planned: readonly Planned[]) => {
		for (const each of planned) await commitLeg(app, each);
	};
	await commit(await plan(LEGS.waiting, 'across'));
	await commit(await plan(LEGS.ended, 'swap'));
	const late = await plan(LEGS.late, 'swap');
	const count = async (status: string) => (await sql`select 1 from rebalance_operations where status = ${status}`).length;
	const isThere = async () => (await count('in_flight')) >= LEGS.waiting && (await count('delivered')) >= LEGS.ended;
	await until('legs wait for proofs, and others have ended', async () => ((await isThere()) ? true : null), LOADED_WITHIN_MS);
	await commit(late);
}

/** By their ids. */
interface Work {
	readonly legs: ReadonlySet<string>;
	/** Earmarks whose legs have ended. */
	readonly settlements: ReadonlySet<string>;
	readonly demands: ReadonlySet<string>;
	/** The last wake-up before the flush. */
	readonly wakeup: string;
	readonly told: string;
}

type Row = { readonly id: string };

async function readWork(sql: postgres.Sql): Promise<Work> {
	const ids = (rows: readonly Row[]) => new Set(rows.map(({ id }) => id));
	const legs = ids(await sql<Row[]>`select id from rebalance_operations where status in ('planned', 'sending', 'in_flight')`);
	const settlements = ids(
		await sql<Row[]>`
		select id from earmarks where status not in ('settled', 'cancelled') and not exists
			(select from rebalance_operations o where o.earmark_id = earmarks.id and o.status in ('planned', 'sending', 'in_flight'))`,
	);
	const demands = ids(await sql<Row[]>`select id from demands where status in ('open', 'earmarked')`);
	const [last] = await sql<Row[]>`select coalesce(max(id), 0)::text as id from outbox`;
	const states = await sql<{ status: string; count: number }[]>`
		select status, count(*)::int as count from rebalance_operations group by status order by status`;
	const told = states.map(({ status, count }) => `${count} ${status.replace('_', ' ')}`).join(', ');
	return { legs, settlements, demands, wakeup: last?.id ?? '0', told: `legs ${told}; ${demands.size} demands` };
}

/** Looks again and again at what is not in its queue yet. Returns how much that is when all is there, or the time is over. */
async function lookUntilQueued(producer: Producer, sql: postgres.Sql, { legs, settlements, demands, wakeup }: Work): Promise<number> {
	const left = new Set([...legs, ...settlements, ...demands]);
	const deadlineMs = performance.now() + QUEUED_WITHIN_MS;
	while (left.size > 0 && performance.now() < deadlineMs) {
		for (const id of await queuedLegs(
			producer,
			sql,
			[...left].filter((id) => legs.has(id)),
		))
			left.delete(id);
		for (const id of await queuedByWakeup(producer, sql, wakeup)) left.delete(id);
		await pause(LOOK_MS);
	}
	return left.size;
}

/** Those whose next step has a job, and those that have ended. */
async function queuedLegs(producer: Producer, sql: postgres.Sql, legIds: readonly string[]): Promise<readonly string[]> {
	const rows = await sql<LegJobRef[]>`
		select h.leg_id as "legId", 0 as hop, e.generation, h.bridge, h.origin, h.destination,
			case when h.status <> 'in_flight' then 'send' when h.proof is null then 'prove' else 'claim' end as step
		from hops h join rebalance_operations o on o.id = h.leg_id join earmarks e on e.id = o.earmark_id
		where o.status in ('planned', 'sending', 'in_flight')`;
	const open = new Map(rows.map((row) => [row.legId, row]));
	const queued = legIds.map(async (id) => {
		const leg = open.get(id);
		return leg === undefined || (await isLegJobLive(producer, leg)) ? [id] : [];
	});
	return (await Promise.all(queued)).flat();
}

type Wakeup = {
	readonly topic: string;
	readonly cause: string;
	readonly wakeup: string;
	readonly earmarkId: string;
	readonly demandId: string;
};

/** Earmarks and demands that were woken since, and whose job is there; nobody serves these queues here. */
async function queuedByWakeup(producer: Producer, sql: postgres.Sql, since: string): Promise<readonly string[]> {
	const rows = await sql<Wakeup[]>`
		select topic, id::text as wakeup, coalesce('r' || (payload->>'generation'), 'w' || id) as cause,
			payload->>'earmarkId' as "earmarkId", payload->>'demandId' as "demandId"
		from outbox where id > ${since} and topic in ('settle', 'evaluate')`;
	const has = <P extends Record<string, string>>(definition: JobDefinition<P>, payload: P) => {
		const { queue, id } = requestJob(definition, payload);
		return producer.isLive(queue, id);
	};
	const queued = rows.map(async ({ topic, cause, wakeup, earmarkId, demandId }) => {
		if (topic === 'settle') return (await has(earmarkSettlement, { earmarkId, cause })) ? [earmarkId] : [];
		return (await has(invoiceEvaluation, { demandId, wakeup })) ? [demandId] : [];
	});
	return (await Promise.all(queued)).flat();
}

/** Legs that are still under way long after proofs have come. */
async function neverEnded(sql: postgres.Sql): Promise<number> {
	const open = async () => (await sql`select 1 from rebalance_operations where status <> 'delivered'`).length;
	const deadlineMs = performance.now() + ENDED_WITHIN_MS;
	while (performance.now() < deadlineMs && (await open()) > 0) await pause(LOOK_MS);
	return open();
}
