/** Puts the parts together once per process, from configuration alone. */

import type { Address } from 'viem';
import type { App } from './app.ts';
import { createBridges } from './bridge/registry.ts';
import { createClients, RPC_TIMEOUT_MS } from './chain/clients.ts';
import type { SigningPolicy } from './chain/policy.ts';
import { accountOf, createSigner, type Signer } from './chain/signer.ts';
import type { Config } from './config/load.ts';
import { ConfigError, InvariantError } from './errors.ts';
import { createEverclearClient } from './everclear/client.ts';
import { createExchanges, type ExchangeKeys } from './exchange/registry.ts';
import { createRequester, noRequester } from './exchange/requester.ts';
import type { OpenBudget } from './http.ts';
import type { VenueId } from './inventory/venue.ts';
import type { Log } from './observe/log.ts';
import { createSyncBalances } from './steps/upkeep/balances.ts';
import type { Db } from './store/db.ts';
import { createRequestBudget } from './store/request-budgets.ts';

interface AppParts {
	readonly config: Config;
	readonly db: Db;
	readonly log: Log;
	/** 32-byte hex; its address must be the configured wallet. Processes that sign nothing are started without it. */
	readonly signerKey: string | undefined;
	/** By the exchange's name, as it is under "bridges". */
	readonly exchangeKeys?: ExchangeKeys;
	/** Unix milliseconds; the machine's clock unless told otherwise. */
	readonly nowMs?: () => number;
}

/** Throws `ConfigError` naming the wrong key. */
export function createApp({ config, db, log, signerKey, exchangeKeys = {}, nowMs = () => Date.now() }: AppParts): App {
	const { client, checkChains } = createClients(config.chains, RPC_TIMEOUT_MS, { log, nowMs });
	const chain = (venue: VenueId) => {
		const found = config.chains.get(venue);
		if (found === undefined) throw new ConfigError(`chains.${venue}`, 'is needed by a stored effect but not configured');
		return found;
	};
	const budget: OpenBudget = (service, perSecond) => createRequestBudget(db, service, perSecond);
	const exchanges = createExchanges({ keys: exchangeKeys, budget, nowMs, mustHaveKeys: signerKey !== undefined });
	const bridges = createBridges(config.bridges, {
		client,
		fetch,
		nowMs,
		finalityBlocks: (venue) => chain(venue).finalityBlocks,
		budget,
		exchange: exchanges.open,
	});
	const policy: SigningPolicy = {
		tokens: (venue) => [...config.assets.values()].flatMap((asset) => asset.venues.get(venue)?.address ?? []),
		bridges: (venue) => [...bridges.values()].flatMap((bridge) => bridge.contracts(venue)),
		deposits: (venue) => [...bridges.values()].flatMap((bridge) => bridge.deposits?.(venue) ?? []),
		purchases: (venue) => addressesAt(config.everclear.spokes, venue),
	};
	const signer =
		signerKey === undefined
			? noSigner(config.wallet)
			: createSigner({ db, account: accountOf(config.wallet, signerKey), policy, client, chain });
	const parts = {
		config,
		db,
		log,
		client,
		checkChains,
		bridges,
		nowMs,
		everclear: createEverclearClient({ apiUrl: config.everclear.apiUrl, pageSize: config.everclear.pageSize, fetch }),
		sending: { db, log, signer, client, chain },
		requester: signerKey === undefined ? noRequester() : createRequester({ db, log, wallet: config.wallet, exchange: exchanges.named }),
	};
	return { ...parts, syncBalances: createSyncBalances(parts) };
}

/** For the process types that serve no job: they hold no key and cannot sign. */
function noSigner(address: Address): Signer {
	return {
		address,
		sign: (effectId) => Promise.reject(new InvariantError(`this process has no key and does not sign effect ${effectId}`, { effectId })),
	};
}

function addressesAt(spokes: ReadonlyMap<VenueId, Address>, venue: VenueId): Address[] {
	const spoke = spokes.get(venue);
	return spoke === undefined ? [] : [spoke];
}
