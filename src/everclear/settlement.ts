/** The hub's payment for an intent of ours, as the chain shows it: the spoke's event leads to it, the token's own Transfer says how much it was. */
import { type Address, erc20Abi, getAbiItem, type Hash, type Hex, isAddressEqual, type Log, type PublicClient, parseEventLogs } from 'viem';
import { type Amount, amount, type HubAmount } from '../money/amount.ts';
import { toHub } from '../money/units.ts';
import { settledAbi } from './abi.ts';

interface Sighting {
	readonly intentId: Hex;
	readonly tx: Hash;
}

interface LogRange {
	readonly intentIds: readonly Hex[];
	readonly fromBlock: bigint;
	readonly toBlock: bigint;
}

const SETTLED = getAbiItem({ abi: settledAbi, name: 'Settled' });

/**
 * Transactions in the range (both ends included) that say they have settled one of these intents, in the chain's order. By topic, not by
 * address: purchases may call a fee adapter, and the spoke behind it is not configured. So anybody may have said so: `readPayment` decides.
 */
export async function findSettlements(client: PublicClient, { intentIds, fromBlock, toBlock }: LogRange): Promise<Sighting[]> {
	const logs = await client.getLogs({
		event: SETTLED,
		args: { _intentId: [...intentIds] },
		fromBlock,
		toBlock,
		strict: true,
	});
	return logs.map(({ args, transactionHash }) => ({ intentId: args._intentId, tx: transactionHash }));
}

interface Payee {
	readonly intentId: Hex;
	/** What the hub owes, in hub units. */
	readonly owed: HubAmount;
	readonly wallet: Address;
	readonly token: Address;
	readonly decimals: number;
}

/**
 * What the transaction with these logs has paid for the intent, in base units of the token; null when it has paid nothing for it. A spoke pays
 * and then emits its event, intent by intent, so a payment stands between the event before and its own. Less than half of what is
 * owed is not the hub's: anybody may put such an event behind a transfer of dust, and no discount is that large.
 */
export function readPayment(logs: readonly Log[], { intentId, owed, wallet, token, decimals }: Payee): Amount | null {
	const events = parseEventLogs({ abi: settledAbi, logs: [...logs] });
	const transfers = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: [...logs] }).filter(
		({ address, args }) => isAddressEqual(address, token) && isAddressEqual(args.to, wallet),
	);
	for (const [index, event] of events.entries()) {
		if (event.args._intentId !== intentId) continue;
		const start = events[index - 1]?.logIndex ?? -1;
		const payment = transfers.findLast(({ logIndex }) => logIndex > start && logIndex < event.logIndex);
		if (payment === undefined) continue;
		const paid = amount(payment.args.value);
		if (toHub(paid, decimals, 'down') * 2n >= owed) return paid;
	}
	return null;
}
