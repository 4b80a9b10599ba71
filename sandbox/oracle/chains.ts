/**
 * Judges a run from the chains alone: it reads no table of ours and imports no product code. Every movement of our wallet must be
 * explained by an event of a bridge, an exchange or the hub, what leaves one chain must arrive on another or come back, and nothing may happen
 * twice.
 */
import { type Address, parseAbi } from 'viem';
import { checkExchange, type ExchangeBook } from './exchange.ts';
import type { Explanation } from './explain.ts';
import { type Movement, movementsOn, type WatchedChain, type WatchedToken } from './movements.ts';

interface OracleToken extends WatchedToken {
	/** The wallet's balance at the chain's `fromBlock`. */
	readonly opening: bigint;
}

export interface OracleChain extends WatchedChain {
	readonly tokens: readonly OracleToken[];
}

export interface OracleVerdict {
	readonly conserved: boolean;
	readonly duplicateEffects: number;
	/** What was sent over bridges: Across's deposits, CCTP's burns, and what was deposited at an exchange. */
	readonly deposits: number;
	readonly swaps: number;
	/** Deposits' funds that came back; one refund may be of several deposits. */
	readonly refunds: number;
	readonly purchases: number;
	readonly problems: readonly string[];
}

/** An invoice that the hub has settled, by its own book; what its owner was paid has 18 decimals. */
interface HubSettlement {
	readonly invoiceId: string;
	readonly amount: bigint;
}

const HUB_SCALE = 18;
const NOTHING: readonly HubSettlement[] = [];

/**
 * A purchase is settled with no less than was paid, unless it came second and became an invoice itself: then with what the hub's book
 * says. Without a book no purchase of ours has come second.
 */
export async function judge(
	chains: readonly OracleChain[],
	wallet: Address,
	{ book = NOTHING, exchange = null }: { readonly book?: readonly HubSettlement[]; readonly exchange?: ExchangeBook | null } = {},
): Promise<OracleVerdict> {
	// Movements and balances of one block each, so that what happens meanwhile is in both or in neither.
	const seen = await Promise.all(chains.map(async (chain) => ({ chain, wallet, head: await chain.client.getBlockNumber() })));
	const movements = (await Promise.all(seen.map((each) => movementsOn(each.chain, each)))).flat();
	const problems = [
		...(await Promise.all(seen.flatMap((each) => each.chain.tokens.map((token) => checkBalance({ ...each, token }, movements))))).flat(),
		...of(movements, 'unexplained').map(
			(each) =>
				`${each.chain}: ${each.units} base units of ${each.asset} moved in ${each.tx} without an event that sandbox/oracle/explain.ts knows`,
		),
		...checkFills(movements),
		...checkMints(movements),
		...checkSwaps(movements),
		...(await checkRefunds(chains, movements)),
		...checkSettlements(movements, book),
		...(exchange === null ? [] : checkExchange(movements, exchange)),
	];
	return {
		conserved: problems.length === 0,
		duplicateEffects: await countDuplicates(chains, movements),
		deposits: of(movements, 'deposit').length + of(movements, 'burn').length + of(movements, 'parked').length,
		swaps: of(movements, 'swap').filter((each) => each.incoming).length,
		refunds: of(movements, 'refund').length,
		purchases: of(movements, 'purchase').length,
		problems,
	};
}

type Known<Kind extends Explanation['kind']> = Movement & { readonly is: Extract<Explanation, { readonly kind: Kind }> };

function of<Kind extends Explanation['kind']>(movements: readonly Movement[], kind: Kind): Known<Kind>[] {
	return movements.filter((each): each is Known<Kind> => each.is.kind === kind);
}

/** Opening balance plus what came in less what went out is what is there. */
async function checkBalance(
	{ chain, token, wallet, head }: { chain: OracleChain; token: OracleToken; wallet: Address; head: bigint },
	movements: readonly Movement[],
): Promise<string[]> {
	const closing = await chain.client.readContract({
		address: token.address,
		abi: parseAbi(['function balanceOf(address) view returns (uint256)']),
		functionName: 'balanceOf',
		args: [wallet],
		blockNumber: head,
	});
	const here = movements.filter((each) => each.chain === chain.id && each.asset === token.asset);
	const expected = here.reduce((sum, each) => sum + (each.incoming ? each.units : -each.units), token.opening);
	return closing === expected ? [] : [`${chain.id}: the wallet holds ${closing} ${token.asset}, its movements say ${expected}`];
}

/** Whatever was filled was sent once before, and brought what was ordered; only a slow fill may bring another amount, which it names. */
function checkFills(movements: readonly Movement[]): string[] {
	const deposits = of(movements, 'deposit');
	const fills = of(movements, 'fill');
	const problems = fills.flatMap(({ is, units }) => {
		const sent = deposits.filter((each) => each.is.identity === is.identity);
		const [deposit] = sent;
		if (deposit === undefined || sent.length > 1) return [`${is.identity}: arrived once, was sent ${sent.length} times`];
		const promised = is.isSlow ? is.brings : deposit.is.ordered;
		return units === promised ? [] : [`${is.identity}: ${promised} promised, ${units} arrived`];
	});
	return isEachOnce(fills) ? problems : [...problems, 'a fill arrived twice'];
}

/** What was minted was burned before, as often at least, and no more was kept of it than its sender allowed. */
function checkMints(movements: readonly Movement[]): string[] {
	const burns = of(movements, 'burn');
	const mints = of(movements, 'mint');
	return mints.flatMap(({ is, chain, tx }) => {
		const alike = burns.filter((each) => each.is.identity === is.identity);
		const times = mints.filter((each) => each.is.identity === is.identity).length;
		if (alike.length < times) return [`${chain}: ${tx} mints for the ${times}. time what was burned ${alike.length} times`];
		return alike.every((each) => each.is.maxFee >= is.fee) ? [] : [`${chain}: ${tx} keeps ${is.fee}, which is more than was allowed`];
	});
}

/** What an exchange took, it gave something for, in the same transaction. */
function checkSwaps(movements: readonly Movement[]): string[] {
	const swaps = of(movements, 'swap');
	const sides = (identity: string, incoming: boolean) =>
		swaps.filter((each) => each.is.identity === identity && each.incoming === incoming).length;
	return [...new Set(swaps.map((each) => each.is.identity))]
		.filter((identity) => sides(identity, true) !== 1 || sides(identity, false) !== 1)
		.map((identity) => `${identity}: ${sides(identity, false)} payments and ${sides(identity, true)} returns`);
}

/** Refunds name no deposits: each must be the sum of deposits from the same chain that have expired, unfilled, each of them used once. */
async function checkRefunds(chains: readonly OracleChain[], movements: readonly Movement[]): Promise<string[]> {
	const clocks = new Map(await Promise.all(chains.map(async ({ id, client }) => [id, (await client.getBlock()).timestamp] as const)));
	const filled = new Set(of(movements, 'fill').map((each) => each.is.identity));
	const unfilled = of(movements, 'deposit').filter(({ is }) => !filled.has(is.identity));
	const expired = unfilled.filter(({ is }) => (clocks.get(is.destination) ?? is.deadline + 1n) > is.deadline);
	return chains.flatMap(({ id }) => {
		const sums = of(movements, 'refund').filter((each) => each.chain === id);
		const parts = expired.filter((each) => each.chain === id).map((each) => each.units);
		const isExplained = areSumsOf(
			sums.map((each) => each.units),
			parts,
		);
		return isExplained ? [] : [`${id}: refunds of ${sums.map((each) => each.units).join(', ')} are no sums of expired deposits (${parts})`];
	});
}

/** Whether each sum is made of parts, none of which is used twice. Parts of one sum are taken in their order, from `first` on. */
function areSumsOf([sum, ...others]: readonly bigint[], parts: readonly bigint[], first = 0): boolean {
	if (sum === undefined) return true;
	if (sum === 0n) return areSumsOf(others, parts);
	return parts.some((part, index) => {
		if (index < first || part > sum) return false;
		return areSumsOf(
			[sum - part, ...others],
			parts.filter((_, at) => at !== index),
			index,
		);
	});
}

function checkSettlements(movements: readonly Movement[], book: readonly HubSettlement[]): string[] {
	const settlements = of(movements, 'settlement');
	const problems = settlements.flatMap(({ is, units, decimals }) => {
		const paid = of(movements, 'purchase').filter((each) => each.is.identity === is.identity);
		const [purchase] = paid;
		if (purchase === undefined || paid.length > 1) return [`${is.identity}: arrived once, was sent ${paid.length} times`];
		const second = book.find((each) => `intent ${each.invoiceId}` === is.identity);
		if (second !== undefined) {
			const owed = second.amount / 10n ** BigInt(HUB_SCALE - decimals);
			return units === owed ? [] : [`${is.identity}: came second, ${owed} owed by the hub's book, ${units} came back`];
		}
		// The chain that pays may have fewer decimals than the one that was paid on; it rounds down.
		const whole = scaled(purchase) / 10n ** BigInt(HUB_SCALE - decimals);
		return whole > units ? [`${is.identity}: less came back than was paid`] : [];
	});
	return isEachOnce(settlements) ? problems : [...problems, 'a settlement arrived twice'];
}

const isEachOnce = (arrivals: readonly Known<'fill' | 'settlement'>[]): boolean =>
	new Set(arrivals.map((each) => each.is.identity)).size === arrivals.length;

function scaled({ units, decimals }: { readonly units: bigint; readonly decimals: number }): bigint {
	return units * 10n ** BigInt(HUB_SCALE - decimals);
}

/** Two successful sends that carry the same owner in their trailing bytes are one effect too many. */
async function countDuplicates(chains: readonly OracleChain[], movements: readonly Movement[]): Promise<number> {
	const OWNER_BYTES_HEX = 32;
	const sends = movements.filter((each) => !each.incoming);
	const owners = await Promise.all(
		sends.map(async (each) => {
			const client = chains.find((chain) => chain.id === each.chain)?.client;
			const transaction = await client?.getTransaction({ hash: each.tx });
			return `${each.is.kind} ${each.chain} ${each.asset} ${transaction?.input.slice(-OWNER_BYTES_HEX)}`;
		}),
	);
	return owners.length - new Set(owners).size;
}
