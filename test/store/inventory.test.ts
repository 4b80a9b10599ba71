import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableOf } from '../../src/inventory/available.ts';
import { amount } from '../../src/money/amount.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { moveHold, readHolds } from '../../src/store/holds.ts';
import { claimIncoming, type Incoming, positionsAwaiting, readHoldings, saveBalances } from '../../src/store/inventory.ts';
import { CAUSE, earmarked, testStore } from './fixture.ts';

let store: Store;
beforeAll(async () => {
	store = await testStore();
});
afterAll(() => store.close());

const reading = (venue: string, units: bigint, blockNumber: bigint) => ({
	venue,
	asset: 'USDC',
	amount: amount(units),
	blockNumber,
	blockHash: `0x${blockNumber}`,
	incoming: [] as Incoming[],
});

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
		const own = await testStore();
		try {
			const at = async () => {
				const found = (await readHoldings(own.db, 'USDC', new Map())).find((each) => each.venue === '10');
				return found === undefined ? null : availableOf(found);
			};
			const read = (units: bigint, blockNumber: bigint, incoming: Incoming[]) =>
				saveBalances(own.db, [{ ...reading('10', units, blockNumber), incoming }]);
			const landed = { transactionHash: '0xfill', blockNumber: 12n, amount: amount(40n) };
			await read(50n, 10n, []);
			const { earmarkId } = await earmarked(own.db, 2);
			expect(await at()).toBe(30n);
			await read(90n, 12n, [landed]);
			expect(await at()).toBe(30n);
			await read(90n, 13n, []);
			expect(await at()).toBe(30n);
			const [hold] = (await readHolds(own.db, earmarkId)).filter((each) => each.state === 'inbound');
			await inTransaction(own.db, CAUSE, async (tx) => {
				await claimIncoming(tx, { venue: '10', asset: 'USDC', amount: amount(40n), blockNumber: 12n });
				await moveHold(tx, { id: hold?.id ?? '', to: 'confirmed', amount: amount(40n) });
			});
			expect(await at()).toBe(30n);
		} finally {
			await own.close();
		}
	});

	it('takes nothing as free that may have landed for us, when the block of the last reading was taken back', async () => {
		const own = await testStore();
		try {
			const at = async () => {
				const found = (await readHoldings(own.db, 'USDC', new Map())).find((each) => each.venue === '10');
				return found === undefined ? null : availableOf(found);
			};
			await saveBalances(own.db, [reading('10', 50n, 10n)]);
			await earmarked(own.db, 3);
			expect(await positionsAwaiting(own.db, '10')).toEqual([{ asset: 'USDC', seenUpTo: { blockNumber: 10n, blockHash: '0x10' } }]);
			await saveBalances(own.db, [{ ...reading('10', 90n, 11n), incoming: 'lost' }]);
			// 20 are held and 80 are inbound, of which nobody knows how much is in the 90.
			expect(await at()).toBe(0n);
		} finally {
			await own.close();
		}
	});

	it('refuses a reading that does not know what came in while something is inbound', async () => {
		await saveBalances(store.db, [reading('10', 5_000n, 30n)]);
		await saveBalances(store.db, [{ ...reading('10', 9_000n, 31n), incoming: null }]);
		expect((await holdingAt('10')).confirmed).toBe(5_000n);
	});
});
