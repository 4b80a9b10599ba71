/** The product's own steps and store on a real database, with the simulated outside behind its ports. */
import type { App } from '../../src/app.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { type Config, resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { InvariantError, TransientError } from '../../src/errors.ts';
import { amount, hubAmount } from '../../src/money/amount.ts';
import { formatAmount } from '../../src/money/units.ts';
import { createLog } from '../../src/observe/log.ts';
import { createSyncBalances } from '../../src/steps/balances.ts';
import type { Db } from '../../src/store/db.ts';
import { inTransaction } from '../../src/store/db.ts';
import { claimEffect, readEffect, storeAttempt } from '../../src/store/effects.ts';
import type { EverclearClient } from '../../src/trigger/everclear/client.ts';
import type { EverclearInvoice } from '../../src/trigger/everclear/invoice.ts';
import { bridgesOf } from './adapters.ts';
import { signed } from './chain.ts';
import { beginTransaction, look } from './moment.ts';
import { HUB_SCALE, type Invoice, intentCall, type Outside, RESERVE, SPOKE, tokenAt, VENUES, WALLET } from './outside.ts';

/** Routes in a row. Nothing else leads from 1 to 56; what cannot come from 56 to 10 any more may go over 1. */
export const VIAS = [
	['model-1-10-USDC', 'claiming-10-56-USDC'],
	['claiming-1-10-USDC', 'model-10-56-USDC'],
	['model-56-1-USDC', 'claiming-1-10-USDC'],
] as const;
const CLAIMING = [
	{ origin: '1', destination: '10' },
	{ origin: '10', destination: '56' },
	{ origin: '56', destination: '10' },
] as const;

export type Vias = readonly (typeof VIAS)[number][];

export interface Clock {
	nowMs: number;
}

/** One second passes at every look at the clock, so that no reading of balances is shared between steps. */
export function createProduct(outside: Outside, { db: real, clock, vias }: { db: Db; clock: Clock; vias: Vias }): App {
	const db = dying(real);
	const config = simulatedConfig(vias);
	const log = createLog('silent', 'simulation');
	const client = (venue: string) => outside.chainAt(venue).client(look);
	const chain = (venue: string) => {
		const found = config.chains.get(venue);
		if (found === undefined) throw new RangeError(`there is no chain ${venue}`);
		return found;
	};
	const nowMs = () => {
		clock.nowMs += 1_000;
		return clock.nowMs;
	};
	const parts = {
		...{ config, db, log, client, nowMs },
		checkChains: async () => [],
		bridges: bridgesOf(outside),
		everclear: hubOf(outside, config),
		sending: { db, log, client, chain, signer: signerOf(db) },
	};
	return { ...parts, syncBalances: createSyncBalances(parts) };
}

function simulatedConfig(vias: Vias): Config {
	const pairs = VENUES.flatMap((origin) => VENUES.filter((venue) => venue !== origin).map((destination) => ({ origin, destination })));
	const routes = [
		...pairs.filter(({ origin, destination }) => origin !== '1' || destination !== '56').map((pair) => ({ ...pair, bridge: 'model' })),
		...CLAIMING.map((pair) => ({ ...pair, bridge: 'claiming' })),
	];
	const reserve = formatAmount(amount(RESERVE), 6);
	const byVenue = <T>(value: (venue: string) => T) => Object.fromEntries(VENUES.map((venue) => [venue, value(venue)]));
	return resolveConfig(
		fileSchema.parse({
			wallet: WALLET,
			chains: byVenue((venue) => ({ name: venue, rpcUrls: ['http://127.0.0.1:1'], finalityBlocks: 0 })),
			assets: { USDC: { venues: byVenue((venue) => ({ address: tokenAt(venue), decimals: 6, reserve })) } },
			everclear: { apiUrl: 'http://127.0.0.1:1', spokes: byVenue(() => SPOKE), marginBps: '-10000' },
			bridges: { model: {}, claiming: {} },
			routes: routes.map((route) => ({ ...route, asset: 'USDC', toleranceBps: '9000' })),
			via: vias,
			planning: { snapshotMaxAgeMs: 3_600_000 },
		}),
	);
}

/** Transactions of a step may be its last act. */
function dying(db: Db): Db {
	return new Proxy(db, {
		get(target, key) {
			if (key === 'transaction') beginTransaction();
			const value: unknown = Reflect.get(target, key);
			return typeof value === 'function' ? value.bind(target) : value;
		},
	});
}

function signerOf(db: Db): Signer {
	return {
		address: WALLET,
		async sign(effectId) {
			const { payload, nonce } = await readEffect(db, effectId);
			const epoch = await claimEffect(db, effectId, 'reserved');
			await look();
			if (payload === null || nonce === null) throw new InvariantError(`effect ${effectId} has no payload to sign`);
			const attempt = { ...signed({ to: payload.target, data: payload.calldata, nonce }), payloadHash: '0x01' } as const;
			await inTransaction(db, { actor: 'signer', reason: `signed with nonce ${nonce}` }, (tx) =>
				storeAttempt(tx, { effectId, epoch, attempt: { ...attempt, gas: 1n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n } }),
			);
			return 'signed';
		},
	};
}

function hubOf(outside: Outside, config: Config): EverclearClient {
	const asked = async <T>(id: string, answer: (invoice: Invoice) => T): Promise<T | 'gone'> => {
		if (outside.silence > 0) {
			outside.silence -= 1;
			throw new TransientError('the hub does not answer');
		}
		const found = outside.invoices.find((invoice) => invoice.id === id && invoice.listed);
		const said = found === undefined ? 'gone' : answer(found);
		// What is said may be old news when it arrives.
		await look();
		return said;
	};
	return {
		async *invoices() {
			yield { rows: outside.invoices.filter((invoice) => invoice.listed).map((invoice) => rowOf(invoice, config)), rejected: [] };
		},
		invoice: (id) => asked(id, (invoice) => rowOf(invoice, config)),
		minAmounts: (id) =>
			asked(id, ({ amounts }) => ({
				...{ invoiceAmount: hubAmount(HUB_SCALE), amountAfterDiscounts: new Map(), discountBps: null, rejected: [] },
				minAmounts: new Map([...amounts].map(([venue, units]) => [venue, hubAmount(units * HUB_SCALE)])),
			})),
		async buildIntent({ origin, destinations, to, inputAsset, amount: units }) {
			await look();
			return { chainId: Number(origin), to: SPOKE, data: intentCall({ destinations, to, inputAsset, amount: units }), value: 0n };
		},
		intentStatuses: async () => new Map(),
	};
}

function rowOf({ id, name }: Invoice, config: Config): EverclearInvoice {
	return {
		id,
		tickerHash: config.assets.get('USDC')?.tickerHash ?? '0x',
		amount: hubAmount(HUB_SCALE),
		origin: '8453',
		destinations: [...VENUES],
		// A before B, so that ties of age do not hang on ids.
		enqueuedAt: 1_700_000_000 + name.charCodeAt(0),
		owner: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
		discountBps: '0',
		hubStatus: 'INVOICED',
	};
}
