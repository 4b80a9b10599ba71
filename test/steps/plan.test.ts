import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { planOpenDemands } from '../../src/steps/plan/plan-demands.ts';
import { createEarmark } from '../../src/store/commitment.ts';
import { inTransaction, lockInventory, type Tx } from '../../src/store/db.ts';
import { readDemand, setDemandStatus } from '../../src/store/demands.ts';
import { activeEarmarkOf } from '../../src/store/earmarks.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { writeStop } from '../../src/store/stops.ts';
import { adjustEarmark } from '../../src/store/top-up.ts';
import { until } from '../product.ts';
import { CAUSE } from '../store/fixture.ts';
import { asks, asksNow, ONE, type PlanningStand, startPlanning } from './planning-stand.ts';

let stand: PlanningStand;
beforeEach(async () => {
	stand = await startPlanning();
});
afterEach(() => stand.stop());

const plan = () => planOpenDemands(stand.app);

/** Where the legs of a demand's earmark come from, as `origin asset`; null when it has no earmark. */
async function origins(demandId: string): Promise<string[] | null> {
	const earmark = await activeEarmarkOf(stand.store.db, demandId);
	if (earmark === null) return null;
	return (await readLegsOf(stand.store.db, earmark.id)).map(({ origin, asset }) => `${origin} ${asset}`).sort();
}

/** The next commit is preceded by this, once. */
function onceBeforeCommit(change: () => Promise<unknown>): void {
	stand.beforeCommit = async () => {
		stand.beforeCommit = async () => {};
		await change();
	};
}

describe('a planning run', () => {
	it('plans demands of all assets in one batch, and commits it as a whole', async () => {
		await stand.has('1', 205n);
		await stand.has('56', 150n, 'USDT');
		const demands = [
			await asks(stand, { at: [['10', 100n]] }),
			await asks(stand, { asset: 'USDT', at: [['10', 60n]] }),
			await asks(stand, { at: [['10', 80n]] }),
			await asks(stand, { asset: 'USDT', at: [['56', 20n]] }),
		];
		expect(await plan()).toMatchObject({ kind: 'done', note: '3 planned' });
		expect(await Promise.all(demands.map(({ id }) => origins(id)))).toEqual([['1 USDC'], ['56 USDT'], ['1 USDC'], []]);
		const [written] = await stand.sql`select count(*)::int as rows, count(distinct xmin::text)::int as transactions from earmarks`;
		expect(written).toEqual({ rows: 4, transactions: 1 });
		expect(stand.files).toHaveLength(1);
	});

	it('weighs demands together: an older one takes the dearer way, where the cheap one is the only one that a younger one is worth', async () => {
		await stand.has('10', 105n);
		await stand.has('56', 105n);
		const older = await asks(stand, { at: [['1', 90n]] });
		const younger = await asks(stand, { at: [['1', 90n]], maxCost: 5n * 10n ** 17n });
		await plan();
		expect([await origins(older.id), await origins(younger.id)]).toEqual([['56 USDC'], ['10 USDC']]);
	});

	it('stores a plan, and why a demand has none, each with what else could have been done', async () => {
		await stand.has('1', 105n);
		await stand.has('56', 3n);
		const covered = await asks(stand, { at: [['10', 90n]] });
		const short = await asks(stand, { at: [['10', 50n]] });
		await plan();
		const { status, reason, reasonDetail } = await readDemand(stand.store.db, short.id);
		expect([status, reason]).toEqual(['open', 'INSUFFICIENT_FUNDS']);
		expect(reasonDetail).toMatch(
			/^[0-9.]+ USDC short at 10, where it comes nearest; alone: OTHERS_FIRST; OTHERS_FIRST over across-1-10-USDC, .*; NO_FUNDS over across-56-10-USDC$/,
		);
		const [row] = await stand.sql`select plan from earmarks where demand_id = ${covered.id}`;
		expect(row?.plan).toMatchObject({ venue: '10', amount: '90', local: '0', operations: 1, cost: '0.136055', legs: [{ origin: '1' }] });
		expect(row?.plan.alternatives).toEqual(
			expect.arrayContaining([
				{ kind: 'route', name: 'across-56-10-USDC', code: 'NO_FUNDS' },
				expect.objectContaining({ kind: 'without' }),
			]),
		);
	});

	it('keeps the alternatives of a refusal as long as it is the same', async () => {
		await stand.has('1', 105n);
		const short = await asks(stand, { at: [['10', 500n]] });
		const detail = async () => (await readDemand(stand.store.db, short.id)).reasonDetail;
		await plan();
		const first = await detail();
		await stand.has('56', 3n);
		await plan();
		expect(await detail()).toBe(first);
		await stand.has('1', 106n);
		await plan();
		expect(await detail()).not.toBe(first);
		expect(await detail()).toMatch(/short at 10, where it comes nearest; NO_FUNDS over across-56-10-USDC$/);
	});

	it('brings what earmarks lack before anything that has not begun', async () => {
		await stand.has('1', 105n);
		const begun = await asks(stand, { at: [['10', 50n]] });
		await plan();
		const older = await asks(stand, { at: [['10', 40n]], enqueuedAt: 1 });
		const earmark = await activeEarmarkOf(stand.store.db, begun.id);
		await inTransaction(stand.store.db, CAUSE, (tx) => adjustEarmark(tx, earmark?.id ?? '', amount(90n * ONE)));
		await plan();
		expect(await origins(begun.id)).toEqual(['1 USDC', '1 USDC']);
		expect(await origins(older.id)).toBeNull();
	});
});

describe('what happens while it plans', () => {
	/** Takes 100 USDC at 1 for somebody else, under the lock. */
	async function takeFunds(tx: Tx): Promise<void> {
		await lockInventory(tx, 'USDC');
		const other = await asks(stand, { at: [] });
		const draft = {
			demandId: other.id,
			asset: 'USDC',
			venue: '1',
			amount: amount(100n * ONE),
			local: amount(100n * ONE),
			legs: [],
			plan: {},
		};
		await createEarmark(tx, draft, stand.app.config.wallet);
	}

	it('is not held up: who has the lock takes funds, and it plans again without them', async () => {
		await stand.has('1', 105n);
		await stand.has('56', 105n);
		const demand = await asks(stand, { at: [['10', 90n]] });
		let running: Promise<unknown> = Promise.resolve();
		await inTransaction(stand.store.db, CAUSE, async (tx) => {
			await takeFunds(tx);
			running = plan();
			await until('a plan beside the lock', async () => (stand.files.length > 0 ? true : null));
			expect(await activeEarmarkOf(stand.store.db, demand.id)).toBeNull();
		});
		await running;
		expect(stand.files).toHaveLength(2);
		expect(await origins(demand.id)).toEqual(['56 USDC']);
	});

	it('may come between three times; then it plans under the locks', async () => {
		await stand.has('1', 105n);
		const demand = await asks(stand, { at: [['10', 90n]] });
		let tokens = 105n;
		stand.beforeCommit = async () => {
			tokens += 1n;
			await stand.has('1', tokens);
		};
		await plan();
		expect(stand.files).toHaveLength(4);
		expect(stand.files.at(-1)).toMatchObject({ inventory: expect.arrayContaining([expect.objectContaining({ confirmed: '109' })]) });
		expect(await origins(demand.id)).toEqual(['1 USDC']);
	});

	it('counts while routes are priced, too', async () => {
		await stand.has('1', 105n);
		await stand.has('56', 105n);
		const demand = await asks(stand, { at: [['10', 90n]] });
		stand.whileQuoting = async () => {
			stand.whileQuoting = async () => {};
			await inTransaction(stand.store.db, CAUSE, takeFunds);
		};
		await plan();
		expect(await origins(demand.id)).toEqual(['56 USDC']);
	});

	it('is passed over where it changes no plan: funds elsewhere, a demand that gets nothing, one that nobody can pay at once', async () => {
		await stand.has('1', 105n, 'USDT');
		const demand = await asks(stand, { asset: 'USDT', at: [['10', 90n]] });
		const refused = await asks(stand, { asset: 'USDT', at: [['10', 500n]] });
		onceBeforeCommit(async () => {
			await stand.has('56', 7n, 'USDT');
			await inTransaction(stand.store.db, CAUSE, (tx) => setDemandStatus(tx, { id: refused.id, to: 'gone', reason: 'GONE' }));
			await asks(stand, { asset: 'USDT', at: [['10', 90n]], enqueuedAt: 1 });
		});
		await plan();
		expect(stand.files).toHaveLength(1);
		expect(await origins(demand.id)).toEqual(['1 USDT']);
		expect((await readDemand(stand.store.db, refused.id)).reason).toBe('GONE');
	});

	it('may be that a demand goes: the next one gets what was planned for it', async () => {
		await stand.has('1', 105n);
		const [older, younger] = [await asks(stand, { at: [['10', 90n]] }), await asks(stand, { at: [['10', 80n]] })];
		onceBeforeCommit(() => inTransaction(stand.store.db, CAUSE, (tx) => setDemandStatus(tx, { id: older.id, to: 'gone', reason: 'GONE' })));
		await plan();
		expect(stand.files).toHaveLength(2);
		expect([await origins(older.id), await origins(younger.id)]).toEqual([null, ['1 USDC']]);
	});

	it('may be that a demand asks for another amount: that is what is brought', async () => {
		await stand.has('1', 105n);
		const demand = await asks(stand, { at: [['10', 90n]] });
		onceBeforeCommit(() => asksNow(stand.store.db, { id: demand.id, at: [['10', 70n]] }));
		await plan();
		expect((await activeEarmarkOf(stand.store.db, demand.id))?.amount).toBe(70n * ONE);
	});

	it('may be that a demand is worth another cost: that counts if its plan costs more, or if it was too dear before', async () => {
		await stand.has('1', 105n);
		const worth = (tenths: bigint) => tenths * 10n ** 17n;
		const [demand, dear] = [
			await asks(stand, { at: [['10', 50n]], maxCost: worth(9n) }),
			await asks(stand, { at: [['10', 20n]], maxCost: 1n }),
		];
		onceBeforeCommit(() => asksNow(stand.store.db, { id: demand.id, at: [['10', 50n]], maxCost: worth(8n) }));
		await plan();
		expect(stand.files).toHaveLength(1);
		expect([await origins(demand.id), (await readDemand(stand.store.db, dear.id)).reason]).toEqual([['1 USDC'], 'UNPROFITABLE']);
		onceBeforeCommit(() => asksNow(stand.store.db, { id: dear.id, at: [['10', 20n]], maxCost: worth(9n) }));
		await plan();
		expect(await origins(dear.id)).toEqual(['1 USDC']);
		const late = await asks(stand, { at: [['10', 15n]], maxCost: worth(9n) });
		onceBeforeCommit(() => asksNow(stand.store.db, { id: late.id, at: [['10', 15n]], maxCost: 1n }));
		await plan();
		expect((await readDemand(stand.store.db, late.id)).reason).toBe('UNPROFITABLE');
	});

	it('may be that an earmark comes to lack more: that is what is brought', async () => {
		await stand.has('1', 105n);
		const { db } = stand.store;
		const demand = await asks(stand, { at: [['10', 30n]] });
		await plan();
		const { id } = (await activeEarmarkOf(db, demand.id)) ?? { id: '' };
		await inTransaction(db, CAUSE, (tx) => adjustEarmark(tx, id, amount(50n * ONE)));
		onceBeforeCommit(() => inTransaction(db, CAUSE, (tx) => adjustEarmark(tx, id, amount(60n * ONE))));
		await plan();
		expect((await readLegsOf(db, id)).map((leg) => leg.receive)).toEqual([30n * ONE, 30n * ONE]);
	});

	it('may be another planning: each demand gets one plan, and nothing is spent twice', async () => {
		await stand.has('1', 105n);
		const demands = [
			await asks(stand, { at: [['10', 50n]] }),
			await asks(stand, { at: [['10', 40n]] }),
			await asks(stand, { at: [['10', 30n]] }),
		];
		await Promise.all([plan(), plan()]);
		expect(await Promise.all(demands.map(({ id }) => origins(id)))).toEqual([['1 USDC'], ['1 USDC'], null]);
	});

	it('may be that a demand comes that can be paid at once: it is paid before older ones use its funds, and nothing is planned for it unpriced', async () => {
		await stand.has('1', 105n);
		const older = await asks(stand, { at: [['10', 90n]] });
		const late: { id: string }[] = [];
		onceBeforeCommit(async () => late.push(await asks(stand, { at: [['1', 100n]] })));
		await plan();
		expect(await Promise.all([older, ...late].map(({ id }) => origins(id)))).toEqual([null, []]);
		expect((await readDemand(stand.store.db, older.id)).reason).toBe('INSUFFICIENT_FUNDS');
	});

	it('may be that an operator stops all: nothing is committed', async () => {
		await stand.has('1', 105n);
		const demand = await asks(stand, { at: [['10', 90n]] });
		onceBeforeCommit(() => writeStop(stand.store.db, { stopped: true, ...CAUSE }));
		await plan();
		expect(await readDemand(stand.store.db, demand.id)).toMatchObject({ status: 'open', reason: 'NEEDS_FUNDS' });
	});
});
