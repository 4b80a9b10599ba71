/** One of Across's pools, and how it is asked. */
import type { Address, PublicClient } from 'viem';
import { lookAt } from '../../chain/look.ts';

export interface PoolPlace {
	readonly client: PublicClient;
	readonly pool: Address;
	readonly chainId: number;
	/** How many blocks on top of one make it final. */
	readonly finalityBlocks: number;
}

/** Throws `TransientError` for every failure of the look itself. */
export function asked<T>({ chainId, pool }: PoolPlace, look: () => Promise<T>): Promise<T> {
	return lookAt({ name: `pool ${pool}`, chainId }, look);
}
