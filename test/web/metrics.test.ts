import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/store/db.ts';
import { wake } from '../../src/store/outbox.ts';
import { writeStop } from '../../src/store/stops.ts';
import { CAUSE, earmarked, openDemand, randomHash, SIGNER } from '../store/fixture.ts';
import { openSite, type Site, scrape } from './serve.ts';

let site: Site;
beforeEach(async () => {
	site = await openSite();
});
afterEach(() => site.stop());

const run = (query: ReturnType<typeof sql>) => inTransaction(site.store.db, CAUSE, (tx) => tx.execute(query));

type LegEnd = readonly [status: string, secondsAfterEarmark: number];

/** An earmark that was made so long ago and has ended so; its legs have ended so many seconds after it was made. */
async function ended(status: 'settled' | 'cancelled', legs: readonly LegEnd[], ago = '1 hour'): Promise<void> {
	const { earmarkId, demandId } = await earmarked(site.store.db, legs.length);
	await run(sql`update earmarks set status = ${status}, created_at = now() - ${ago}::interval where id = ${earmarkId}`);
	await run(sql`update demands set status = ${status === 'settled' ? 'settled' : 'open'} where id = ${demandId}`);
	const rows = await site.store.db.execute<{ id: string }>(sql`select id from rebalance_operations where earmark_id = ${earmarkId}`);
	for (const [index, [legStatus, seconds]] of legs.entries())
		await run(sql`update rebalance_operations o set status = ${legStatus}, updated_at = e.created_at + ${seconds} * interval '1 second'
			from earmarks e where e.id = o.earmark_id and o.id = ${rows[index]?.id ?? ''}`);
}

describe('/metrics', () => {
	it('is Prometheus text without a login, every metric with a meaning and a unit in its name', async () => {
		const { type, text } = await site.get('/metrics');
		expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
		const named = (kind: string) => [...text.matchAll(new RegExp(`^# ${kind} (\\S+) .+$`, 'gm'))].map((match) => match[1] ?? '');
		expect(named('TYPE')).toEqual(named('HELP'));
		expect(named('HELP').filter((name) => !/^ballast_[a-z_]+$/.test(name))).toEqual([]);
		expect([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map((match) => match[1])).toEqual(
			named('TYPE').filter((name) => name.endsWith('_total')),
		);
	});

	it('shows counts of nought before anything has happened, and no rate of nothing', async () => {
		const samples = await scrape(site);
		expect(samples.get('ballast_demands{status="open"}')).toBe(0);
		expect(samples.get('ballast_legs{status="in_flight"}')).toBe(0);
		expect(samples.get('ballast_stopped')).toBe(0);
		expect(samples.get('ballast_rebalancing_duration_seconds_count')).toBe(0);
		expect([...samples.keys()].filter((name) => name.includes('_ratio') || name.includes('quantile'))).toEqual([]);
	});

	it('says how many invoices were fulfilled, and in which way', async () => {
		for (let count = 0; count < 3; count += 1) await ended('settled', []);
		for (let count = 0; count < 2; count += 1) await ended('settled', [['delivered', 5]]);
		const { demandId } = await openDemand(site.store.db);
		await run(sql`update demands set status = 'gone', reason = 'GONE' where id = ${demandId}`);
		await openDemand(site.store.db);
		const samples = await scrape(site);
		expect(samples.get('ballast_invoices_settled_total{way="paid_at_once"}')).toBe(3);
		expect(samples.get('ballast_invoices_settled_total{way="rebalanced"}')).toBe(2);
		expect(samples.get('ballast_invoices_gone')).toBe(1);
		expect(samples.has('ballast_demands_waiting{status="gone",reason="GONE"}')).toBe(false);
		expect(samples.get('ballast_invoice_fulfilment_ratio')).toBeCloseTo(5 / 6);
	});

	it('says how long completed rebalancings took: quantiles of a day, totals of all', async () => {
		for (const seconds of [10, 20, 30, 40])
			await ended('settled', [
				['delivered', 5],
				['delivered', seconds],
				['failed', 3_000],
			]);
		await ended('cancelled', [['delivered', 25]]);
		await ended('settled', [['delivered', 1_000]], '25 hours');
		// None of these has completed a rebalancing.
		await ended('cancelled', [
			['delivered', 7_000],
			['returned', 9_000],
		]);
		await ended('settled', [['cancelled', 8_000]]);
		await earmarked(site.store.db);
		const samples = await scrape(site);
		expect(samples.get('ballast_rebalancing_duration_seconds_count')).toBe(6);
		expect(samples.get('ballast_rebalancing_duration_seconds_sum')).toBeCloseTo(1_125);
		expect(samples.get('ballast_rebalancing_duration_seconds{quantile="0.5"}')).toBeCloseTo(25);
		expect(samples.get('ballast_rebalancing_duration_seconds{quantile="0.95"}')).toBeCloseTo(38);
	});

	it('says how often rebalancing over several legs succeeds', async () => {
		for (let count = 0; count < 3; count += 1)
			await ended('settled', [
				['delivered', 5],
				['delivered', 6],
			]);
		await ended('cancelled', [
			['delivered', 5],
			['returned', 6],
		]);
		await ended('cancelled', [['returned', 6]]);
		await earmarked(site.store.db);
		const samples = await scrape(site);
		expect(samples.get('ballast_multi_origin_earmarks_ended_total{status="settled"}')).toBe(3);
		expect(samples.get('ballast_multi_origin_earmarks_ended_total{status="cancelled"}')).toBe(1);
		expect(samples.get('ballast_multi_origin_success_ratio')).toBe(0.75);
	});

	it('says what is under way and why it waits', async () => {
		const { earmarkId } = await earmarked(site.store.db);
		await openDemand(site.store.db);
		const { demandId } = await openDemand(site.store.db);
		await run(sql`update demands set reason = 'UNPROFITABLE' where id = ${demandId}`);
		await run(sql`update rebalance_operations set status = 'in_flight', overdue_at = now() where earmark_id = ${earmarkId}
			and id = (select min(id::text)::uuid from rebalance_operations where earmark_id = ${earmarkId})`);
		const samples = await scrape(site);
		expect(samples.get('ballast_demands{status="open"}')).toBe(2);
		expect(samples.get('ballast_demands{status="earmarked"}')).toBe(1);
		expect(samples.get('ballast_demands_waiting{status="open",reason="NEEDS_FUNDS"}')).toBe(1);
		expect(samples.get('ballast_demands_waiting{status="open",reason="UNPROFITABLE"}')).toBe(1);
		expect(samples.get('ballast_earmarks{status="planned"}')).toBe(1);
		expect(samples.get('ballast_legs{status="planned"}')).toBe(1);
		expect(samples.get('ballast_legs{status="in_flight"}')).toBe(1);
		expect(samples.get('ballast_legs_overdue')).toBe(1);
		await run(sql`update rebalance_operations set status = 'delivered' where overdue_at is not null`);
		expect((await scrape(site)).get('ballast_legs_overdue')).toBe(0);
	});

	it('says how old the oldest transaction without a verdict is, by its first signature', async () => {
		const { earmarkId } = await earmarked(site.store.db);
		await run(sql`update effects set status = 'tracking', nonce = x.n, target = 'a', calldata = 'b', gas = 1, payload_hash = 'c'
			from (select f.id, row_number() over () as n from effects f join rebalance_operations o on o.id = f.owner_id
				where o.earmark_id = ${earmarkId} and f.kind = 'send') x where effects.id = x.id`);
		for (const minutes of [5, 10])
			await run(sql`insert into attempts (hash, effect_id, raw, payload_hash, gas, max_fee_per_gas, max_priority_fee_per_gas, created_at)
				select ${randomHash()}, id, 'd', 'c', 1, 1, 1, now() - ${minutes} * interval '1 minute' from effects where status = 'tracking' limit 1`);
		const samples = await scrape(site);
		expect(samples.get('ballast_effects_open{status="tracking"}')).toBe(2);
		expect(samples.get('ballast_effects_open{status="signed"}')).toBe(0);
		expect(samples.get('ballast_effect_oldest_open_seconds{status="tracking"}')).toBeCloseTo(600, -1);
		expect(samples.get('ballast_effect_oldest_open_seconds{status="signed"}')).toBe(0);
	});

	it('says what the hub owes us, without amounts', async () => {
		const receivable = async (status: string, ago: string) => {
			const { earmarkId } = await earmarked(site.store.db, 0);
			await run(sql`insert into receivables (earmark_id, intent_id, asset, origin, amount, amount_hub, status, hub_status, created_at)
				values (${earmarkId}, ${randomHash()}, 'USDC', '10', 100, 100, ${status}, 'ADDED', now() - ${ago}::interval)`);
		};
		for (const [status, ago] of [
			['pending', '1 minute'],
			['pending', '1 hour'],
			['invoiced', '1 day'],
			['settled', '9 days'],
		] as const)
			await receivable(status, ago);
		const samples = await scrape(site);
		expect(samples.get('ballast_receivables{status="pending"}')).toBe(2);
		expect(samples.get('ballast_receivables{status="settled"}')).toBe(1);
		expect(samples.get('ballast_receivable_oldest_seconds{status="pending"}')).toBeCloseTo(3_600, -1);
		expect(samples.get('ballast_receivable_oldest_seconds{status="invoiced"}')).toBeCloseTo(86_400, -1);
		expect(samples.has('ballast_receivable_oldest_seconds{status="settled"}')).toBe(false);
	});

	it('says whether everything is fit to go on', async () => {
		await inTransaction(site.store.db, CAUSE, (tx) => wake(tx, { topic: 'plan' }, { topic: 'settle', earmarkId: randomUUID() }));
		await run(sql`update outbox set created_at = now() - interval '90 seconds'`);
		await run(
			sql`insert into signer_lanes (venue, signer, next, frozen_reason) values ('1', ${SIGNER}, 4, 'foreign nonce'), ('10', ${SIGNER}, 0, null)`,
		);
		await run(sql`insert into balance_snapshots (venue, asset, amount, block_number, block_hash, taken_at)
			values ('1', 'USDC', 5, 1, '0x', now() - interval '45 seconds')`);
		await run(sql`insert into webhook_deliveries (signature, received_at) values ('a', now()), ('b', now() - interval '11 minutes')`);
		await writeStop(site.store.db, { stopped: true, actor: 'test', reason: 'a test' });
		const samples = await scrape(site);
		expect(samples.get('ballast_outbox_unsent')).toBe(2);
		expect(samples.get('ballast_outbox_oldest_unsent_seconds')).toBeCloseTo(90, -1);
		expect(samples.get(`ballast_lane_frozen{venue="1",signer="${SIGNER}"}`)).toBe(1);
		expect(samples.get(`ballast_lane_frozen{venue="10",signer="${SIGNER}"}`)).toBe(0);
		expect(samples.get('ballast_snapshot_age_seconds{venue="1",asset="USDC"}')).toBeCloseTo(45, -1);
		expect(samples.get('ballast_webhook_deliveries_recent')).toBe(1);
		expect(samples.get('ballast_stopped')).toBe(1);
	});

	it('says how far markets can be relied on, and what has become of fills', async () => {
		await run(sql`insert into market_health (market, state, reason, since, gate, updated_at) values
			('btc', 'halted', 'r', now(), '{}', now() - interval '20 seconds'), ('*', 'degraded', 'r', now(), '{}', now())`);
		await run(sql`insert into pending_fills (id, trade, order_id, bucket, venue, asset, side, amount, status, channel, number, traded_at, first_seen_at)
			values ('f', 't', 'o', 0, '1', 'YES', 'buy', 5, 'late', 'mined', 1, now(), now())`);
		const samples = await scrape(site);
		expect(['btc', '*'].map((market) => samples.get(`ballast_market_state{market="${market}"}`))).toEqual([2, 1]);
		expect(samples.get('ballast_market_age_seconds{market="btc"}')).toBeCloseTo(20, -1);
		expect(['late', 'pending'].map((status) => samples.get(`ballast_fills{status="${status}"}`))).toEqual([1, 0]);
	});

	it('says which routes nothing is planned over', async () => {
		const shut = sql`'open', 'failed', 'leg'`;
		await run(sql`insert into route_breakers (route, state, reason, actor, retry_at) values
			('shut', ${shut}, now() + interval '1 minute'), ('due', ${shut}, now() - interval '1 minute')`);
		await run(sql`insert into route_breakers (route, word) values ('off', 'off'), ('on', 'on')`);
		const samples = await scrape(site);
		const said = ['shut', 'due', 'off', 'on'].map((route) => samples.get(`ballast_route_breaker_open{route="${route}"}`));
		expect(said).toEqual([1, 0, 1, 0]);
	});

	it('is described in docs/metrics.md, all of it, and nothing else is', async () => {
		await ended('settled', [
			['delivered', 5],
			['delivered', 6],
		]);
		await openDemand(site.store.db);
		await run(sql`insert into signer_lanes (venue, signer, next) values ('1', ${SIGNER}, 0)`);
		await run(sql`insert into route_breakers (route) values ('across-1-10-USDC')`);
		await run(
			sql`insert into balance_snapshots (venue, asset, amount, block_number, block_hash, taken_at) values ('1', 'USDC', 5, 1, '0x', now())`,
		);
		await run(sql`insert into market_health (market, state, reason, since, gate) values ('*', 'normal', 'r', now(), '{}')`);
		const { text } = await site.get('/metrics');
		const described = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(ballast_[a-z_]+)/gm)].map((match) => match[1]);
		expect(described.sort()).toEqual([...text.matchAll(/^# HELP (\S+)/gm)].map((match) => match[1]).sort());
	});

	it('loses nothing with a restart: another web process says the same', async () => {
		await ended('settled', [
			['delivered', 5],
			['delivered', 60],
		]);
		const other = await openSite({ databaseUrl: site.databaseUrl });
		const steady = async (from: Site) => [...(await scrape(from))].filter(([name]) => !name.includes('_age_') && !name.includes('oldest'));
		expect(await steady(other)).toEqual(await steady(site));
		await other.stop();
	});
});
