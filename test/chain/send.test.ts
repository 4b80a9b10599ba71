import { createPublicClient, createTestClient, defineChain, http } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnvil } from '../../sandbox/servers/anvil.ts';
import type { Server } from '../../sandbox/servers/server.ts';
import { advanceEffect, type SendHooks, type SendPorts } from '../../src/chain/send.ts';
import { InvariantError } from '../../src/errors.ts';
import { latestEffect } from '../../src/leg/effect.ts';
import { createLog } from '../../src/observe/log.ts';
import { inTransaction, type Store } from '../../src/store/db.ts';
import { dropEffects, readEffectsOf } from '../../src/store/effects.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { CAUSE, earmarked, SIGNER, TOKEN, testStore } from '../store/fixture.ts';

/** PUSH1 0, PUSH1 0, REVERT: a contract that refuses whatever it is asked. */
const REFUSES_ALL = '0x60006000fd';

let anvil: Server;
let store: Store;
let ports: SendPorts;

beforeAll(async () => {
	anvil = await startAnvil({ chainId: 1, blockSeconds: 0 });
	store = await testStore();
	const chain = defineChain({
		id: 1,
		name: 'one',
		nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
		rpcUrls: { default: { http: [anvil.url] } },
	});
	const test = createTestClient({ chain, mode: 'anvil', transport: http() });
	await test.setCode({ address: TOKEN, bytecode: REFUSES_ALL });
	// What has a verdict below is mined.
	await test.setNonce({ address: SIGNER, nonce: 8 });
	ports = {
		db: store.db,
		log: createLog('silent', 'test'),
		signer: { address: SIGNER, sign: (id) => Promise.reject(new InvariantError(`nothing is signed here: ${id}`)) },
		client: () => createPublicClient({ chain, transport: http() }),
		chain: () => ({
			...{ chainId: 1, pollMs: 100, finality: { lowest: 1, deepest: 1, tiers: new Map() } },
			fees: { maxFeePerGas: 10n ** 12n, replaceAfterMs: 60_000 },
		}),
	};
});
afterAll(async () => {
	await store.close();
	await anvil.stop();
});

const hooks: SendHooks = {
	prepare: () => Promise.reject(new InvariantError('an approval is not prepared')),
	lockOwner: async () => {},
	onNonce: async () => {},
};

describe('an approval', () => {
	it('waits for the allowance that is being spent, when the token refuses to change it', async () => {
		const { earmarkId } = await earmarked(store.db, 2);
		const [first, second] = await readLegsOf(store.db, earmarkId);
		await store.db.execute(`update effects set status = 'confirmed', nonce = 7, target = '0x', calldata = '0x', gas = 1, payload_hash = '0x'
			where owner_id = '${first?.id}' and kind = 'approve'`);
		const approve = latestEffect(await readEffectsOf(store.db, 'leg', [second?.id ?? '']), 'approve');
		expect(await advanceEffect(ports, approve?.id ?? '', hooks)).toMatchObject({ state: 'waiting' });
		await inTransaction(store.db, CAUSE, (tx) => dropEffects(tx, 'leg', first?.id ?? ''));
		expect(await advanceEffect(ports, approve?.id ?? '', hooks)).toMatchObject({ state: 'refused', refusals: 1 });
	});
});
