/** CCTP's contracts on the local chains whose USDC is Circle's own, each knowing the others. */
import { type Address, encodeFunctionData, getContractAddress, type Hash, type Hex, pad } from 'viem';
import { usdcAbi } from '../chains/abi.ts';
import { HUB_OPERATOR } from '../chains/accounts.ts';
import * as artifacts from '../chains/artifacts.ts';
import type { LocalChain } from '../chains/chain.ts';
import { mineAll, withArguments } from '../chains/deploy.ts';
import { unitsOf } from '../scale.ts';
import { ATTESTER_ADDRESSES, CCTP_OPERATOR, FEE_RECIPIENT } from './attesters.ts';

/** Circle's numbers, by chain id. A chain that is not here, or whose USDC has other decimals, has no CCTP. */
const DOMAINS: ReadonlyMap<number, number> = new Map([
	[1, 0],
	[43114, 1],
	[10, 2],
	[42161, 3],
	[8453, 6],
	[137, 7],
]);
const CCTP_DECIMALS = 6;
const BURN_LIMIT_TOKENS = '10000000';
const MINT_ALLOWANCE = 2n ** 255n;
/** In wei: the operator pays gas like everybody else. */
const OPERATOR_WEI = unitsOf('1000', 18);

export interface CctpChain {
	readonly chain: LocalChain;
	readonly domain: number;
	readonly messageTransmitter: Address;
	readonly tokenMessenger: Address;
	readonly tokenMinter: Address;
}

/** Addresses are the same in every run, and differ from chain to chain. */
export async function deployCctp(chains: Iterable<LocalChain>): Promise<CctpChain[]> {
	const all = [...chains].flatMap(planned);
	await Promise.all(all.map((each) => deployOn(each, all)));
	return all;
}

function planned(chain: LocalChain): CctpChain[] {
	const domain = DOMAINS.get(chain.chainId);
	if (domain === undefined || chain.decimals !== CCTP_DECIMALS) return [];
	const at = (place: number) => getContractAddress({ from: CCTP_OPERATOR, nonce: BigInt(firstNonce(chain) + place) });
	return [{ chain, domain, messageTransmitter: at(0), tokenMessenger: at(1), tokenMinter: at(2) }];
}

const firstNonce = ({ chainId }: LocalChain): number => chainId * 100;

async function deployOn(here: CctpChain, all: readonly CctpChain[]): Promise<void> {
	const { client, usdc } = here.chain;
	await Promise.all([
		client.impersonateAccount({ address: CCTP_OPERATOR }),
		client.setBalance({ address: CCTP_OPERATOR, value: OPERATOR_WEI }),
		client.setNonce({ address: CCTP_OPERATOR, nonce: firstNonce(here.chain) }),
	]);
	const hashes: Hash[] = [];
	for (const data of creationCodes(
		here,
		all.filter((each) => each !== here),
	))
		hashes.push(await client.send({ from: CCTP_OPERATOR, data }));
	const minter = encodeFunctionData({ abi: usdcAbi, functionName: 'configureMinter', args: [here.tokenMinter, MINT_ALLOWANCE] });
	hashes.push(await client.send({ from: HUB_OPERATOR.address, to: usdc, data: minter }));
	await mineAll(client);
	await Promise.all(hashes.map((hash) => client.mined(hash)));
}

/** In the order of their addresses. */
function creationCodes({ chain, domain, messageTransmitter, tokenMessenger, tokenMinter }: CctpChain, others: readonly CctpChain[]): Hex[] {
	const domains = others.map((each) => each.domain);
	const messengers = others.map((each) => pad(each.tokenMessenger));
	const tokens = others.map((each) => pad(each.chain.usdc));
	const limit = unitsOf(BURN_LIMIT_TOKENS, CCTP_DECIMALS);
	return [
		withArguments(artifacts.messageTransmitter(), [domain, CCTP_OPERATOR, ATTESTER_ADDRESSES]),
		withArguments(artifacts.tokenMessenger(), [messageTransmitter, tokenMinter, FEE_RECIPIENT, CCTP_OPERATOR, domains, messengers]),
		withArguments(artifacts.tokenMinter(), [tokenMessenger, CCTP_OPERATOR, chain.usdc, limit, domains, tokens]),
	];
}
