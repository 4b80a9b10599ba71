import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableOf } from '../../src/inventory/available.ts';
import { amount } from '../../src/money/amount.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { readHoldings } from '../../src/store/holdings.ts';
import { moveHold, readHolds } from '../../src/store/holds.ts';
import { readAges, saveBalances, venuesMoving } from '../../src/store/inventory.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { bringLegTo, CAUSE, earmarked, legArrived, randomHash, testStore, testStoreWithLanes } from './fixture.ts';
import { holdingOf, look, movement, reading } from './watched.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

async function holdingAt(venue: string) {
	const found = (await readHoldings(store.db, 'USDC', new Map([['USDC@1', amount(10n)]]))).find((each) => each.venue === venue);
	if (found === undefined) throw new Error(`no holding at ${venue}`);
	return found;
}

describe('inventory', () => {
	it('takes reserve and holds on confirmed funds from what is available, and never counts inbound', async () => {
		await saveBalances(store.db, [reading('1', 1_000n, 5n), reading('10', 20n, 5n)]);
		await earmarked(store.db, 2);
		expect(await holdingAt('1')).toMatchObject({ confirmed: 1_000n, reserve: 10n, held: 82n, inbound: 0n });
		expect(availableOf(await holdingAt('1'))).toBe(908n);
		expect(await holdingAt('10')).toMatchObject({ confirmed: 20n, held: 20n, inbound: 80n });
		expect(availableOf(await holdingAt('10'))).toBe(0n);
	});

	it('does not know a position that was never read: it is not in the list, and not zero', async () => {
		expect((await readHoldings(store.db, 'USDC', new Map())).map((each) => each.venue).sort()).toEqual(['1', '10']);
	});

	it('is stored by many at once, whatever the order in which chains have answered them', async () => {
		const own = await testStore();
		try {
			for (let round = 1; round <= 20; round += 1) {
				const readings = Array.from({ length: 100 }, (_, index) => reading(`${round}/holder${index}`, 1n, 5n));
				const orders = [readings, readings.toReversed()];
				await Promise.all(orders.map((each) => saveBalances(own.db, each)));
			}
			expect(await readAges(own.db)).toHaveProperty('size', 2_000);
		} finally {
			await own.close();
		}
	});

	it('ignores a reading older than the one it has: a lagging node cannot bring spent funds back', async () => {
		await saveBalances(store.db, [reading('1', 900n, 8n)]);
		await saveBalances(store.db, [reading('1', 1_000n, 7n)]);
		expect((await holdingAt('1')).confirmed).toBe(900n);
	});

	it('keeps a hold on funds that have left until a snapshot at or after their block has absorbed the movement', async () => {
		const { earmarkId } = await earmarked(store.db, 1);
		const [hold] = (await readHolds(store.db, earmarkId)).filter((each) => each.venue === '1');
		if (hold === undefined) throw new Error('a hold expected');
		const before = (await holdingAt('1')).held;
		await inTransaction(store.db, CAUSE, (tx) => moveHold(tx, { id: hold.id, to: 'pending_out', leftAtBlock: 20n }));
		await saveBalances(store.db, [reading('1', 900n, 19n)]);
		expect((await holdingAt('1')).held).toBe(before);
		await saveBalances(store.db, [reading('1', 859n, 20n)]);
		expect((await holdingAt('1')).held).toBe(amount(before - hold.amount));
	});

	it('does not take what landed for us as free before its delivery is recorded, whichever of the two comes first', async () => {
		const own = await testStoreWithLanes();
		try {
			const free = async () => availableOf(await holdingOf(own.db, '10'));
			await look(own.db, '10', { upTo: 10n });
			await saveBalances(own.db, [reading('10', 50n, 10n)]);
			const { earmarkId } = await earmarked(own.db, 2);
			const [first, second] = await readLegsOf(own.db, earmarkId);
			for (const leg of [first, second]) await bringLegTo(own.db, leg?.id ?? '', 'in_flight');
			expect(await free()).toBe(30n);
			const [fill, other] = [randomHash(), randomHash()];
			await look(own.db, '10', { upTo: 12n, movements: [movement('10', 12n, { incoming: 40n, transactionHash: fill })] });
			expect(await free()).toBe(30n);
			for (const block of [12n, 13n]) {
				await look(own.db, '10', { upTo: block });
				await saveBalances(own.db, [reading('10', 90n, block)]);
				expect(await free()).toBe(30n);
			}
			await legArrived(own.db, first?.id ?? '', { to: 'destination', units: 40n, block: 12n, tx: fill });
			expect(await free()).toBe(30n);
			await legArrived(own.db, second?.id ?? '', { to: 'destination', units: 40n, block: 14n, tx: other });
			expect(await free()).toBe(0n);
			await look(own.db, '10', { upTo: 14n, movements: [movement('10', 14n, { incoming: 40n, transactionHash: other })] });
			await saveBalances(own.db, [reading('10', 130n, 14n)]);
			expect(await free()).toBe(30n);
		} finally {
			await own.close();
		}
	});

	it('takes nothing as free that may have landed for us, when the block of the last reading was taken back', async () => {
		const own = await testStoreWithLanes();
		try {
			await look(own.db, '10', { upTo: 10n });
			await saveBalances(own.db, [reading('10', 50n, 10n)]);
			expect((await venuesMoving(own.db)).has('10')).toBe(false);
			const { earmarkId } = await earmarked(own.db, 3);
			for (const leg of await readLegsOf(own.db, earmarkId)) await bringLegTo(own.db, leg.id, 'in_flight');
			expect((await venuesMoving(own.db)).has('10')).toBe(true);
			// It is refused as long as nobody knows how much of it has landed for us.
			await saveBalances(own.db, [reading('10', 90n, 11n, { blockHash: '0x11b' })]);
			expect(await holdingOf(own.db, '10')).toMatchObject({ confirmed: 50n, held: 20n });
			const landed = movement('10', 10n, { incoming: 40n, fork: 'b' });
			await look(own.db, '10', { fromBlock: 2n, upTo: 11n, fork: 'b', movements: [landed] });
			const day = 86_400_000;
			expect((await readAges(own.db)).get('USDC@10')).toBeGreaterThan(day);
			expect((await holdingOf(own.db, '10')).ageMs).toBeGreaterThan(day);
			await saveBalances(own.db, [reading('10', 90n, 11n, { blockHash: '0x11b' })]);
			// 20 are held by the earmark, and the 40 of its legs that have landed are no more free than before.
			expect(await holdingOf(own.db, '10')).toMatchObject({ confirmed: 90n, held: 60n });
			expect((await readAges(own.db)).get('USDC@10')).toBeLessThan(day);
		} finally {
			await own.close();
		}
	});

	it('refuses a reading while something is inbound and nobody knows what came in up to its block', async () => {
		await look(store.db, '10', { upTo: 30n });
		await saveBalances(store.db, [reading('10', 5_000n, 30n)]);
		await saveBalances(store.db, [reading('10', 9_000n, 31n), reading('1', 9_000n, 31n)]);
		expect((await holdingAt('10')).confirmed).toBe(5_000n);
		expect((await holdingAt('1')).confirmed).toBe(9_000n);
		await look(store.db, '10', { upTo: 31n });
		await saveBalances(store.db, [reading('10', 9_000n, 31n)]);
		expect((await holdingAt('10')).confirmed).toBe(9_000n);
	});
});
