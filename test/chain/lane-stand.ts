/** The product on local chains that mine only when they are told to, with the key of the wallet that the rows of store tests name. */
import { sql } from 'drizzle-orm';
import { createTestClient, defineChain, type Hex, http, publicActions, walletActions } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { startAnvil } from '../../sandbox/servers/anvil.ts';
import type { App } from '../../src/app.ts';
import type { QuoteRequest } from '../../src/bridge/bridge.ts';
import type { SendHooks } from '../../src/chain/send.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createApp } from '../../src/create-app.ts';
import type { Effect } from '../../src/leg/effect.ts';
import { amount, BASE_UNIT, ZERO } from '../../src/money/amount.ts';
import type { Log } from '../../src/observe/log.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Store } from '../../src/store/db.ts';
import { readEffectsOf } from '../../src/store/effects.ts';
import { openLane } from '../../src/store/lanes.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { earmarked, POOL, SIGNER, TOKEN, testStore } from '../store/fixture.ts';

/** Of `SIGNER`, the second account of the development mnemonic. */
const SIGNER_KEY = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
export const REPLACE_AFTER_MS = 60_000;

type Chain = Awaited<ReturnType<typeof startChain>>;

export interface Stand {
	readonly app: App;
	readonly store: Store;
	/** What was logged since the last look at it, as `level message`. */
	readonly said: string[];
	chain(venue: '1' | '10'): Chain;
	stop(): Promise<void>;
}

async function startChain(chainId: number) {
	const anvil = await startAnvil({ chainId, blockSeconds: 0 });
	const chain = defineChain({
		id: chainId,
		name: `${chainId}`,
		nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
		rpcUrls: { default: { http: [anvil.url] } },
	});
	const client = createTestClient({ chain, mode: 'anvil', transport: http(), account: privateKeyToAccount(SIGNER_KEY), cacheTime: 0 })
		.extend(publicActions)
		.extend(walletActions);
	await client.setAutomine(false);
	return { anvil, client };
}

/** `deep`: blocks before what spends 1 token unit or more is final; everything else is final when it is mined. */
export async function startStand({ maxFeePerGas = '500', deep = 0 }: { maxFeePerGas?: string; deep?: number } = {}): Promise<Stand> {
	const chains = { '1': await startChain(1), '10': await startChain(10) };
	const store = await testStore();
	const said: string[] = [];
	const chainSettings = ({ anvil }: Chain) => ({
		...{ name: 'a chain', rpcUrls: [anvil.url], pollMs: 50, fees: { maxFeePerGas, replaceAfterMs: REPLACE_AFTER_MS } },
		finalityBlocks: [{ below: '1', blocks: 0 }, { blocks: deep }],
	});
	const token = { address: TOKEN, decimals: 0 };
	const file = fileSchema.parse({
		wallet: SIGNER,
		chains: { '1': chainSettings(chains['1']), '10': chainSettings(chains['10']) },
		assets: { USDC: { venues: { '1': token, '10': token } } },
		everclear: { apiUrl: 'http://127.0.0.1:1', spokes: { '10': POOL } },
		bridges: { across: { apiUrl: 'http://127.0.0.1:1', spokePools: { '1': POOL, '10': POOL } } },
	});
	const created = createApp({ config: resolveConfig(file), db: store.db, log: telling(said), signerKey: SIGNER_KEY });
	const app = { ...created, bridges: new Map([...created.bridges].map(([name, bridge]) => [name, { ...bridge, send, quote }])) };
	for (const venue of ['1', '10']) await openLane(store.db, { venue, signer: SIGNER, next: 0n });
	return {
		...{ app, store, said },
		chain: (venue) => chains[venue],
		async stop() {
			await store.close();
			await Promise.all(Object.values(chains).map(({ anvil }) => anvil.stop()));
		},
	};
}

function telling(said: string[]): Log {
	const log = createLog('silent', 'test');
	for (const level of ['info', 'warn', 'error', 'fatal'] as const) {
		log[level] = (_: unknown, text?: string) => void said.push(`${level} ${text}`);
	}
	return log;
}

/** The calls of legs go to the pool, whatever they ask of it. */
const send = async () => ({ chainId: 1, to: POOL, data: '0x12345678', value: 0n }) as const;

/** Whatever was planned may be sent. */
const quote = async ({ send: sent }: QuoteRequest) => {
	const price = { send: sent, receive: sent, fixedFee: ZERO, feeBps: '0', minimum: ZERO, maximum: sent, step: BASE_UNIT };
	return { ...price, offered: amount(10n ** 30n), seconds: 1, validUntilMs: Number.MAX_SAFE_INTEGER };
};

export const hooks: SendHooks = {
	prepare: send,
	lockOwner: async () => {},
	onNonce: async () => {},
};

/** Effects of one kind, of so many legs from venue 1; nothing of them is under way. */
export async function effectsFrom1({ store }: Stand, kind: 'approve' | 'send', legs = 1): Promise<Effect[]> {
	const { earmarkId } = await earmarked(store.db, legs);
	const ids = (await readLegsOf(store.db, earmarkId)).map((leg) => leg.id);
	return (await readEffectsOf(store.db, 'leg', ids)).filter((effect) => effect.kind === kind);
}

/** As if everything that was signed or suspected so far had been so for a while, and nobody had touched it since. */
export async function letPass({ store }: Stand, ms: number): Promise<void> {
	const earlier = sql.raw(`- interval '${ms} milliseconds'`);
	await store.db.execute(sql`update attempts set created_at = created_at ${earlier}, broadcast_at = broadcast_at ${earlier}`);
	await store.db.execute(sql`update effects set updated_at = updated_at ${earlier}, foreign_since = foreign_since ${earlier}`);
	await store.db.execute(sql`update signer_lanes set foreign_since = foreign_since ${earlier}`);
}

/** The same key signs something that Ballast knows nothing of; answers its hash. */
export async function sendAsStranger({ client }: Chain, nonce: number, call: { to?: Hex; data?: Hex } = {}): Promise<Hex> {
	const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n };
	return client.sendTransaction({ to: TOKEN, data: '0xdead', ...call, nonce, gas: 200_000n, ...fees });
}
