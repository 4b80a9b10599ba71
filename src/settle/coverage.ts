/** How far an earmark covers its demand: what it holds at its venue already, and what is still on its way there. Pure. */
import type { Hold } from '../earmark/earmark.ts';
import type { VenueId } from '../inventory/venue.ts';
import { type Amount, add, amount, min, subtractToZero, ZERO } from '../money/amount.ts';

export interface Coverage {
	/** Confirmed funds that it holds at its venue, in base units. */
	readonly held: Amount;
	/** What legs under way are to bring, counted once however often it is looked at: it is in rows, not in a balance. */
	readonly inbound: Amount;
}

export function coverageOf({ venue, asset }: { venue: VenueId; asset: string }, holds: readonly Hold[]): Coverage {
	const sum = (state: Hold['state']) =>
		holds
			.filter((hold) => hold.state === state && hold.venue === venue && hold.asset === asset)
			.reduce((all, hold) => add(all, hold.amount), ZERO);
	return { held: sum('confirmed'), inbound: sum('inbound') };
}

/** What neither is there nor can still arrive: only this much may be brought in addition. */
export function shortfallOf({ held, inbound }: Coverage, need: Amount): Amount {
	return subtractToZero(need, add(held, inbound));
}

/**
 * The holds to make smaller, each with what it shall keep, so that no more is held at the venue than `need` takes. Only confirmed holds
 * can give; what is inbound is still counted on, and gives when it has arrived. Those that no leg brought give first.
 */
export function trimmed(
	place: { venue: VenueId; asset: string },
	holds: readonly Hold[],
	need: Amount,
): readonly { id: string; keep: Amount }[] {
	const { held, inbound } = coverageOf(place, holds);
	let excess = min(subtractToZero(add(held, inbound), need), held);
	const here = holds.filter((hold) => hold.state === 'confirmed' && hold.venue === place.venue && hold.asset === place.asset);
	const changes: { id: string; keep: Amount }[] = [];
	for (const hold of [...here.filter((each) => each.legId === null), ...here.filter((each) => each.legId !== null)]) {
		if (excess === 0n) break;
		const given = min(hold.amount, excess);
		excess = amount(excess - given);
		changes.push({ id: hold.id, keep: amount(hold.amount - given) });
	}
	return changes;
}
