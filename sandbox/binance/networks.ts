/** The coins of the exchange on its networks: what they are called, where deposits go, what withdrawals cost. */
import { type Address, concatHex, getAddress, toHex } from 'viem';
import type { LocalChain } from '../chains/chain.ts';

/** What the exchange asks on one network for one coin; amounts in token units. */
export interface Terms {
	withdrawFee: string;
	withdrawMin: string;
	withdrawMax: string;
	/** Amounts of withdrawals are whole multiples of this. */
	withdrawIntegerMultiple: string;
	depositEnable: boolean;
	withdrawEnable: boolean;
	busy: boolean;
	/** Blocks, the deposit's own included, until it is credited, and until it may be withdrawn. */
	minConfirm: number;
	unLockConfirm: number;
	/** Minutes. */
	estimatedArrivalTime: number;
}

export interface Listing {
	readonly coin: string;
	readonly network: string;
	/** In full, as it is shown to people. */
	readonly name: string;
	readonly explorer: string;
	readonly chain: LocalChain;
	readonly token: Address;
	readonly isDefault: boolean;
	/** Where deposits of every coin on this network go. */
	readonly depositAddress: Address;
	readonly terms: Terms;
}

/** The token of a coin by chain; it has as many decimals as USDC has there. */
export type Coins = Readonly<Record<string, (chain: LocalChain) => Address>>;

interface Place {
	readonly network: string;
	readonly name: string;
	readonly explorer: string;
	readonly cost: Pick<Terms, 'withdrawFee' | 'withdrawMin'>;
}

const DEAR = { withdrawFee: '1', withdrawMin: '2' };
const CHEAP = { withdrawFee: '0.1', withdrawMin: '0.2' };
const DEFAULT_CHAIN = 1;

/** By chain id, as Binance names them. */
const PLACES: ReadonlyMap<number, Place> = new Map([
	[DEFAULT_CHAIN, { network: 'ETH', name: 'Ethereum (ERC20)', explorer: 'https://etherscan.io/address/', cost: DEAR }],
	[10, { network: 'OPTIMISM', name: 'Optimism', explorer: 'https://optimistic.etherscan.io/address/', cost: CHEAP }],
	[56, { network: 'BSC', name: 'BNB Smart Chain (BEP20)', explorer: 'https://bscscan.com/address/', cost: CHEAP }],
	[137, { network: 'MATIC', name: 'Polygon', explorer: 'https://polygonscan.com/address/', cost: CHEAP }],
	[8453, { network: 'BASE', name: 'Base', explorer: 'https://basescan.org/address/', cost: CHEAP }],
	[42161, { network: 'ARBITRUM', name: 'Arbitrum One', explorer: 'https://arbiscan.io/address/', cost: CHEAP }],
	[43114, { network: 'AVAXC', name: 'AVAX C-Chain', explorer: 'https://snowtrace.io/address/', cost: CHEAP }],
]);
const USUAL: Omit<Terms, 'withdrawFee' | 'withdrawMin'> = {
	withdrawMax: '1000000',
	withdrawIntegerMultiple: '0.000001',
	depositEnable: true,
	withdrawEnable: true,
	busy: false,
	minConfirm: 1,
	// One more than the depth of the reorganisations in fault runs: what may be withdrawn is not taken away again.
	unLockConfirm: 3,
	estimatedArrivalTime: 1,
};

/** A chain that has no name at the exchange is not listed. */
export function listingsOf(chains: Iterable<LocalChain>, coins: Coins): readonly Listing[] {
	return [...chains].flatMap((chain) => {
		const place = PLACES.get(chain.chainId);
		if (place === undefined) return [];
		const { network, name, explorer, cost } = place;
		const common = { network, name, explorer, chain, isDefault: chain.chainId === DEFAULT_CHAIN, depositAddress: depositAddressOn(chain) };
		return Object.entries(coins).map(([coin, tokenOn]) => ({ ...common, coin, token: tokenOn(chain), terms: { ...USUAL, ...cost } }));
	});
}

/** Undoes every change of the terms. */
export function resetTerms(listings: readonly Listing[]): void {
	for (const { chain, terms } of listings) Object.assign(terms, USUAL, PLACES.get(chain.chainId)?.cost);
}

/** An account of its own on every chain, of which nobody has a key: the exchange keeps what was deposited where it is. */
function depositAddressOn({ chainId }: LocalChain): Address {
	return getAddress(concatHex(['0xb1ad', toHex(chainId, { size: 18 })]));
}
