/** The planning step on a real database, with bridges that answer at once and balances that are written as if they had just been read. */
import postgres from 'postgres';
import type { App } from '../../src/app.ts';
import type { BridgeAdapter, Quote } from '../../src/bridge/bridge.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createApp } from '../../src/create-app.ts';
import type { Destination } from '../../src/invoice/demand.ts';
import { type Amount, amount, BASE_UNIT, hubAmount, ZERO } from '../../src/money/amount.ts';
import { createLog } from '../../src/observe/log.ts';
import { type Db, inTransaction, openStore, type Store } from '../../src/store/db.ts';
import { recordEvaluation, saveInvoice } from '../../src/store/demands.ts';
import { saveBalances } from '../../src/store/inventory.ts';
import { testDatabase } from '../stack.ts';
import { CAUSE, POOL, randomHash, SIGNER, TOKEN } from '../store/fixture.ts';
import { look, reading } from '../store/watched.ts';

const VENUES = ['1', '10', '56'] as const;
export type Venue = (typeof VENUES)[number];
/** Base units of one token: decimals are six everywhere but for USDC at 56. */
export const ONE = 1_000_000n;

export interface PlanningStand {
	readonly app: App;
	readonly store: Store;
	readonly sql: postgres.Sql;
	/** What the planner was asked so far, as documents. */
	readonly files: object[];
	/** Awaited before each transaction in which something is committed; it may change what was planned on. */
	beforeCommit: () => Promise<void>;
	/** Awaited by every bridge that is asked for a quote. */
	whileQuoting: () => Promise<void>;
	/** What quotes say instead, by `origin` or `origin-destination`. */
	says: Record<string, Partial<Quote>>;
	has(venue: Venue, tokens: bigint, asset?: string): Promise<void>;
	stop(): Promise<void>;
}

/** Settings of `planning` may be changed, and fills be looked at in a phase of their rollout. */
export async function startPlanning(planning: object = {}, phase = 'off'): Promise<PlanningStand> {
	const databaseUrl = await testDatabase();
	const store = openStore({ databaseUrl, pool: 6 });
	const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
	const files: object[] = [];
	const created = createApp({
		config: configOf(planning, phase),
		db: store.db,
		log: createLog('debug', 'test', telling(files)),
		signerKey: undefined,
	});
	let block = 1n;
	const stand: PlanningStand = {
		app: {
			...created,
			db: withMiddle(store.db, () => stand.beforeCommit()),
			bridges: new Map([...created.bridges].map(([name, bridge]) => [name, answering(bridge, () => stand)])),
			syncBalances: async () => new Map(),
		},
		...{ store, sql, files },
		beforeCommit: async () => {},
		whileQuoting: async () => {},
		says: {},
		async has(venue, tokens, asset = 'USDC') {
			block += 1n;
			const units = asset === 'USDC' && venue === '56' ? tokens * 10n ** 18n : tokens * ONE;
			await look(store.db, venue, { upTo: block });
			await saveBalances(store.db, [reading(venue, units, block, { asset })]);
		},
		async stop() {
			await sql.end();
			await store.close();
		},
	};
	for (const venue of VENUES) for (const asset of ['USDC', 'USDT']) await stand.has(venue, 0n, asset);
	return stand;
}

function configOf(planning: object, phase: string) {
	const byVenue = <T>(value: (venue: Venue) => T) => Object.fromEntries(VENUES.map((venue) => [venue, value(venue)]));
	const pairs = VENUES.flatMap((origin) => VENUES.filter((venue) => venue !== origin).map((destination) => ({ origin, destination })));
	return resolveConfig(
		fileSchema.parse({
			wallet: SIGNER,
			chains: byVenue((venue) => ({ name: venue, rpcUrls: ['http://127.0.0.1:1'], finalityBlocks: 1 })),
			assets: {
				USDC: { venues: byVenue((venue) => ({ address: TOKEN, decimals: venue === '56' ? 18 : 6, reserve: '5' })) },
				USDT: { venues: byVenue(() => ({ address: POOL, decimals: 6 })) },
			},
			everclear: { apiUrl: 'http://127.0.0.1:1', spokes: byVenue(() => POOL) },
			bridges: { across: { apiUrl: 'http://127.0.0.1:1', spokePools: byVenue(() => POOL) } },
			routes: ['USDC', 'USDT'].flatMap((asset) => pairs.map((pair) => ({ ...pair, asset, bridge: 'across' }))),
			via: [['across-1-56-USDC', 'across-56-10-USDC']],
			planning: { snapshotMaxAgeMs: 3_600_000, ...planning },
			inventory: { watch: [{ asset: 'YES', token: 'erc1155', address: POOL, id: '1', chain: '10', decimals: 6, holders: ['wallet'] }] },
			fills: { phase, markets: { btc: { assets: ['YES'] } } },
		}),
	);
}

/** Takes a tenth of a token and four basis points of whatever is sent; from 56 half a token. */
function answering(bridge: BridgeAdapter, stand: () => PlanningStand): BridgeAdapter {
	return {
		...bridge,
		async quote({ origin, destination, send }) {
			await stand().whileQuoting();
			const { says } = stand();
			const tenth = amount(10n ** BigInt(origin.decimals - 1));
			const fixedFee = origin.venue === '56' ? amount(tenth * 5n) : tenth;
			const facts = { send, receive: ZERO, fixedFee, feeBps: '4', step: BASE_UNIT, seconds: 60, validUntilMs: Number.MAX_SAFE_INTEGER };
			return {
				...facts,
				minimum: tenth,
				maximum: amount(tenth * 10_000n),
				...says[origin.venue],
				...says[`${origin.venue}-${destination.venue}`],
			};
		},
		spend: () => null,
	};
}

function withMiddle(db: Db, beforeCommit: () => Promise<void>): Db {
	return new Proxy(db, {
		get(target, key) {
			if (key !== 'transaction') return Reflect.get(target, key);
			const begin: Db['transaction'] = async (work, options) => {
				if (options?.accessMode !== 'read only') await beforeCommit();
				return target.transaction(work, options);
			};
			return begin;
		},
	});
}

function telling(files: object[]) {
	return {
		write(line: string) {
			const { msg, file } = JSON.parse(line) as { msg: string; file: object };
			if (msg === 'planned on') files.push(file);
		},
	};
}

interface Asking {
	readonly asset?: string;
	/** Whole tokens, where each destination is. */
	readonly at: readonly (readonly [Venue, bigint])[];
	/** Unix seconds; younger than the one before unless given. */
	readonly enqueuedAt?: number;
	/** The most that its plan may cost, in hub units; whatever unless given. */
	readonly maxCost?: bigint;
}

let enqueued = 1_700_000_000;

/** An open, evaluated demand. Returns its id, and its invoice's. */
export async function asks(
	{ store: { db } }: PlanningStand,
	{ asset = 'USDC', at, enqueuedAt, maxCost }: Asking,
): Promise<{ id: string; invoice: string }> {
	enqueued += 1;
	const invoice = randomHash();
	const id = await inTransaction(db, CAUSE, (tx) =>
		saveInvoice(tx, {
			...{ intentId: invoice, asset, owner: SIGNER, tickerHash: randomHash(), origin: '1', destinations: [] },
			...{ amountHub: hubAmount(ONE), discountBps: '1.5', hubStatus: 'INVOICED', enqueuedAt: enqueuedAt ?? enqueued },
		}),
	);
	await asksNow(db, { id, asset, at, ...(maxCost === undefined ? {} : { maxCost }) });
	return { id, invoice };
}

/** As if it had been evaluated again. */
export async function asksNow(db: Db, { id, asset = 'USDC', at, maxCost }: Asking & { readonly id: string }): Promise<void> {
	const units = (venue: Venue, tokens: bigint): Amount => amount(asset === 'USDC' && venue === '56' ? tokens * 10n ** 18n : tokens * ONE);
	const destinations: Destination[] = at.map(([venue, tokens]) => ({ venue, amount: units(venue, tokens) }));
	const waiting = { reason: 'NEEDS_FUNDS', detail: '' } as const;
	await recordEvaluation(db, {
		demandId: id,
		destinations,
		maxCost: maxCost === undefined ? null : hubAmount(maxCost),
		waiting,
		nextLookMs: 1_000,
	});
}
