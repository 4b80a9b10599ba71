/** From where withdrawals are paid: one account, the same on every chain. The nodes have no key of it: they are told to let it act. */
import {
	type Address,
	encodeFunctionData,
	getAddress,
	type Hash,
	TransactionNotFoundError,
	type TransactionReceipt,
	TransactionReceiptNotFoundError,
} from 'viem';
import { sendTransaction } from 'viem/actions';
import { usdcAbi } from '../chains/abi.ts';
import { HUB_OPERATOR } from '../chains/accounts.ts';
import type { LocalChain } from '../chains/chain.ts';
import { mineAll } from '../chains/deploy.ts';
import { unitsOf } from '../scale.ts';

export const HOT_WALLET: Address = getAddress('0xb1a0000000000000000000000000000000000001');

/** Of every coin: more than any withdrawal needs, with more digits than a float has. */
const TOKENS = '1000000000000000';
/** The exchange pays gas like everybody else. */
const WEI = unitsOf('1000', 18);
/** The same for every transaction, so that the same transfer on the same nonce is the same transaction. */
const GAS = { gas: 200_000n, maxFeePerGas: unitsOf('0.0000001', 18), maxPriorityFeePerGas: 0n } as const;

export interface Payment {
	readonly token: Address;
	readonly to: Address;
	/** Base units on this chain. */
	readonly units: bigint;
	/** Of the hot wallet: on one nonce, only one transaction can ever be mined. */
	readonly nonce: number;
}

/** Mints gas and tokens of every kind, in one block. */
export async function fundHotWallet({ client, decimals }: LocalChain, tokens: readonly Address[]): Promise<void> {
	await client.impersonateAccount({ address: HOT_WALLET });
	await client.setBalance({ address: HOT_WALLET, value: WEI });
	const data = encodeFunctionData({ abi: usdcAbi, functionName: 'mint', args: [HOT_WALLET, unitsOf(TOKENS, decimals)] });
	const hashes: Hash[] = [];
	for (const token of tokens) hashes.push(await client.send({ from: HUB_OPERATOR.address, to: token, data }));
	await mineAll(client);
	await Promise.all(hashes.map((hash) => client.mined(hash)));
}

/** Returns the hash; it is not mined yet. The same payment again is the same transaction again. */
export function pay({ client }: LocalChain, { token, to, units, nonce }: Payment): Promise<Hash> {
	const data = encodeFunctionData({ abi: usdcAbi, functionName: 'transfer', args: [to, units] });
	return sendTransaction(client, { account: HOT_WALLET, to: token, data, nonce, ...GAS, chain: client.chain });
}

/** What has become of a payment: its receipt, `waiting` to be mined, or `gone`, as a reorganisation leaves it. */
export async function lookUp({ client }: LocalChain, hash: Hash): Promise<TransactionReceipt | 'waiting' | 'gone'> {
	try {
		return await client.getTransactionReceipt({ hash });
	} catch (error) {
		if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
	}
	try {
		await client.getTransaction({ hash });
		return 'waiting';
	} catch (error) {
		if (error instanceof TransactionNotFoundError) return 'gone';
		throw error;
	}
}
