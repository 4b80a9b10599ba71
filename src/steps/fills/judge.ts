/** How far each market can be relied on after what has happened. */
import type { FillsConfig } from '../../config/fills.ts';
import { type GateEvent, recover, step } from '../../health/gate.ts';
import { type Position, positionKey } from '../../inventory/venue.ts';
import { type Feed, type Judged, judgedOf } from './feed.ts';
import type { Round } from './look.ts';

/** So long a trade may take until the chain shows it. */
const SETTLES_WITHIN_MS = 15_000;

/** Of a round of looks, or of time that has passed. Returns the names of those whose state has changed. */
export function judge(feed: Feed, round: Round | null): string[] {
	return judgedOf(feed.ports)
		.filter((each) => judgeOne(feed, each, round))
		.map(({ name }) => name);
}

function judgeOne(feed: Feed, { name, positions, settings }: Judged, round: Round | null): boolean {
	const { gates, ports } = feed;
	const before = gates.get(name);
	if (before === undefined) return false;
	const event: GateEvent = { kind: kindOf(positions, round), atMs: ports.nowMs(), discrepancy: discrepancyOf(feed, positions) };
	const after = step(before, event, settings);
	gates.set(name, after);
	if (after.state === before.state) return false;
	const level = after.state === 'normal' ? 'info' : 'warn';
	ports.log[level]({ market: name, before: before.state, after: after.state, reason: after.reason }, 'health of a market');
	return true;
}

/** The worst of them; a round that says nothing of one is none for all. */
function kindOf(positions: readonly Position[], round: Round | null): GateEvent['kind'] {
	const kinds = new Set(positions.map((each) => round?.get(positionKey(each))?.kind ?? 'older'));
	if (kinds.has('impossible')) return 'impossible';
	if (kinds.has('unread')) return 'unread';
	return kinds.has('older') ? 'tick' : 'looked';
}

/** Base units, of all of them together. */
function discrepancyOf({ book, ports }: Feed, positions: readonly Position[]): bigint {
	const { fills } = ports.config;
	const unique = [...new Map(positions.map((each) => [positionKey(each), each])).values()];
	return unique.reduce((sum, each) => sum + (fills.discrepancy === 'effective' ? pendingAt(each) : unknownAt(each, fills)), 0n);

	function pendingAt(position: Position): bigint {
		const { effective, confirmed } = book.at(position);
		const difference = effective === null || confirmed === null ? 0n : effective - confirmed;
		return difference < 0n ? -difference : difference;
	}

	function unknownAt(position: Position, { ttlMs }: FillsConfig): bigint {
		const at = book.at(position);
		const now = ports.nowMs();
		return at.unexplained(now - ttlMs) + at.waitingSince(now - SETTLES_WITHIN_MS);
	}
}

/** An operator's word; kept with the market's next row. */
export function takeWord(
	feed: Feed,
	word: { readonly id: bigint; readonly market: string; readonly actor: string; readonly reason: string },
): void {
	const gate = feed.gates.get(word.market);
	if (gate !== undefined) feed.gates.set(word.market, recover(gate, `${word.actor}: ${word.reason}`, feed.ports.nowMs()));
	feed.recoveries.push(word);
	feed.ports.log.warn({ market: word.market, actor: word.actor, reason: word.reason }, 'recovered by an operator');
}
