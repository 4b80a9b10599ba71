/** The same external id from two sources: two demands, whatever they are called. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPlanFile } from '../../src/cli/plan-file/read-plan-file.ts';
import { earmarkPayable } from '../../src/steps/plan/earmark-payable.ts';
import { evaluateOnDemandRebalancing, planOpenDemands } from '../../src/steps/plan/plan-demands.ts';
import { readDemand } from '../../src/store/demands.ts';
import { activeEarmarkOf } from '../../src/store/earmarks.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { asks, ONE, type PlanningStand, startPlanning } from './planning-stand.ts';

const AGE = 1_700_000_000;

let stand: PlanningStand;
beforeEach(async () => {
	stand = await startPlanning();
});
afterEach(() => stand.stop());

/** An invoice, and an imbalance of the same external id and age, each asking for whole tokens of USDC at 10. Returns their ids, in this order. */
async function askTwice([invoiced, imbalanced]: readonly [bigint, bigint], enqueuedAt = AGE): Promise<readonly [string, string]> {
	const { id, invoice } = await asks(stand, { at: [['10', invoiced]], enqueuedAt });
	const destinations = [{ venue: '10', amount: `${imbalanced * ONE}` }];
	const [other] = await stand.sql<{ id: string }[]>`
		insert into demands (kind, external_id, asset, destinations, reason, enqueued_at, evaluated_at)
		values ('imbalance', ${invoice}, 'USDC', ${stand.sql.json(destinations)}, 'NEEDS_FUNDS', to_timestamp(${enqueuedAt}), now()) returning id`;
	return [id, other?.id ?? ''];
}

/** What is earmarked for a demand in tokens, and what its legs bring of it; the reason to wait when there is none. */
async function gets(demandId: string) {
	const earmark = await activeEarmarkOf(stand.store.db, demandId);
	if (earmark === null) return (await readDemand(stand.store.db, demandId)).reason;
	const legs = await readLegsOf(stand.store.db, earmark.id);
	return { amount: earmark.amount / ONE, brings: legs.map(({ receive }) => receive / ONE) };
}

const both = (demands: readonly string[]) => Promise.all(demands.map(gets));

it('is paid to each of them, from what is there', async () => {
	await stand.has('10', 205n);
	const demands = await askTwice([120n, 80n]);
	expect(await earmarkPayable(stand.app, 'USDC')).toBe(2);
	expect(await both(demands)).toEqual([
		{ amount: 120n, brings: [] },
		{ amount: 80n, brings: [] },
	]);
});

it.each([
	{ asked: [120n, 80n], paid: ['NEEDS_FUNDS', { amount: 80n, brings: [] }] },
	{ asked: [80n, 120n], paid: [{ amount: 80n, brings: [] }, 'NEEDS_FUNDS'] },
] as const)('is paid to the one that there is enough for, and the other one waits: $asked', async ({ asked, paid }) => {
	await stand.has('10', 85n);
	const demands = await askTwice(asked);
	expect(await earmarkPayable(stand.app, 'USDC')).toBe(1);
	expect(await both(demands)).toEqual(paid);
});

it('is planned for each of them, and refused to the one that nothing is left for', async () => {
	await stand.has('1', 305n);
	const [older, younger] = [await askTwice([90n, 150n]), await askTwice([90n, 30n], AGE + 1)];
	await planOpenDemands(stand.app);
	expect(await both([...older, ...younger])).toEqual([
		{ amount: 90n, brings: [90n] },
		{ amount: 150n, brings: [150n] },
		'INSUFFICIENT_FUNDS',
		{ amount: 30n, brings: [30n] },
	]);
});

it('is two names in a plan file, which is planned as it was live', async () => {
	await stand.has('1', 205n);
	await stand.has('10', 45n);
	const demands = await askTwice([90n, 40n]);
	await planOpenDemands(stand.app);
	expect(await both(demands)).toEqual([
		{ amount: 90n, brings: [90n] },
		{ amount: 40n, brings: [] },
	]);
	const file = readPlanFile(JSON.parse(JSON.stringify(stand.files[0])));
	const { plans, payable } = evaluateOnDemandRebalancing(file.input, file.demands, { goal: file.goal, stop: () => false });
	const [invoiced, imbalanced] = await Promise.all(demands.map(async (id) => `${(await readDemand(stand.store.db, id)).externalId} ${id}`));
	expect([plans.map((plan) => plan.demand), payable.map(({ id }) => id)]).toEqual([[invoiced], [imbalanced]]);
});
