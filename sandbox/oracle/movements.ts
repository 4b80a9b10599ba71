/** Every movement of a wallet's tokens on a chain, and the event of a bridge, an exchange or the hub that says what it was. */
import { type Address, type Hex, isAddressEqual, type Log, type PublicClient, parseAbiItem } from 'viem';
import { type Explanation, explain } from './explain.ts';

export interface WatchedToken {
	readonly asset: string;
	readonly address: Address;
	readonly decimals: number;
}

export interface WatchedChain {
	readonly id: string;
	readonly client: PublicClient;
	readonly tokens: readonly WatchedToken[];
	/** The block after which movements are judged: funding ends here. */
	readonly fromBlock: bigint;
	/** Our account at the exchange and the wallet that it pays from; null where there is none. */
	readonly exchange?: { readonly account: Address; readonly wallet: Address } | null;
}

export interface Movement {
	readonly chain: string;
	readonly asset: string;
	readonly decimals: number;
	readonly tx: Hex;
	/** Base units at that chain: what the token's own Transfer says. */
	readonly units: bigint;
	readonly incoming: boolean;
	readonly is: Explanation;
}

const TRANSFER = parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)');

/** From the chain alone, after its `fromBlock` and up to `head`. */
export async function movementsOn(chain: WatchedChain, { wallet, head }: { wallet: Address; head: bigint }): Promise<Movement[]> {
	if (head <= chain.fromBlock) return [];
	return (await Promise.all(chain.tokens.map((token) => movementsOf(chain, { token, wallet, head })))).flat();
}

async function movementsOf(
	chain: WatchedChain,
	{ token, wallet, head }: { token: WatchedToken; wallet: Address; head: bigint },
): Promise<Movement[]> {
	const range = { address: token.address, event: TRANSFER, strict: true, fromBlock: chain.fromBlock + 1n, toBlock: head } as const;
	const [outgoing, incoming] = await Promise.all([
		chain.client.getLogs({ ...range, args: { from: wallet } }),
		chain.client.getLogs({ ...range, args: { to: wallet } }),
	]);
	const described = [...outgoing.map((log) => ({ log, isIncoming: false })), ...incoming.map((log) => ({ log, isIncoming: true }))];
	return Promise.all(
		described.map(async ({ log, isIncoming }) => {
			const { logs } = await chain.client.getTransactionReceipt({ hash: log.transactionHash });
			const transfer = { wallet, incoming: isIncoming, chain: chain.id, token: token.address, log };
			const is = byExchange(chain, log.args) ?? bestOf(logs, (each) => explain(each, { ...transfer, logs }), log.args.value);
			const { asset, decimals } = token;
			return { chain: chain.id, asset, decimals, tx: log.transactionHash, units: log.args.value, incoming: isIncoming, is };
		}),
	);
}

function byExchange({ exchange }: WatchedChain, { from, to }: { readonly from: Address; readonly to: Address }): Explanation | null {
	if (exchange === undefined || exchange === null) return null;
	if (isAddressEqual(to, exchange.account)) return { kind: 'parked' };
	return isAddressEqual(from, exchange.wallet) ? { kind: 'withdrawn' } : null;
}

function bestOf(logs: readonly Log[], explained: (log: Log) => Explanation | null, units: bigint): Explanation {
	return logs.reduce<Explanation>((found, each) => better(found, explained(each), units), { kind: 'unexplained' });
}

/** One transaction may hold several fills: the one of the same amount is this transfer's, else the first. */
function better(found: Explanation, next: Explanation | null, units: bigint): Explanation {
	if (next === null) return found;
	if (found.kind === 'unexplained') return next;
	return found.kind === 'fill' && found.brings !== units && next.kind === 'fill' && next.brings === units ? next : found;
}
