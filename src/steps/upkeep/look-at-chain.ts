/** One look at one chain: what has moved, what is there at its head and at its settled block, and the books of both. */
import type { App } from '../../app.ts';
import { type Head, readBalances, readHead } from '../../chain/balances.ts';
import type { Position, VenueId } from '../../inventory/venue.ts';
import { bookNative, bookTransfers } from '../../store/books.ts';
import { type BalanceReading, saveBalances } from '../../store/inventory.ts';
import { followTransfers } from './follow-transfers.ts';

type LookPorts = Pick<App, 'config' | 'db' | 'client' | 'log'>;

/** Stores balances, and knows which chains have books to be kept then. */
export type Save = (balances: readonly BalanceReading[]) => Promise<ReadonlySet<VenueId>>;

type Unread = readonly (Position & { readonly problem: string })[];

/**
 * Reads the balances of a chain; transfers first where funds of ours are on their way (`isMoving`), so that what lands is not taken for free, and stores them by `save`. Returns the
 * positions that could not be read. Throws `TransientError` when the chain does not answer at all.
 */
export async function lookAtBalances(
	app: LookPorts,
	chain: VenueId,
	{ isMoving, save }: { isMoving: boolean; save: Save },
): Promise<Unread> {
	const head = await readHead(app.client(chain), chain);
	if (isMoving) await followTransfers(app, { chain, head });
	return readAndBook(app, { chain, head, save });
}

/** One look at what has moved; balances are read when anything has, or when `isDue`. */
export async function lookAtTransfers(app: LookPorts, chain: VenueId, isDue: () => Promise<boolean>): Promise<Unread> {
	const head = await readHead(app.client(chain), chain);
	const { hasMoved } = await followTransfers(app, { chain, head });
	const save: Save = (balances) => saveBalances(app.db, balances);
	return hasMoved || (await isDue()) ? readAndBook(app, { chain, head, save }) : [];
}

interface Look {
	readonly chain: VenueId;
	readonly head: Head;
	readonly save: Save;
}

async function readAndBook(app: LookPorts, { chain, head, save }: Look): Promise<Unread> {
	const { config, db, log } = app;
	const positions = config.inventory.positions.get(chain) ?? [];
	if (positions.length === 0) return [];
	const settled = config.chains.get(chain)?.settled ?? 0;
	const { balances, unread } = await readBalances(app.client(chain), { venue: chain, positions, head, settled });
	const due = await save(balances);
	for (const { venue, asset, problem } of unread) log.warn({ venue, asset, error: problem }, 'balance not read');
	const settledBlock = balances.find((each) => each.settled !== null)?.settled?.blockNumber;
	if (settledBlock !== undefined && due.has(chain)) await bookTransfers(db, { chain, settledBlock });
	for (const { venue, asset, token } of positions) if (token.kind === 'native') await bookNative(db, { venue, asset });
	return unread;
}
