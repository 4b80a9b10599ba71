/** A cover of several demands, and which of two comes first where no goal tells them apart. */
import { compareCodePoints } from '../../invoice/payable.ts';
import type { Demand } from '../demand.ts';
import type { Arena, Option } from './arena.ts';
import type { Deal } from './deal.ts';

/** All demands of an arena covered at its places. */
export interface Cover {
	readonly arena: Arena;
	/** Parallel to the deal's sends. */
	readonly options: readonly Option[];
	readonly deal: Deal;
}

/** A cover with the smallest sends that its options allow. */
export interface Ranked extends Cover {
	/** Oldest first. */
	readonly demands: readonly Demand[];
	readonly names: readonly Name[];
}

interface Name {
	readonly venue: string;
	/** Ids, one per line. */
	readonly routes: string;
}

/** Destination and route ids, oldest demand first. */
export function namesOf(demands: readonly Demand[], { posts, standing }: Arena, chosen: readonly Option[]): readonly Name[] {
	return demands.map((demand) => {
		const post = posts.findIndex((each) => each.demand === demand);
		const venue = posts[post]?.venue ?? standing.find(({ id }) => id === demand.id)?.venue ?? '';
		const own = chosen.filter((option) => option.post === post);
		return { venue, routes: own.map((option) => option.candidate.id).join('\n') };
	});
}

/** Whether covers of these names come after that one whatever they send: the names differ before any sends are compared, or do not differ at all. */
export function comesAfter(names: readonly Name[], first: Ranked): boolean {
	const orders = names.map((name, index) => compareNames(name, first.names[index]));
	const decisive = orders.findIndex((order, index) => order !== 0 || sendsOf(first, index).length > 0);
	return orders.every((order) => order === 0) || (orders[decisive] ?? 0) > 0;
}

/** Demand by demand: the destination, the routes, then what is sent over them. */
export function compareRanked(a: Ranked, b: Ranked): number {
	for (const [index, name] of a.names.entries()) {
		const order = compareNames(name, b.names[index]) || compareSends(sendsOf(a, index), sendsOf(b, index));
		if (order !== 0) return order;
	}
	return 0;
}

function compareNames(a: Name, b: Name | undefined): number {
	return compareCodePoints(a.venue, b?.venue ?? '') || compareCodePoints(a.routes, b?.routes ?? '');
}

function sendsOf({ arena, options, deal, demands }: Ranked, index: number): readonly bigint[] {
	const post = arena.posts.findIndex(({ demand }) => demand === demands[index]);
	return deal.sends.filter((_, place) => options[place]?.post === post);
}

function compareSends(a: readonly bigint[], b: readonly bigint[]): number {
	const at = a.findIndex((send, index) => send !== b[index]);
	return at === -1 ? 0 : (a[at] ?? 0n) < (b[at] ?? 0n) ? -1 : 1;
}
