/** What our account has sent, block by block: every transaction was written down, and calls and trusts nobody but those that it may. */

import type postgres from 'postgres';
import { type Address, decodeFunctionData, erc20Abi, type Hash, type Hex, type PublicClient } from 'viem';

export interface WatchedAccount {
	readonly id: string;
	readonly client: PublicClient;
	/** The block after which transactions are judged. */
	readonly fromBlock: bigint;
	/** Contracts of bridges, exchange and hub, and the tokens; and the account itself, where cancels go. */
	readonly allowed: readonly Address[];
}

interface Sent {
	readonly venue: string;
	readonly hash: Hash;
	readonly to: Address | null;
	/** Whom an approval lets spend; null for any other call. */
	readonly spender: Address | null;
}

/** Answers with the problems found, each naming its transaction. */
export async function checkSent(sql: postgres.Sql, accounts: readonly WatchedAccount[], wallet: Address): Promise<string[]> {
	const found = await Promise.all(accounts.map(async (account) => ({ account, sent: await sentBy(account, wallet) })));
	const all = found.flatMap(({ sent }) => sent);
	const rows = await sql<{ hash: string }[]>`select lower(hash) as hash from attempts`;
	const written = new Set(rows.map(({ hash }) => hash));
	return [
		...found.flatMap(({ account, sent }) => sent.flatMap((each) => trespasses(account, each))),
		...all
			.filter(({ hash }) => !written.has(hash.toLowerCase()))
			.map(({ venue, hash }) => `transaction ${hash} on ${venue} was never written down`),
	];
}

function trespasses({ allowed }: WatchedAccount, { venue, hash, to, spender }: Sent): string[] {
	const isAllowed = (address: Address | null) => allowed.some((each) => each.toLowerCase() === address?.toLowerCase());
	return [
		...(isAllowed(to) ? [] : [`transaction ${hash} on ${venue} calls ${to}, which it may not`]),
		...(spender === null || isAllowed(spender) ? [] : [`transaction ${hash} on ${venue} lets ${spender} spend, which it may not`]),
	];
}

async function sentBy({ id, client, fromBlock }: WatchedAccount, wallet: Address): Promise<Sent[]> {
	const head = await client.getBlockNumber({ cacheTime: 0 });
	const sent: Sent[] = [];
	for (let blockNumber = fromBlock + 1n; blockNumber <= head; blockNumber += 1n) {
		const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true });
		for (const { hash, from, to, input } of transactions)
			if (from.toLowerCase() === wallet.toLowerCase()) sent.push({ venue: id, hash, to, spender: spenderOf(input) });
	}
	return sent;
}

function spenderOf(input: Hex): Address | null {
	try {
		const { functionName, args } = decodeFunctionData({ abi: erc20Abi, data: input });
		return functionName === 'approve' ? args[0] : null;
	} catch {
		return null;
	}
}
