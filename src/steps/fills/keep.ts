/** What the feed knows becomes rows: all that has changed, in one transaction, as long as this process is the one that keeps the book. */
import type { Fill } from '../../fills/fill.ts';
import { isLost } from '../../health/gate.ts';
import { type Position, positionKey } from '../../inventory/venue.ts';
import { addCounts } from '../../store/fill-reports.ts';
import { type KeptPosition, rowOf, writeFills, writePositions } from '../../store/fills.ts';
import { ALL_MARKETS, takeRecovery, writeGate } from '../../store/health.ts';
import { mustKeep } from '../../store/keeper.ts';
import { type Feed, judgedOf, positionsOf } from './feed.ts';

const ACTOR = 'feed';

/** Throws `ConflictError` when another process keeps the book now; what could not be written is written the next time. */
export async function keep(feed: Feed): Promise<void> {
	const { ports, holder, counter, unsaved } = feed;
	const phase = ports.config.fills.phase;
	for (const fill of feed.book.changed()) unsaved.add(fill);
	const fills = [...unsaved];
	// All of it as it is now: more may be heard while it is written.
	unsaved.clear();
	countSettled(feed, fills);
	const rows = fills.map(rowOf);
	const positions = [...positionsOf(ports).values()].flat().map((each) => keptPosition(feed, each));
	const gates = [...feed.gates];
	const counts = counter.take();
	const recoveries = feed.recoveries.splice(0);
	try {
		await ports.db.transaction(async (tx) => {
			await mustKeep(tx, holder);
			await writeFills(tx, rows);
			await writePositions(tx, positions);
			for (const [market, gate] of gates)
				await writeGate(tx, { market, gate, actor: recoveries.find((each) => each.market === market)?.actor ?? ACTOR });
			for (const { id } of recoveries) await takeRecovery(tx, id);
			if (phase !== 'off')
				await addCounts(
					tx,
					counts.map((each) => ({ ...each, phase })),
				);
		});
	} catch (error) {
		for (const fill of fills) unsaved.add(fill);
		counter.putBack(counts);
		feed.recoveries.unshift(...recoveries);
		throw error;
	}
}

const settled = new WeakSet<Fill>();

function countSettled({ counter, ports }: Feed, fills: readonly Fill[]): void {
	for (const fill of fills) {
		if (fill.status !== 'absorbed' || settled.has(fill)) continue;
		settled.add(fill);
		const settleMs = Math.max(0, ports.nowMs() - fill.tradedMs);
		counter.add(fill.position, { absorbed: 1, settleMs, settleMsMost: settleMs });
	}
}

function keptPosition(feed: Feed, { venue, asset }: Position): KeptPosition {
	const at = feed.book.at({ venue, asset });
	const said = feed.said.get(positionKey({ venue, asset }));
	return {
		...{ venue, asset, confirmed: at.confirmed, block: at.block, bought: at.bought, sellable: at.sellable },
		...{
			pendingBuy: at.pending.buy.rest,
			pendingSell: at.pending.sell.rest,
			strangers: at.strangers.map((each) => ({ ...each })),
			lateCount: at.lateCount,
		},
		...{ api: said?.units ?? null, apiAtMs: said?.atMs ?? null, source: sourceOf(feed, { venue, asset }) },
	};
}

/** The API, where it has said something and the chain is lost, or not relied on before the next phase. */
function sourceOf(feed: Feed, position: Position): KeptPosition['source'] {
	const { ports, gates, said } = feed;
	if (said.get(positionKey(position))?.units == null) return 'chain';
	if (ports.config.fills.phase === 'shadow') return 'api';
	const isLostThere = judgedOf(ports).some(({ name, positions, settings }) => {
		const gate = gates.get(name);
		const isThere = name !== ALL_MARKETS && positions.some((each) => positionKey(each) === positionKey(position));
		return isThere && gate !== undefined && isLost(gate, settings);
	});
	return isLostThere ? 'api' : 'chain';
}
