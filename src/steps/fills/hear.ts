/** What the channel says, or the API has in its stead, told to the book. */
import { type ChannelMessages, type ChannelTrade, fillsOf } from '../../channel/messages.ts';
import type { FillReport } from '../../fills/fill.ts';
import type { Position } from '../../inventory/venue.ts';
import type { Feed } from './feed.ts';

/** Whether anything has changed. One message that cannot be read stops nobody. */
export function hear(feed: Feed, { reports, orders, rejected }: ChannelMessages): boolean {
	const { gaps, own, ports } = feed;
	for (const problem of rejected) ports.log.warn({ problem }, 'message of the channel not understood');
	const changes = reports.map((trade) => hearTrade(feed, trade));
	for (const order of orders.filter(({ owner }) => owner === own.owner)) gaps.hearOrder(order);
	if (reports.length + orders.length > 0) feed.heardMs = ports.nowMs();
	return changes.includes(true);
}

function hearTrade(feed: Feed, trade: ChannelTrade): boolean {
	const { fills, unknown } = fillsOf(trade, feed.own, (id) => positionOf(feed, id));
	if (unknown > 0) feed.ports.log.warn({ trade: trade.id, orders: unknown }, 'trade of tokens that are in no market');
	return fills.map((report) => hearFill(feed, report)).includes(true);
}

function hearFill({ book, gaps, counter, ports }: Feed, report: FillReport): boolean {
	const { trade, order, status, position } = report;
	const known = book.size;
	const heard = book.hear(report, ports.nowMs());
	if (heard !== 'old') gaps.hearFill(report);
	if (heard === 'contradiction') ports.log.warn({ trade, order, status }, 'the channel contradicts itself; what it said first stands');
	if (heard === 'old' || heard === 'repeated' || heard === 'contradiction') return false;
	if (book.size > known) counter.add(position, { heard: 1 });
	if (heard === 'failed') counter.add(position, { failed: 1 });
	ports.log.debug({ trade, order, status, heard }, 'fill heard');
	return true;
}

function positionOf({ ports: { config } }: Feed, id: bigint): Position | null {
	const known = byToken.get(config) ?? tokensOf(config);
	byToken.set(config, known);
	return known.get(id) ?? null;
}

const byToken = new WeakMap<object, ReadonlyMap<bigint, Position>>();

/** The first holder of each: the channel does not say which one. */
function tokensOf({ fills }: Feed['ports']['config']): ReadonlyMap<bigint, Position> {
	const positions = [...fills.markets.values()].flatMap((market) => market.positions).reverse();
	return new Map(positions.flatMap(({ token, venue, asset }) => (token.kind === 'erc1155' ? [[token.id, { venue, asset }] as const] : [])));
}
