import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { setEarmarkStatus } from '../../src/store/earmarks.ts';
import { moveHold, readHolds } from '../../src/store/holds.ts';
import { readLegsOf, setHopStatus, setLegStatus } from '../../src/store/legs.ts';
import { CAUSE, earmarked, testStore } from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

const TABLES = ['earmarks', 'rebalance_operations', 'hops', 'holds'];

/** A short life: started, one leg delivered, one failed, cancelled. */
async function live(): Promise<string> {
	const { earmarkId } = await earmarked(store.db);
	const [first, second] = await readLegsOf(store.db, earmarkId);
	if (first === undefined || second === undefined) throw new Error('two legs expected');
	await inTransaction(store.db, CAUSE, async (tx) => {
		await setEarmarkStatus(tx, { id: earmarkId, to: 'moving' });
		await setLegStatus(tx, { id: first.id, to: 'sending' });
		await setLegStatus(tx, { id: second.id, to: 'cancelled', reason: 'REFUSED' });
	});
	await inTransaction(store.db, { actor: 'bridge', reason: 'sent' }, async (tx) => {
		for (const hop of first.hops) await setHopStatus(tx, { id: hop.id, to: 'sending' });
		for (const hop of first.hops) await setHopStatus(tx, { id: hop.id, to: 'in_flight', evidence: { depositId: '7' } });
		const [hold] = (await readHolds(tx, earmarkId)).filter((each) => each.state === 'inbound');
		if (hold !== undefined) await moveHold(tx, { id: hold.id, to: 'confirmed', amount: amount(39n) });
	});
	return earmarkId;
}

describe('the audit log', () => {
	it('replayed from zero gives the state of earmarks, legs, hops and holds', async () => {
		const earmarkId = await live();
		const log = await store.db.execute<{ entity: string; entity_id: string; after: unknown }>(
			sql`select entity, entity_id, after from earmark_audit_log where earmark_id = ${earmarkId} order by seq`,
		);
		const replayed = new Map(log.map((entry) => [`${entry.entity} ${entry.entity_id}`, entry.after]));
		let compared = 0;
		for (const table of TABLES) {
			const rows = await store.db.execute<{ id: string; state: unknown }>(sql`
				select t.id, to_jsonb(t) - array['next_action_at', 'generation', 'version', 'created_at', 'updated_at'] as state
				from ${sql.identifier(table)} t`);
			for (const row of rows.filter((each) => replayed.has(`${table} ${each.id}`))) {
				expect(replayed.get(`${table} ${row.id}`), `${table} ${row.id}`).toEqual(row.state);
				compared += 1;
			}
		}
		expect(compared).toBe(1 + 2 + 2 + 5);
	});

	it('names actor and reason, before and after of every change, and nothing for bookkeeping', async () => {
		const earmarkId = await live();
		const entries = await store.db.execute(sql`
			select actor, reason, before->>'status' as before, after->>'status' as after from earmark_audit_log
			where earmark_id = ${earmarkId} and entity = 'hops' order by seq`);
		expect(entries.map((entry) => `${entry.actor} ${entry.before} ${entry.after}`)).toEqual([
			'test null planned',
			'test null planned',
			'bridge planned sending',
			'bridge sending in_flight',
		]);
		const before = await store.db.execute(sql`select count(*)::int as n from earmark_audit_log where earmark_id = ${earmarkId}`);
		await inTransaction(store.db, CAUSE, (tx) =>
			tx.execute(sql`update earmarks set next_action_at = now(), generation = 9 where id = ${earmarkId}`),
		);
		expect(await store.db.execute(sql`select count(*)::int as n from earmark_audit_log where earmark_id = ${earmarkId}`)).toEqual(before);
	});

	it('is one hash chain per earmark, also when many write at once', async () => {
		const { earmarkId } = await earmarked(store.db);
		const holds = await readHolds(store.db, earmarkId);
		await Promise.all(
			holds.flatMap((hold) =>
				[1n, 2n, 3n].map((more) =>
					inTransaction(store.db, CAUSE, (tx) => moveHold(tx, { id: hold.id, to: hold.state, amount: amount(hold.amount + more) })),
				),
			),
		);
		const log = await store.db.execute<Record<string, string>>(sql`
			select seq, previous_hash, hash, concat_ws('|', previous_hash, earmark_id, seq, entity, entity_id, actor, reason,
				coalesce(before::text, ''), after::text) as entry
			from earmark_audit_log where earmark_id = ${earmarkId} order by seq`);
		expect(log.length).toBeGreaterThanOrEqual(10 + 15);
		log.forEach((entry, index) => {
			expect(entry.previous_hash).toBe(log[index - 1]?.hash ?? '');
			expect(entry.hash).toBe(
				createHash('sha256')
					.update(entry.entry ?? '')
					.digest('hex'),
			);
		});
	});

	it('refuses UPDATE, DELETE and TRUNCATE', async () => {
		await live();
		for (const statement of [
			'update earmark_audit_log set actor = $$me$$',
			'delete from earmark_audit_log',
			'truncate earmark_audit_log',
		]) {
			await expect(store.db.execute(sql.raw(statement))).rejects.toMatchObject({
				cause: { message: expect.stringContaining('is refused') },
			});
		}
		for (const table of ['earmarks', 'effects', 'attempts', 'stops']) {
			await store.db.execute(sql`insert into stops (scope, stopped, actor, reason) values ('test', true, 'a', 'b')`);
			if (table === 'attempts') continue;
			await expect(store.db.execute(sql.raw(`delete from ${table}`))).rejects.toMatchObject({
				cause: { message: expect.stringContaining('is refused') },
			});
		}
	});
});
