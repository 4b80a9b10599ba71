import { sql } from 'drizzle-orm';
import { getAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finality, finalityOf } from '../../src/chain/finality.ts';
import { advanceEffect } from '../../src/chain/send.ts';
import { amount } from '../../src/money/amount.ts';
import { requestCancel } from '../../src/store/lanes.ts';
import { CAUSE } from '../store/fixture.ts';
import { effectsFrom1, hooks, type Stand, startStand } from './lane-stand.ts';

const TOKEN = getAddress('0x5FbDB2315678afecb367f032d93F642f64180aa3');
const OTHER = getAddress('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
const TIERS = [
	{ below: amount(1_000n), blocks: 2 },
	{ below: amount(5_000n), blocks: 6 },
	{ below: null, blocks: 12 },
];
const finality: Finality = { lowest: 2, deepest: 12, tiers: new Map([[TOKEN, TIERS]]) };
const spending = (units: bigint, token = TOKEN) => ({ kind: 'send', spend: { token, spender: OTHER, amount: amount(units) } }) as const;

describe('finality', () => {
	it('is the deeper the more is spent', () => {
		const depths = [0n, 999n, 1_000n, 4_999n, 5_000n, 10n ** 30n].map((units) => finalityOf(finality, spending(units)));
		expect(depths).toEqual([2, 2, 6, 6, 12, 12]);
	});

	it('is the lowest for what spends nothing, and the deepest for what spends an amount that nobody knows', () => {
		expect(finalityOf(finality, { kind: 'claim', spend: null })).toBe(2);
		expect(finalityOf(finality, { kind: 'send', spend: null })).toBe(12);
		expect(finalityOf(finality, spending(1n, OTHER))).toBe(12);
	});

	it('is one depth for all where the chain has no tiers', () => {
		const one: Finality = { lowest: 3, deepest: 3, tiers: new Map() };
		expect([finalityOf(one, spending(1n)), finalityOf(one, { kind: 'claim', spend: null })]).toEqual([3, 3]);
	});
});

describe('a verdict', () => {
	let stand: Stand;
	beforeAll(async () => {
		stand = await startStand({ deep: 2 });
	});
	afterAll(() => stand.stop());

	/** What is answered by the look at each new block, until there is a verdict. */
	async function blocksUntilFinal(kind: 'approve' | 'send', change: (effectId: string) => Promise<unknown>): Promise<string[]> {
		const [effect] = await effectsFrom1(stand, kind);
		const id = effect?.id ?? '';
		await advanceEffect(stand.app.sending, id, hooks);
		await change(id);
		await advanceEffect(stand.app.sending, id, hooks);
		const states: string[] = [];
		while (states.at(-1) !== 'verdict' && states.length < 5) {
			await stand.chain('1').client.mine({ blocks: 1 });
			states.push((await advanceEffect(stand.app.sending, id, hooks)).state);
		}
		return states;
	}

	it('waits for the depth of what is spent', async () => {
		expect(await blocksUntilFinal('send', async () => {})).toEqual(['waiting', 'waiting', 'verdict']);
		const small = (id: string) => stand.store.db.execute(sql`update effects set spend_amount = 0 where id = ${id}`);
		expect(await blocksUntilFinal('send', small)).toEqual(['verdict']);
	});

	it('on an approval counts when it is mined, but that it was cancelled waits for its depth', async () => {
		expect(await blocksUntilFinal('approve', async () => {})).toEqual(['verdict']);
		const cancelled = (id: string) => requestCancel(stand.store.db, id, CAUSE);
		expect(await blocksUntilFinal('approve', cancelled)).toEqual(['waiting', 'waiting', 'verdict']);
	});
});
