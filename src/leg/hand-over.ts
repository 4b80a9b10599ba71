/** What later hops send and deliver when the hop before them has delivered something else than planned. Pure. */
import { type Amount, amount, subtract, subtractToZero } from '../money/amount.ts';
import { rescale } from '../money/units.ts';

interface PlannedMove {
	/** Base units at the origin. */
	readonly send: Amount;
	/** Base units at the destination. */
	readonly receive: Amount;
	readonly originDecimals: number;
	readonly destinationDecimals: number;
}

/** The moves one after the other, the first of them sending `delivered`. */
export function handOver<Move extends PlannedMove>(moves: readonly Move[], delivered: Amount): Move[] {
	let arrived = delivered;
	return moves.map((move) => {
		const changed = { ...move, send: arrived, receive: receiveOf(move, arrived) };
		arrived = changed.receive;
		return changed;
	});
}

/**
 * What must arrive of `send`: never more than the plan's own price allows, because a fixed part of the fee does not shrink with the
 * amount. Rounded down.
 */
function receiveOf({ send: planned, receive, originDecimals, destinationDecimals }: PlannedMove, send: Amount): Amount {
	if (send >= planned) return planned === 0n ? receive : amount((receive * send) / planned);
	return subtractToZero(receive, rescale(subtract(planned, send), originDecimals, destinationDecimals, 'up'));
}
