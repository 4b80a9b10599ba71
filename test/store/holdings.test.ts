import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { availableOf } from '../../src/inventory/available.ts';
import { amount } from '../../src/money/amount.ts';
import type { Store } from '../../src/store/db.ts';
import { saveBalances } from '../../src/store/inventory.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import type { Movement } from '../../src/store/transfers.ts';
import { bringLegTo, earmarked, legArrived, legSent, purchaseNonce, randomHash, settlingEarmark, testStoreWithLanes } from './fixture.ts';
import { blockAt, holdingOf, look, movement, reading } from './watched.ts';

let store: Store;
beforeEach(async () => {
	store = await testStoreWithLanes();
});
afterEach(() => store.close());

/** An earmark that holds 20 units at 10 and waits there for 40 of each of its legs, whose 41 are held at 1; the ids of the legs. */
async function legsOf(count: number): Promise<string[]> {
	const { earmarkId } = await earmarked(store.db, count);
	return (await readLegsOf(store.db, earmarkId)).map(({ id }) => id);
}

interface Seen {
	readonly movements?: readonly Movement[];
	/** The first block that was taken back. */
	readonly fromBlock?: bigint;
	readonly fork?: string;
}

/** The chain is looked at, and then the balance is read at its head. */
async function seen(venue: string, [units, block]: readonly [bigint, bigint], { fork, ...more }: Seen = {}): Promise<void> {
	await look(store.db, venue, { upTo: block, fork, ...more });
	await saveBalances(store.db, [reading(venue, units, block, blockAt(block, fork))]);
}

const free = async (venue: string) => availableOf(await holdingOf(store.db, venue));
const arrived = (units: bigint, block: bigint, fork?: string) => movement('10', block, { incoming: units, fork });

describe('what lands while something is awaited', () => {
	beforeEach(() => seen('10', [50n, 4n]));

	it('is not free before its delivery is recorded, also when it is more than was promised', async () => {
		const [leg = ''] = await legsOf(1);
		await bringLegTo(store.db, leg, 'in_flight');
		const transactionHash = randomHash();
		await seen('10', [93n, 5n], { movements: [movement('10', 5n, { incoming: 43n, transactionHash })] });
		expect(await holdingOf(store.db, '10')).toMatchObject({ confirmed: 93n, held: 63n, inbound: 40n });
		await legArrived(store.db, leg, { to: 'destination', units: 43n, block: 5n, tx: transactionHash });
		// All of it is the earmark's now, which still lacks some.
		expect(await holdingOf(store.db, '10')).toMatchObject({ confirmed: 93n, held: 63n, inbound: 0n });
		expect(await free('10')).toBe(30n);
	});

	it('is held as far as it may be awaited: so many of the largest as are, and an unrelated small one is free', async () => {
		const [first = '', second = ''] = await legsOf(2);
		for (const leg of [first, second]) await bringLegTo(store.db, leg, 'in_flight');
		const transactionHash = randomHash();
		const movements = [arrived(3n, 5n), movement('10', 5n, { incoming: 41n, transactionHash }), arrived(40n, 6n), arrived(2n, 6n)];
		await seen('10', [136n, 6n], { movements });
		expect(await free('10')).toBe(35n);
		await legArrived(store.db, first, { to: 'destination', units: 41n, block: 5n, tx: transactionHash });
		// One of the 41 is more than the earmark needs. 20 and 40 are held, and one more is awaited: the other 40.
		expect(await holdingOf(store.db, '10')).toMatchObject({ held: 100n, inbound: 40n });
		expect(await free('10')).toBe(36n);
	});

	it('is free when it is far more than what is on its way, or at another place', async () => {
		await legsOf(1);
		await seen('10', [1_050n, 5n], { movements: [arrived(1_000n, 5n), movement('10', 5n, { incoming: 40n, asset: 'USDT' })] });
		expect(await free('10')).toBe(1_030n);
		await seen('56', [40n, 5n], { movements: [movement('56', 5n, { incoming: 40n })] });
		expect(await free('56')).toBe(40n);
	});

	it('is held for what was on its way when it was seen, and for nothing that has set out since', async () => {
		await legsOf(1);
		await seen('10', [136n, 5n], { movements: [arrived(45n, 5n), arrived(41n, 5n)] });
		expect(await holdingOf(store.db, '10')).toMatchObject({ held: 65n, inbound: 40n });
		await legsOf(1);
		expect(await holdingOf(store.db, '10')).toMatchObject({ held: 85n, inbound: 80n });
		await seen('10', [138n, 6n], { movements: [arrived(2n, 6n)] });
		expect(await holdingOf(store.db, '10')).toMatchObject({ held: 87n, inbound: 80n });
	});

	it('is not held against a balance that was read before it', async () => {
		await legsOf(1);
		await look(store.db, '10', { upTo: 5n, movements: [arrived(40n, 5n)] });
		expect(await holdingOf(store.db, '10')).toMatchObject({ confirmed: 50n, held: 20n });
		await saveBalances(store.db, [reading('10', 90n, 5n)]);
		expect(await holdingOf(store.db, '10')).toMatchObject({ confirmed: 90n, held: 60n });
	});

	it('is what was not there before: what had come in earlier stays free, also when a reorganisation moves it into a later block', async () => {
		const early = arrived(40n, 5n);
		await seen('10', [90n, 5n], { movements: [early] });
		expect(await free('10')).toBe(90n);
		await legsOf(1);
		expect(await free('10')).toBe(70n);
		await seen('10', [90n, 7n], { fromBlock: 3n, fork: 'b', movements: [{ ...early, ...blockAt(7n, 'b') }] });
		expect(await free('10')).toBe(70n);
		const taken = arrived(40n, 8n, 'b');
		await seen('10', [130n, 8n], { fork: 'b', movements: [taken] });
		expect(await free('10')).toBe(70n);
		await seen('10', [90n, 9n], { fromBlock: 8n, fork: 'c' });
		expect(await free('10')).toBe(70n);
	});
});

describe('what leaves', () => {
	/** The hash of what was signed to send the leg or to pay for the earmark. */
	async function signedFor(ownerId: string, kind: 'send' | 'purchase'): Promise<`0x${string}`> {
		const [row] = await store.db.execute<{ hash: `0x${string}` }>(sql`
			select a.hash from attempts a join effects e on e.id = a.effect_id where e.owner_id = ${ownerId} and e.kind = ${kind}`);
		if (row === undefined) throw new Error(`nothing was signed to ${kind}`);
		return row.hash;
	}

	it('is counted once: as a hold until a snapshot has seen our own transaction, and as gone from then on', async () => {
		await seen('1', [200n, 4n]);
		const [leg = ''] = await legsOf(2);
		await bringLegTo(store.db, leg, 'leaving');
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 200n, held: 82n });
		const ours = movement('1', 5n, { outgoing: 41n, transactionHash: await signedFor(leg, 'send') });
		await look(store.db, '1', { upTo: 5n, movements: [ours] });
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 200n, held: 82n });
		await saveBalances(store.db, [reading('1', 159n, 5n)]);
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 159n, held: 41n });
		// It is final, and so deep that it cannot be taken back only from block 20 on.
		await legSent(store.db, leg, 20n);
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 159n, held: 41n });
		await seen('1', [159n, 20n]);
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 159n, held: 41n });
		expect(await free('1')).toBe(118n);
	});

	it('stays held when others have taken as much at the same time', async () => {
		await seen('1', [200n, 4n]);
		const [leg = ''] = await legsOf(1);
		await bringLegTo(store.db, leg, 'leaving');
		await seen('1', [159n, 5n], { movements: [movement('1', 5n, { outgoing: 41n })] });
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 159n, held: 41n });
		// Ours has been mined, too, and has moved nothing: it has reverted.
		const reverted = movement('1', 6n, { incoming: 1n, transactionHash: await signedFor(leg, 'send') });
		await seen('1', [160n, 6n], { movements: [reverted] });
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 160n, held: 41n });
	});

	it('is held again when its transaction is taken back, and gone again when it is mined again', async () => {
		await seen('1', [200n, 4n]);
		const [leg = ''] = await legsOf(1);
		await bringLegTo(store.db, leg, 'leaving');
		const ours = movement('1', 5n, { outgoing: 41n, transactionHash: await signedFor(leg, 'send') });
		await seen('1', [159n, 5n], { movements: [ours] });
		expect(await free('1')).toBe(159n);
		await seen('1', [200n, 6n], { fromBlock: 5n, fork: 'b' });
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 200n, held: 41n });
		await seen('1', [159n, 7n], { fork: 'b', movements: [{ ...ours, ...blockAt(7n, 'b') }] });
		expect(await holdingOf(store.db, '1')).toMatchObject({ confirmed: 159n, held: 0n });
	});

	it('with a purchase is counted once as well', async () => {
		await seen('10', [130n, 4n]);
		const earmarkId = await settlingEarmark(store.db);
		await purchaseNonce(store.db, earmarkId, amount(100n));
		expect(await free('10')).toBe(30n);
		const ours = movement('10', 9n, { outgoing: 100n, transactionHash: await signedFor(earmarkId, 'purchase') });
		await seen('10', [30n, 9n], { movements: [ours] });
		expect(await holdingOf(store.db, '10')).toMatchObject({ confirmed: 30n, held: 0n });
	});
});
