/** What is claimed of single rows and of their routes; a part of `interface.ts`. */
import { expect, it } from 'vitest';
import type { RebalanceAction, RebalanceCache } from '../../src/rebalances/cache.ts';
import { actionOf, contentsOf, idOf, onRoutesOf, USDC } from './action.ts';

/** The cache of the test that runs. */
export type Given = () => RebalanceCache;

export function claimAdding(given: Given): void {
	it('resolves to the number of new rows, one for each element', async () => {
		const [one, other] = [actionOf(), actionOf()];
		expect(await given().addRebalances([one, other])).toBe(2);
		expect(contentsOf(await onRoutesOf(given(), one))).toEqual(contentsOf([one, other]));
	});

	it('makes two rows with two ids of an object that is given twice, and a third when it is added again', async () => {
		const same = actionOf();
		expect(await given().addRebalances([same, same])).toBe(2);
		expect(await given().addRebalances([same])).toBe(1);
		const rows = await onRoutesOf(given(), same);
		expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
		expect(contentsOf(rows)).toEqual([same, same, same]);
	});

	it('adds nothing for an empty list', async () => {
		expect(await given().addRebalances([])).toBe(0);
	});

	it.each([
		['an element without asset', { asset: undefined }],
		['a bigint', { amount: 7n }],
		['a bigint in an unknown field', { note: { deep: 7n } }],
	])('writes nothing of a batch with %s', async (_, wrong) => {
		const right = actionOf();
		await expect(given().addRebalances([right, { ...actionOf(), ...wrong } as unknown as RebalanceAction, right])).rejects.toThrow();
		expect(await onRoutesOf(given(), right)).toEqual([]);
		expect(await given().getRebalanceByTransaction(right.transaction)).toBeUndefined();
	});

	it('keeps unknown fields, and an action without a recipient has none afterwards', async () => {
		const { recipient, ...old } = actionOf({ note: 'kept', nested: { deep: [1, null, 'ü', '\u2028'] }, none: null, isOdd: false });
		await given().addRebalances([old as RebalanceAction]);
		const [row] = await onRoutesOf(given(), old as RebalanceAction);
		expect(row).toEqual({ ...old, id: row?.id });
		expect(row).not.toHaveProperty('recipient');
	});

	it('gives the id that a row has, and not the one that an action brings along', async () => {
		const action = actionOf({ id: 'mine' });
		await given().addRebalances([action]);
		const [row] = await onRoutesOf(given(), action);
		expect(row?.id).toMatch(/^10-1-0x.*-[0-9a-f-]{36}$/);
		expect(await given().hasRebalance('mine')).toBe(false);
		expect(await given().hasRebalance(row?.id ?? '')).toBe(true);
		expect((await given().getRebalanceByTransaction(action.transaction))?.id).toBe(row?.id);
	});

	it.each(['0', '007', '1.50', '-3', '115792089237316195423570985008687907853269984665640564039457584007913129639935', '1e18', ' 1 ', ''])(
		'gives the amount %j back byte for byte',
		async (amount) => {
			const action = actionOf({ amount });
			await given().addRebalances([action]);
			expect((await onRoutesOf(given(), action)).map((row) => row.amount)).toEqual([amount]);
		},
	);

	it('takes thousands of rows in one call', async () => {
		const actions = Array.from({ length: 4_000 }, (_, index) => actionOf({ origin: index % 7 }));
		expect(await given().addRebalances(actions)).toBe(4_000);
		expect(contentsOf(await onRoutesOf(given(), ...actions.slice(0, 7)))).toEqual(contentsOf(actions));
	});
}

export function claimRoutes(given: Given): void {
	it('makes an id of destination, origin, the asset as it is given, and a UUID', async () => {
		const action = actionOf({ destination: 42_161, origin: 1_399_811_149, asset: '0xAbC' });
		await given().addRebalances([action]);
		const [row] = await onRoutesOf(given(), action);
		expect(row?.id).toMatch(/^42161-1399811149-0xAbC-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
	});

	it.each([
		['0xAbCd', '0xaBcD'],
		['TOKEN', 'token'],
		['ÄÖÜ', 'äöü'],
		['İX', 'i\u0307x'],
		['ΑΣ', 'ας'],
		['K', 'k'],
		['with-dashes-And:colons', 'WITH-dashes-and:COLONS'],
		['*?[a]\\', '*?[A]\\'],
		["'; drop", "'; DROP"],
		['', ''],
	])('finds %j by %j, and the asset comes back as it was given', async (asset, asked) => {
		const action = actionOf({ asset });
		await given().addRebalances([action]);
		expect(await onRoutesOf(given(), action)).toHaveLength(1);
		const [row] = await onRoutesOf(given(), actionOf({ asset: asked }));
		expect(row?.asset).toBe(asset);
		expect(row?.id.startsWith(`10-1-${asset}-`)).toBe(true);
		expect(await given().removeRebalances([row?.id ?? ''])).toBe(1);
		expect(await onRoutesOf(given(), action)).toEqual([]);
	});

	it('does not take a letter for another that only looks alike', async () => {
		await given().addRebalances([actionOf({ asset: 'straße' }), actionOf({ asset: 'ı' })]);
		expect(await onRoutesOf(given(), actionOf({ asset: 'STRASSE' }), actionOf({ asset: 'i' }))).toEqual([]);
	});

	it('tells origins, destinations and assets apart', async () => {
		const actions = [actionOf(), actionOf({ origin: 10, destination: 1 }), actionOf({ origin: 11 }), actionOf({ asset: `${USDC}0` })];
		await given().addRebalances(actions);
		for (const action of actions) expect(contentsOf(await onRoutesOf(given(), action))).toEqual([action]);
		expect(await onRoutesOf(given(), actionOf({ origin: 2 }))).toEqual([]);
	});

	it('gives each action once when routes repeat, or differ only in the case of the asset', async () => {
		const action = actionOf();
		await given().addRebalances([action]);
		const lower = actionOf({ asset: USDC.toLowerCase() });
		const upper = actionOf({ asset: USDC.toUpperCase() });
		expect(await onRoutesOf(given(), action, action, lower, upper, lower)).toHaveLength(1);
	});

	it('gives the actions of several routes, and looks at nothing but the three fields of a route', async () => {
		const [one, other] = [actionOf(), actionOf({ origin: 11 })];
		await given().addRebalances([one, other, actionOf({ origin: 12 })]);
		const routes = [one, other].map(({ origin, destination, asset }) => ({ origin, destination, asset, maximum: '1' }));
		expect(contentsOf(await given().getRebalances({ routes }))).toEqual(contentsOf([one, other]));
	});

	it('gives nothing for no routes', async () => {
		await given().addRebalances([actionOf()]);
		expect(await given().getRebalances({ routes: [] })).toEqual([]);
	});

	it('takes thousands of routes in one call', async () => {
		const actions = Array.from({ length: 3_000 }, (_, index) => actionOf({ origin: index }));
		await given().addRebalances(actions);
		expect(await onRoutesOf(given(), ...actions)).toHaveLength(3_000);
	});
}

export function claimRemoving(given: Given): void {
	it('resolves to the number of rows that have gone; unknown ids are ignored, and one given twice counts once', async () => {
		const actions = [actionOf(), actionOf(), actionOf()];
		await given().addRebalances(actions);
		const [kept, first = '', second = ''] = await Promise.all(actions.map((action) => idOf(given(), action)));
		expect(await given().removeRebalances([first, 'unknown', second, first, ''])).toBe(2);
		expect((await onRoutesOf(given(), actionOf())).map(({ id }) => id)).toEqual([kept]);
		expect(await given().removeRebalances([first, second])).toBe(0);
	});

	it('removes nothing for an empty list', async () => {
		await given().addRebalances([actionOf()]);
		expect(await given().removeRebalances([])).toBe(0);
		expect(await onRoutesOf(given(), actionOf())).toHaveLength(1);
	});

	it('takes an id as it is, case and all', async () => {
		const action = actionOf();
		await given().addRebalances([action]);
		const id = await idOf(given(), action);
		expect(await given().removeRebalances([id.toLowerCase(), id.toUpperCase(), ` ${id}`])).toBe(0);
		expect(await given().hasRebalance(id)).toBe(true);
	});

	it('leaves nothing of a row behind, and nothing of another one out', async () => {
		const [gone, kept] = [actionOf(), actionOf()];
		await given().addRebalances([gone, kept]);
		const id = await idOf(given(), gone);
		await given().removeRebalances([id]);
		expect(await given().hasRebalance(id)).toBe(false);
		expect(await given().getRebalanceByTransaction(gone.transaction)).toBeUndefined();
		expect(contentsOf(await onRoutesOf(given(), gone))).toEqual([kept]);
		expect((await given().getRebalanceByTransaction(kept.transaction))?.transaction).toBe(kept.transaction);
	});

	it('leaves withdrawals alone', async () => {
		const action = actionOf();
		await given().addRebalances([action]);
		await given().addWithdrawalRecord(action.transaction, USDC, 'method', 'ref');
		await given().removeRebalances([await idOf(given(), action)]);
		expect(await given().getWithdrawalRecord(action.transaction)).toEqual({ asset: USDC, method: 'method', refid: 'ref' });
	});

	it('removes thousands in one call', async () => {
		await given().addRebalances(Array.from({ length: 2_000 }, () => actionOf()));
		const ids = (await onRoutesOf(given(), actionOf())).map(({ id }) => id);
		expect(await given().removeRebalances([...ids, ...ids])).toBe(2_000);
		expect(await onRoutesOf(given(), actionOf())).toEqual([]);
	});
}

export function claimLooking(given: Given): void {
	it('knows the ids that are there, and no other', async () => {
		const action = actionOf();
		await given().addRebalances([action]);
		const id = await idOf(given(), action);
		expect(await given().hasRebalance(id)).toBe(true);
		for (const other of [id.toLowerCase(), `${id} `, id.slice(0, -1), 'unknown', '']) expect(await given().hasRebalance(other)).toBe(false);
	});

	it('finds an action by its transaction, with its id', async () => {
		const [action, other] = [actionOf({ transaction: '0xAbC"\\\n ü' }), actionOf()];
		await given().addRebalances([other, action]);
		expect(await given().getRebalanceByTransaction(action.transaction)).toEqual({ ...action, id: await idOf(given(), action) });
	});

	it('finds any of the actions with one transaction', async () => {
		const same = actionOf();
		await given().addRebalances([same, { ...same, amount: '2' }, actionOf()]);
		expect(['1000000', '2']).toContain((await given().getRebalanceByTransaction(same.transaction))?.amount);
	});

	it('answers undefined, and not null, for a transaction that nobody has; its case matters', async () => {
		await given().addRebalances([actionOf({ transaction: '0xAbC' })]);
		for (const unknown of ['0xabc', '0xABC', '0xAb', '']) expect(await given().getRebalanceByTransaction(unknown)).toBeUndefined();
	});

	it('does not find an action by a transaction that stands in another of its fields', async () => {
		await given().addRebalances([actionOf({ note: '0xfeed', recipient: '0xfeed', nested: { transaction: '0xfeed' } })]);
		expect(await given().getRebalanceByTransaction('0xfeed')).toBeUndefined();
	});
}
