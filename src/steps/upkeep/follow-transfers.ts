/** Keeps what has moved at our positions up to a chain's head: from where the last look has ended, over gaps, and back over what was taken back. */
import type { App } from '../../app.ts';
import type { Head } from '../../chain/balances.ts';
import { blockAt, isStillThere } from '../../chain/blocks.ts';
import { CHUNK_BLOCKS } from '../../chain/look.ts';
import { readMovements } from '../../chain/transfers.ts';
import type { VenueId } from '../../inventory/venue.ts';
import { readCursor, type SeenBlock, saveMovements } from '../../store/transfers.ts';

/** Chains take no more than so many blocks back, or what counts as final there. */
const TAKEN_BACK_AT_MOST = 64;
/** In one look, of `CHUNK_BLOCKS` each: what is missing after that is for the next one. */
const MAX_STEPS = 50;

export interface Followed {
	/** Whether everything up to the head is known now. */
	readonly isUpToHead: boolean;
	/** Whether anything was seen to move since the last look. */
	readonly hasMoved: boolean;
}

type Ports = Pick<App, 'config' | 'db' | 'client' | 'log'>;

/** A look that somebody else has overtaken, or a node that lags, changes nothing. Throws `TransientError`; what was stored before is kept. */
export async function followTransfers(app: Ports, { chain, head }: { readonly chain: VenueId; readonly head: Head }): Promise<Followed> {
	const start = await readCursor(app.db, chain);
	if (start === null) {
		const isFirst = await saveMovements(app.db, { chain, before: null, fromBlock: head.blockNumber, upTo: head, movements: [] });
		return { isUpToHead: isFirst, hasMoved: false };
	}
	let [before, hasMoved] = [start, false];
	for (let steps = 0; steps < MAX_STEPS; steps += 1) {
		if (before.blockHash === head.blockHash) return { isUpToHead: true, hasMoved };
		if (before.blockNumber > head.blockNumber) return { isUpToHead: false, hasMoved };
		const step = await readStep(app, { chain, head, before });
		if (!(await saveMovements(app.db, { chain, before, ...step }))) return { isUpToHead: false, hasMoved };
		hasMoved ||= step.movements.length > 0 || step.fromBlock <= before.blockNumber;
		before = step.upTo;
	}
	return { isUpToHead: false, hasMoved };
}

interface Step {
	readonly fromBlock: bigint;
	readonly upTo: SeenBlock;
	readonly movements: Awaited<ReturnType<typeof readMovements>>;
}

async function readStep(app: Ports, { chain, head, before }: { chain: VenueId; head: Head; before: SeenBlock }): Promise<Step> {
	const next = await readRange(app, { chain, head, fromBlock: before.blockNumber + 1n });
	// Asked after the transfers, so that a reorganisation between the two questions is seen, too.
	if (await isStillThere(app.client(chain), { chain, head, before })) return next;
	const depth = BigInt(Math.max(TAKEN_BACK_AT_MOST, app.config.chains.get(chain)?.finalityBlocks ?? 0));
	app.log.info({ venue: chain, block: before.blockNumber.toString() }, 'blocks were taken back; their transfers are read again');
	return readRange(app, { chain, head, fromBlock: before.blockNumber > depth ? before.blockNumber - depth : 0n });
}

async function readRange(
	app: Ports,
	{ chain, head, fromBlock }: { readonly chain: VenueId; readonly head: Head; readonly fromBlock: bigint },
): Promise<Step> {
	const end = fromBlock + CHUNK_BLOCKS - 1n;
	const upTo = end < head.blockNumber ? await blockAt(app.client(chain), { chain, blockNumber: end }) : head;
	const positions = app.config.inventory.positions.get(chain) ?? [];
	const range = { fromBlock, toBlock: upTo.blockNumber };
	const movements = fromBlock > range.toBlock ? [] : await readMovements(app.client(chain), { venue: chain, positions, ...range });
	return { fromBlock, upTo: { blockNumber: upTo.blockNumber, blockHash: upTo.blockHash }, movements };
}
