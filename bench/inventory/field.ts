/** The field of the measurement: 20 chains with 8 tokens and 2 holders each, whose endpoints are 50 ms away, and the product before them. */
import { randomBytes } from 'node:crypto';
import { createDatabase } from '../../sandbox/servers/database.ts';
import { startPostgres } from '../../sandbox/servers/postgres.ts';
import type { App } from '../../src/app.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { createApp } from '../../src/create-app.ts';
import { createLog } from '../../src/observe/log.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import { type Endpoints, type FarChain, startEndpoints } from './far.ts';

export interface Field {
	readonly endpoints: Endpoints;
	readonly app: App;
	/** Warnings and worse that the product has logged so far, as JSON lines. */
	readonly warnings: readonly string[];
	/** Another database, with all tables and nothing in them. */
	openBooks(): Promise<Books>;
	stop(): Promise<void>;
}

export interface Books {
	readonly databaseUrl: string;
	readonly db: Store['db'];
}

const CHAINS = 20;
const LATENCY_MS = 50;
const TEMPLATE = 'ballast_inventory';
/** As `DATABASE_POOL` is unless it is set. */
const POOL = 10;
/** Fewer than the chains have blocks at first, so that what is settled is a block of its own, with balances in it. */
export const FINALITY_BLOCKS = 12;
/** The second holder's name in the configuration. */
const HOLDER = 'safe';

/** Starts a database and endpoints on loopback; what was started is stopped again when something fails. */
export async function openField(seed: number): Promise<Field> {
	const postgres = await startPostgres({ durable: true });
	const toClose: (() => Promise<void>)[] = [() => postgres.stop()];
	const stop = async () => {
		for (const close of toClose.splice(0).reverse()) await close();
	};
	try {
		const chains = Array.from({ length: CHAINS }, (_, index) => index + 1);
		const endpoints = await startEndpoints({ chains, latencyMs: LATENCY_MS, seed });
		toClose.push(() => endpoints.stop());
		await migrateDatabase(await postgres.createDatabase(TEMPLATE));
		const openBooks = async (): Promise<Books> => {
			const databaseUrl = await createDatabase(postgres.url, `bench_${randomBytes(6).toString('hex')}`, TEMPLATE);
			const store = openStore({ databaseUrl, pool: POOL });
			toClose.push(() => store.close());
			return { databaseUrl, db: store.db };
		};
		const warnings: string[] = [];
		const log = createLog('warn', 'bench', { write: (line) => void warnings.push(line) });
		const { db } = await openBooks();
		const app = createApp({ config: configFor(endpoints.chains), db, log, signerKey: undefined });
		return { endpoints, app, warnings, openBooks, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** The wallet has every token of every chain, and the second holder is watched. What is not written is as it is by default. */
function configFor(chains: readonly FarChain[]) {
	const [wallet, holder] = chains[0]?.holders ?? [];
	const symbols = chains[0]?.tokens.map(({ symbol }) => symbol) ?? [];
	const tokenOf = ({ tokens }: FarChain, symbol: string) => {
		const { address, decimals } = tokens.find((token) => token.symbol === symbol) ?? {};
		return { address, decimals };
	};
	const eachChain = <T>(of: (chain: FarChain) => T) => Object.fromEntries(chains.map((chain) => [`${chain.chainId}`, of(chain)]));
	const watch = chains.flatMap((chain) =>
		symbols.map((asset) => {
			return { token: 'erc20', asset, chain: `${chain.chainId}`, holders: [HOLDER], ...tokenOf(chain, asset) };
		}),
	);
	const file = fileSchema.parse({
		wallet,
		chains: eachChain(({ chainId, url }) => ({ name: `chain ${chainId}`, rpcUrls: [url], finalityBlocks: FINALITY_BLOCKS })),
		assets: Object.fromEntries(symbols.map((symbol) => [symbol, { venues: eachChain((chain) => tokenOf(chain, symbol)) }])),
		// Nobody asks it here.
		everclear: { apiUrl: 'http://127.0.0.1:9', spokes: {} },
		inventory: { holders: { [HOLDER]: holder }, watch },
	});
	return resolveConfig(file);
}
