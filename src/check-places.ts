/** Whether the tokens of the configuration are on their chains as it says, and whether the wallet can pay for gas there: looked at once, at the start. */
import { type Address, BaseError, ContractFunctionRevertedError, ContractFunctionZeroDataError, erc20Abi, type PublicClient } from 'viem';
import { problemOf } from './chain/quorum-members.ts';
import type { Config } from './config/load.ts';
import { configError, type Problem } from './config/problem.ts';
import type { VenueId } from './inventory/venue.ts';

type ClientOf = (venue: VenueId) => Pick<PublicClient, 'getBalance' | 'getCode' | 'multicall' | 'readContract'>;

/**
 * Throws `ConfigError` naming every address without a contract and every token with other decimals than are written: amounts would be wrong by powers of
 * ten. Returns what could not be looked at, and chains where the wallet has nothing to pay gas with. Chains of which every endpoint is `silent` are left out.
 */
export async function checkPlaces(config: Config, clientOf: ClientOf, silent: readonly Problem[] = []): Promise<readonly Problem[]> {
	const wrong: Problem[] = [];
	const unsettled: Problem[] = [];
	await Promise.all(
		[...config.chains.values()].map(async ({ venue, rpcUrls }) => {
			if (silent.filter(({ key }) => key.startsWith(`chains.${venue}.`)).length >= rpcUrls.length) return;
			try {
				wrong.push(...(await wrongTokens(config, venue, clientOf)));
				const gas = await clientOf(venue).getBalance({ address: config.wallet });
				if (gas === 0n) unsettled.push({ key: `chains.${venue}`, problem: noGas(config, venue) });
			} catch (error) {
				const problem = `its tokens and gas could not be looked at: ${problemOf(error)}`;
				unsettled.push({ key: `chains.${venue}`, problem });
			}
		}),
	);
	if (wrong.length > 0) throw configError(wrong);
	return unsettled;
}

function noGas({ wallet, chains }: Config, venue: VenueId): string {
	const name = chains.get(venue)?.name;
	return `the wallet ${wallet} has no coins for gas on ${name}: nothing can be sent from there, and nothing is lost. Send it some; work goes on by itself`;
}

interface CheckedToken {
	/** Where it is configured. */
	readonly key: string;
	readonly address: Address;
	readonly decimals: number;
}

function tokensAt({ assets, inventory }: Config, chain: VenueId): CheckedToken[] {
	return (inventory.positions.get(chain) ?? []).flatMap(({ venue, asset, token, decimals }) => {
		if (token.kind !== 'erc20') return [];
		const isAsset = assets.get(asset)?.venues.has(venue) === true;
		const key = isAsset ? `assets.${asset}.venues.${venue}` : `inventory.watch, ${asset} at ${venue}`;
		return [{ key, address: token.address, decimals }];
	});
}

async function wrongTokens(config: Config, venue: VenueId, clientOf: ClientOf): Promise<Problem[]> {
	const { chains } = config;
	const tokens = tokensAt(config, venue);
	const client = clientOf(venue);
	const contracts = tokens.map(({ address }) => ({ address, abi: erc20Abi, functionName: 'decimals' as const }));
	const answers = await client.multicall({ contracts, allowFailure: true });
	const problems: Problem[] = [];
	for (const [index, token] of tokens.entries()) {
		const answer = answers[index];
		const problem = answer?.status === 'success' ? wrongDecimals(token, answer.result) : await whyUnread(token, client);
		if (problem !== null) problems.push(problem);
	}
	const multicall3 = chains.get(venue)?.multicall3;
	if (multicall3 !== undefined && answers.some(({ status }) => status === 'failure') && (await isEmpty(client, multicall3)))
		return [{ key: `chains.${venue}.multicall3`, problem: `there is no contract at ${multicall3}, and balances are read through it` }];
	return problems;
}

function wrongDecimals(token: CheckedToken, real: number): Problem | null {
	if (real === token.decimals) return null;
	return { key: `${token.key}.decimals`, problem: `is ${token.decimals}, and the token ${token.address} itself says ${real}` };
}

/** Throws when it is the chain that does not answer. */
async function whyUnread(token: CheckedToken, client: ReturnType<ClientOf>): Promise<Problem | null> {
	const { address } = token;
	const key = `${token.key}.address`;
	if (await isEmpty(client, address)) return { key, problem: `there is no contract at ${address} on this chain` };
	try {
		return wrongDecimals(token, await client.readContract({ address, abi: erc20Abi, functionName: 'decimals' }));
	} catch (error) {
		if (!isRefusal(error)) throw error;
		return { key, problem: `the contract at ${address} has no decimals(): it is no token` };
	}
}

async function isEmpty(client: ReturnType<ClientOf>, address: Address): Promise<boolean> {
	const code = await client.getCode({ address });
	return code === undefined || code === '0x';
}

function isRefusal(error: unknown): boolean {
	const refused = (each: unknown) => each instanceof ContractFunctionRevertedError || each instanceof ContractFunctionZeroDataError;
	return error instanceof BaseError && error.walk(refused) !== null;
}
