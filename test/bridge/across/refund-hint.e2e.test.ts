import { type Hex, pad } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Deposit } from '../../../sandbox/across/deposit.ts';
import { refund } from '../../../sandbox/across/root-bundle.ts';
import { HUB_OPERATOR } from '../../../sandbox/chains/accounts.ts';
import type { World } from '../../../sandbox/world.ts';
import type { BridgeAdapter } from '../../../src/bridge/bridge.ts';
import { InvariantError, TransientError } from '../../../src/errors.ts';
import { one, openPools, type Pools, USDC } from './pools.ts';

let pools: Pools;
let world: World;
let across: BridgeAdapter;
const expired: Pools['expired'] = (...args) => pools.expired(...args);
const seen: Pools['seen'] = (...args) => pools.seen(...args);
const refunded: Pools['refunded'] = (...args) => pools.refunded(...args);
const prove: Pools['prove'] = (...args) => pools.prove(...args);
const noteOf: Pools['noteOf'] = (...args) => pools.noteOf(...args);
const returnOf: Pools['returnOf'] = (...args) => pools.returnOf(...args);
const hint: Pools['hint'] = (...args) => pools.hint(...args);

beforeAll(async () => {
	pools = await openPools();
	({ world, across } = pools);
});
afterAll(() => world.stop());
beforeEach(() => pools.reset());

describe('the transaction that the API names', () => {
	it('is believed where the chain alone does not tell, for no more than it has really paid', async () => {
		const sent = one(await expired(50n * USDC));
		const [known] = await seen(sent);
		if (known === undefined) throw new Error('not seen');
		// Paid together with something else of ours, as the repayment of a fill.
		const more = { ...known, relay: { ...known.relay, inputAmount: 7n } };
		await world.fund('1', '1', world.chain('1').spokePool);
		const tx = await refund(world.chain('1'), [known, more]);
		expect(await noteOf(sent)).toBe('expired, a refund was seen that may be of other deposits');
		hint(tx);
		expect(await returnOf(sent)).toMatchObject({ amount: 50n * USDC, transactionHash: tx });
	});

	it('is not believed when it has refunded another deposit, less, somebody else, or nothing', async () => {
		const [ours, other, small] = await expired(50n * USDC, 60n * USDC, 10n * USDC);
		if (ours === undefined || other === undefined || small === undefined) throw new Error('three deposits expected');
		const known = one(await seen(ours));
		const like = (relay: Partial<Deposit['relay']>) => refund(world.chain('1'), [{ ...known, relay: { ...known.relay, ...relay } }]);
		const theirs = await like({ depositor: pad(HUB_OPERATOR.address) });
		expect(await noteOf(ours)).toBe('expired, refund not seen yet');
		const less = await like({ inputAmount: 3n * USDC });
		hint(less);
		expect(await noteOf(ours)).toBe('expired, refund not seen yet');
		await world.fund('1', '100', world.chain('1').spokePool);
		const wrong = [await refunded(other), await refunded(small), theirs, less, ours.evidence.depositTx as Hex, pad('0xbad', { size: 32 })];
		for (const tx of wrong) {
			hint(tx);
			expect((await prove(ours)).state, tx).toBe('pending');
		}
		for (const refundTx of wrong.slice(1, 5)) {
			await expect(across.verify(ours.order, { ...ours.evidence, refundTx }, null)).rejects.toBeInstanceOf(InvariantError);
		}
		await expect(across.verify(ours.order, { ...ours.evidence, refundTx: pad('0xbad', { size: 32 }) }, null)).rejects.toBeInstanceOf(
			TransientError,
		);
	});

	it('is not believed when it lies before the deposit', async () => {
		const before = one(await expired(80n * USDC));
		hint(await refunded(before));
		const sent = one(await expired(50n * USDC));
		expect(await noteOf(sent)).toBe('expired, refund not seen yet');
	});
});
