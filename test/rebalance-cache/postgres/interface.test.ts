import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, it } from 'vitest';
import { createPlainCache } from '../../../src/rebalance-cache/plain.ts';
import { describeRebalanceCache, type Open } from '../interface.ts';
import { runSameOperations } from '../same-operations.ts';
import { openStand, type Stand } from './stand.ts';

let stand: Stand;
beforeAll(async () => {
	stand = await openStand();
});
afterAll(() => stand.close());

const open: Open = async () => {
	const namespace = `n${randomBytes(6).toString('hex')}`;
	const caches = [true, false].map(() => createPlainCache(stand.another(namespace), { follows: null, marks: 'never', refusesNul: true }));
	const [cache, other] = caches;
	if (cache === undefined || other === undefined) throw new Error('two caches expected');
	return {
		cache,
		another: async () => other,
		async close() {
			for (const each of caches) await each.disconnect();
		},
	};
};

// PostgreSQL is handed arrays, whatever their length; in Redis it is arguments.
describeRebalanceCache('the cache in PostgreSQL', open, { manyRows: 40_000 });

it('gives the same answers as a model of it, whatever is asked', () => runSameOperations(open, { runs: 60 }), 120_000);

it('gives the same answers when its connections are cut between the calls', async () => {
	const cut = async () => {
		await stand.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ballast-cache' and datname = current_database()`;
	};
	await runSameOperations(open, { runs: 15, length: 20, before: (index) => (index % 3 === 2 ? cut() : undefined) });
}, 120_000);
