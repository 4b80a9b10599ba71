/**
 * Gnosis's ConditionalTokens, the contract behind the outcome tokens of Polymarket, as its npm package has compiled it: ERC-1155 tokens
 * that are minted in pairs against collateral. Real: all of it. Not here: exchanges, the adapter for negative risk and its wrapped
 * collateral.
 */
import { type Address, getAddress, getContractAddress, type TransactionReceipt } from 'viem';
import * as artifacts from '../chains/artifacts.ts';
import type { LocalChain } from '../chains/chain.ts';
import type { Call } from '../chains/client.ts';
import { mineAll, withArguments } from '../chains/deploy.ts';
import { unitsOf } from '../scale.ts';

/** Deploys the contract, prepares markets, and reports how they end unless another oracle is named. The node is told to let it act. */
export const MARKET_OPERATOR: Address = getAddress('0xc7f0000000000000000000000000000000000001');

/** In wei: everybody pays gas. */
const GIVEN_WEI = unitsOf('1000', 18);
/** In wei: more than any call here costs. */
const LEAST_WEI = unitsOf('0.1', 18);

export interface ConditionalTokens {
	readonly address: Address;
}

/** Once per chain. The address is the same in every run, and differs from chain to chain. */
export async function deployConditionalTokens(chain: LocalChain): Promise<ConditionalTokens> {
	const { client } = chain;
	const nonce = firstNonce(chain);
	await Promise.all([
		client.impersonateAccount({ address: MARKET_OPERATOR }),
		client.setBalance({ address: MARKET_OPERATOR, value: GIVEN_WEI }),
		client.setNonce({ address: MARKET_OPERATOR, nonce }),
	]);
	const hash = await client.send({ from: MARKET_OPERATOR, data: withArguments(artifacts.conditionalTokens(), []) });
	await mineAll(client);
	await client.mined(hash);
	return { address: getContractAddress({ from: MARKET_OPERATOR, nonce: BigInt(nonce) }) };
}

const firstNonce = ({ chainId }: LocalChain): number => chainId * 100;

/**
 * Sends one call and waits until it is mined. Throws when it has reverted. The sender needs no key, and is given gas when it has next
 * to none.
 */
export async function act({ client }: LocalChain, call: Call): Promise<TransactionReceipt> {
	const { from: address } = call;
	await client.impersonateAccount({ address });
	if ((await client.getBalance({ address })) < LEAST_WEI) await client.setBalance({ address, value: GIVEN_WEI });
	return client.execute(call);
}
