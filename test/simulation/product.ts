/** The product's own steps, queue shell and signer on a store in memory, with the simulated outside behind its ports. */
import type { App } from '../../src/app.ts';
import { createSigner } from '../../src/chain/signer.ts';
import { type Config, resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { TransientError } from '../../src/errors.ts';
import type { EverclearClient } from '../../src/everclear/client.ts';
import type { EverclearInvoice } from '../../src/everclear/invoice.ts';
import { noRequester } from '../../src/exchange/requester.ts';
import { amount, hubAmount } from '../../src/money/amount.ts';
import { formatAmount } from '../../src/money/units.ts';
import { createLog } from '../../src/observe/log.ts';
import { createSyncBalances } from '../../src/steps/upkeep/balances.ts';
import { bridgesOf } from './adapters.ts';
import { look } from './moment.ts';
import { accountOf, nodeOf } from './node.ts';
import { HUB_SCALE, type Invoice, intentCall, type Outside, RESERVE, SPOKE, tokenAt, VENUES, WALLET } from './outside.ts';
import type { Rows } from './store/memory.ts';

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

interface ProductParts extends Rows {
	readonly clock: Clock;
	readonly vias: Vias;
}

const log = createLog('silent', 'simulation');
const configs = new Map<string, Config>();

/** One second passes at every look at the clock, so that no reading of balances is shared between steps. */
export function createProduct(outside: Outside, { memory, db, clock, vias }: ProductParts): App {
	const config = simulatedConfig(vias, outside.finality);
	const onSent = (hash: string) => {
		if (!memory.attempts.some((each) => each.hash === hash)) outside.faults.push(`${hash} was sent before it was stored`);
	};
	const nodes = new Map([...outside.chains].map(([venue, chain]) => [venue, nodeOf(chain, { look, onSent })]));
	const at = <T>(places: ReadonlyMap<string, T>) => {
		return (venue: string): T => {
			const found = places.get(venue);
			if (found === undefined) throw new RangeError(`there is no chain ${venue}`);
			return found;
		};
	};
	const [client, chain] = [at(nodes), at(config.chains)];
	const bridges = bridgesOf(outside);
	const policy = {
		tokens: (venue: string) => [tokenAt(venue)],
		bridges: (venue: string) => [...bridges.values()].flatMap((bridge) => bridge.contracts(venue)),
		deposits: () => [],
		purchases: () => [SPOKE],
	};
	const nowMs = () => {
		clock.nowMs += 1_000;
		return clock.nowMs;
	};
	const signer = createSigner({ db, account: accountOf(WALLET), policy, client, chain });
	const parts = {
		...{ config, db, log, client, nowMs, bridges },
		checkChains: async () => [],
		everclear: hubOf(outside, config),
		sending: { db, log, client, chain, signer },
		requester: noRequester(),
	};
	return { ...parts, syncBalances: createSyncBalances(parts) };
}

function simulatedConfig(vias: Vias, finality: bigint): Config {
	const key = `${finality} ${vias.join(';')}`;
	const known = configs.get(key);
	if (known !== undefined) return known;
	const pairs = VENUES.flatMap((origin) => VENUES.filter((venue) => venue !== origin).map((destination) => ({ origin, destination })));
	const routes = [
		...pairs.filter(({ origin, destination }) => origin !== '1' || destination !== '56').map((pair) => ({ ...pair, bridge: 'model' })),
		...CLAIMING.map((pair) => ({ ...pair, bridge: 'claiming' })),
	];
	const reserve = formatAmount(amount(RESERVE), 6);
	const byVenue = <T>(value: (venue: string) => T) => Object.fromEntries(VENUES.map((venue) => [venue, value(venue)]));
	const config = resolveConfig(
		fileSchema.parse({
			wallet: WALLET,
			chains: byVenue((venue) => ({ name: venue, rpcUrls: ['http://127.0.0.1:1'], finalityBlocks: Number(finality) })),
			assets: { USDC: { venues: byVenue((venue) => ({ address: tokenAt(venue), decimals: 6, reserve })) } },
			everclear: { apiUrl: 'http://127.0.0.1:1', spokes: byVenue(() => SPOKE), marginBps: '-10000' },
			bridges: { model: {}, claiming: {} },
			routes: routes.map((route) => ({ ...route, asset: 'USDC', toleranceBps: '9000' })),
			via: vias,
			planning: { snapshotMaxAgeMs: 3_600_000, budgetMs: 2_000 },
		}),
	);
	configs.set(key, config);
	return config;
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
			await look();
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
