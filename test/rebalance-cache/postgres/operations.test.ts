import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBooks } from '../../../sandbox/oracle/books.ts';
import { InvariantError } from '../../../src/errors.ts';
import { openStore, type Store } from '../../../src/store/db.ts';
import { makeAllDue, takeDue } from '../../../src/store/due.ts';
import { readLeg } from '../../../src/store/legs.ts';
import { readFigures } from '../../../src/store/metrics.ts';
import { readStatus } from '../../../src/store/status.ts';
import { earmarked } from '../../store/fixture.ts';
import { change, openStand, rowsWith, type Stand } from './stand.ts';

let stand: Stand;
let store: Store;
let operation: string;
beforeAll(async () => {
	stand = await openStand();
	store = openStore({ databaseUrl: stand.databaseUrl, pool: 4 });
	await earmarked(store.db);
	await stand.side.add(rowsWith(5), change());
	const [row] = await stand.sql<{ id: string }[]>`select id from rebalance_operations where earmark_id is null limit 1`;
	operation = row?.id ?? '';
	// As if somebody had made it due, and noticed that it is late.
	await stand.sql`update rebalance_operations set next_action_at = now() - interval '1 day', overdue_at = now() where id = ${operation}`;
});
afterAll(async () => {
	await store.close();
	await stand.close();
});

describe('an operation without an earmark', () => {
	it('is never due, and is not made due with the others', async () => {
		await stand.sql`update rebalance_operations set next_action_at = now() - interval '1 day' where earmark_id is not null`;
		const due = await takeDue(store.db, 'legs', { limit: 100, againAfterMs: 60_000 });
		expect(due).toHaveLength(2);
		expect(due.every(({ earmarkId }) => earmarkId !== null)).toBe(true);
		expect(await makeAllDue(store.db, 'legs', 1)).toBe(2);
		expect(await stand.sql`select 1 from rebalance_operations where earmark_id is null and next_action_at = 'infinity'`).toHaveLength(4);
	});

	it('is no leg, to nobody who counts legs', async () => {
		await expect(readLeg(store.db, operation)).rejects.toBeInstanceOf(InvariantError);
		expect((await readStatus(store.db)).overdue).toEqual([]);
		const { legs, overdueLegs } = await readFigures(store.db, { recentSeconds: 60, deliveriesSeconds: 60, statementMs: 5_000 });
		expect(legs).toMatchObject([{ status: 'planned', count: 2 }]);
		expect(overdueLegs).toBe(0);
	});

	it('is in no log, and the books are right without one', async () => {
		expect(await stand.sql`select 1 from earmark_audit_log where entity_id = ${operation}`).toEqual([]);
		// Nothing holds the funds of the earmark here, which is all that an auditor may say.
		expect((await checkBooks(stand.sql)).filter((problem) => problem.includes('rebalance_operations'))).toEqual([]);
	});

	it('is the only one that may lack a route and amounts, and stays what it is', async () => {
		const lacking = sql`insert into rebalance_operations (earmark_id, asset, origin, destination) select id, 'USDC', '1', '10' from earmarks limit 1`;
		const set = sql`select set_config('ballast.actor', 'test', true), set_config('ballast.reason', 'test', true)`;
		const refused = store.db.transaction(async (tx) => {
			await tx.execute(set);
			await tx.execute(lacking);
		});
		await expect(refused).rejects.toMatchObject({ cause: { constraint_name: 'rebalance_operations_earmarked' } });
		await expect(stand.sql`update rebalance_operations set earmark_id = null where earmark_id is not null`).rejects.toThrow(
			/never changed/,
		);
		await expect(
			stand.sql`update rebalance_operations set earmark_id = (select id from earmarks limit 1) where earmark_id is null`,
		).rejects.toThrow(/never changed/);
	});
});
