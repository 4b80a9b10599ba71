/** One look at the chains of the markets: what is there at the head of each, and what has moved since the look before. */
import { lookAtTokens, type TokenLook } from '../../chain/token-look.ts';
import { errorText, TransientError } from '../../errors.ts';
import type { Block } from '../../fills/fill.ts';
import type { Flow } from '../../fills/look.ts';
import { type ChainPosition, type Position, positionKey, type VenueId } from '../../inventory/venue.ts';
import { type Feed, positionsOf, tell } from './feed.ts';

/** What became of a position: `older`: of a block before the last one, which says nothing. */
export interface Read {
	readonly kind: 'looked' | 'older' | 'unread' | 'impossible';
	readonly problem?: string;
}

/** By position. */
export type Round = ReadonlyMap<string, Read>;

/** At all of them at the same time. A chain that does not answer leaves its positions unread; nobody waits for it longer than a look may take. */
export async function lookAtChains(feed: Feed): Promise<Round> {
	const rounds = await Promise.all(
		[...positionsOf(feed.ports)].map(async ([chain, positions]): Promise<[string, Read][]> => {
			try {
				const reads = await lookAtOne(feed, chain, positions);
				tell(feed, { chain }, null);
				return reads;
			} catch (error) {
				const problem = errorText(error);
				tell(feed, { chain }, problem);
				for (const each of positions) feed.counter.add(each, { unread: 1 });
				return positions.map((each) => [positionKey(each), { kind: 'unread', problem }]);
			}
		}),
	);
	return new Map(rounds.flat());
}

async function lookAtOne(feed: Feed, chain: VenueId, positions: readonly ChainPosition[]): Promise<[string, Read][]> {
	const { endpoints, lasts, ports } = feed;
	const { timeoutMs, usesMulticall } = ports.config.fills;
	const last = lasts.get(chain) ?? null;
	const deepest = Math.max(TAKEN_BACK_AT_MOST, ports.config.chains.get(chain)?.finalityBlocks ?? 0);
	const lackedFrom = lackedBy(feed, positions, last);
	const place = { venue: chain, positions, last, lackedFrom, deepest, usesMulticall, second: endpoints.second(chain) };
	const look = await within(timeoutMs, lookAtTokens(endpoints.client(chain), place));
	// Another look was faster: what it has seen is not told again.
	const isOvertaken = (lasts.get(chain) ?? null) !== last;
	const isOlder = last !== null && look.takenBackFrom === null && look.block.number < last.number;
	if (isOvertaken || isOlder) return positions.map((each) => [positionKey(each), { kind: 'older' }]);
	lasts.set(chain, look.block);
	if (look.takenBackFrom !== null) ports.log.info({ venue: chain, block: `${look.takenBackFrom}` }, 'blocks were taken back');
	return positions.map((each) => [positionKey(each), take(feed, each, look)]);
}

/** Chains take no more than so many blocks back, or what counts as final there. */
const TAKEN_BACK_AT_MOST = 64;

/** Where the transfers begin that a position needs: it was not read by the last look, or by the one that saw blocks being taken back. */
function lackedBy({ book, missed }: Feed, positions: readonly ChainPosition[], last: Block | null): bigint | null {
	const firsts = positions.map(({ venue, asset }) => {
		const { block } = book.at({ venue, asset });
		const next = block === null || block.hash === last?.hash ? null : block.number + 1n;
		return lower(next, missed.get(positionKey({ venue, asset })) ?? null);
	});
	return firsts.reduce(lower, null);
}

function take(feed: Feed, { venue, asset }: ChainPosition, look: TokenLook): Read {
	const { book, missed, counter, ports } = feed;
	const position: Position = { venue, asset };
	const key = positionKey(position);
	const from = lower(missed.get(key) ?? null, look.takenBackFrom);
	const found = look.balances.find((each) => positionKey(each) === key);
	if (found === undefined) {
		const { problem = 'no answer', isImpossible = false } = look.problems.find((each) => positionKey(each) === key) ?? {};
		if (from !== null) missed.set(key, from);
		counter.add(position, { unread: 1 });
		tell(feed, { venue, asset }, isImpossible ? `it cannot be, and the last one stands: ${problem}` : problem);
		return { kind: isImpossible ? 'impossible' : 'unread', problem };
	}
	missed.delete(key);
	tell(feed, { venue, asset }, null);
	const at = book.at(position);
	const flows = flowsAt(look, key, from ?? (at.block === null ? null : at.block.number + 1n));
	const before = at.lateCount;
	const seen = book.look(position, { block: look.block, confirmed: found.amount, flows, takenBackFrom: from, atMs: ports.nowMs() });
	const unexplained = seen.unexplained < 0n ? -seen.unexplained : seen.unexplained;
	counter.add(position, { looks: 1, unexplained, late: at.lateCount - before, mismatches: seen.isMismatch ? 1 : 0 });
	if (seen.isMismatch)
		ports.log.warn(
			{ venue, asset, block: `${look.block.number}` },
			'transfers do not come to what the balance has changed; the balance stands',
		);
	return { kind: seen.kind === 'older' && at.block?.hash !== look.block.hash ? 'older' : 'looked' };
}

function flowsAt({ movements }: TokenLook, key: string, from: bigint | null): Flow[] | null {
	if (movements === null || from === null) return null;
	return movements
		.filter((each) => positionKey(each) === key && each.blockNumber >= from)
		.map(({ transactionHash, blockNumber, blockHash, incoming, outgoing }) => ({
			...{ tx: transactionHash, incoming, outgoing },
			block: { number: blockNumber, hash: blockHash },
		}));
}

function lower(one: bigint | null, other: bigint | null): bigint | null {
	if (one === null || other === null) return one ?? other;
	return one < other ? one : other;
}

/** Throws `TransientError` when it takes longer; what comes later is not heard. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new TransientError(`a look took longer than ${ms} ms`)), ms);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
