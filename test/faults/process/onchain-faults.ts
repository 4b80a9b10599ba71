/** Faults that happen on the chains themselves. */
import { type Hash, TransactionNotFoundError } from 'viem';
import type { LocalChain } from '../../../sandbox/chains/chain.ts';
import type { World } from '../../../sandbox/world.ts';
import { until } from '../../product.ts';
import { at, type Dice, one } from './dice.ts';
import type { Game } from './faults.ts';
import { settleForeign } from './operator.ts';

/** A transaction of our own signer that Ballast has not made. */
export interface ForeignSpend {
	readonly venue: string;
	readonly nonce: number;
	readonly hash: Hash;
}

const BLOCKS_WITHIN_MS = 10_000;
const LANE_WITHIN_MS = 6_000;

/**
 * Takes the last blocks back, with what the product has sent in them. Relayers, attesters and the hub stand still for as many blocks before that,
 * so that nothing of theirs is lost: they are no part of what is tested, and do not send again.
 */
export async function reorganise({ world }: { world: World }, { client }: LocalChain, depth: number): Promise<void> {
	const pollers = [world.across.relayer.poller, world.everclear.poller, world.cctp.iris.poller];
	await Promise.all(pollers.map((each) => each.pause()));
	try {
		await world.across.relayer.idle();
		const from = await client.getBlockNumber();
		const isDeepEnough = async () => ((await client.getBlockNumber()) > from + BigInt(depth) ? true : null);
		await until('enough blocks hold nothing but our own', isDeepEnough, BLOCKS_WITHIN_MS);
		await client.transport.request({ method: 'anvil_reorg', params: [depth, []] });
	} finally {
		for (const poller of pollers) poller.resume();
	}
}

/**
 * Whoever has our key sends an empty transaction, with the nonce that the node takes for the next one. The lane has to freeze, and a person
 * to be called, who thaws it once faults have stopped. Does nothing as long as Ballast has never sent anything.
 */
export async function spendForeignNonce(game: Game, dice: Dice): Promise<void> {
	const { world, sql, foreign, undo } = game;
	const lanes = async () => {
		const found = await sql<{ venue: string }[]>`select venue from signer_lanes order by venue`;
		return found.length === 0 ? null : found;
	};
	const open = await until('a lane is open', lanes, LANE_WITHIN_MS).catch(() => []);
	if (open.length === 0) return;
	const { venue } = one(open, at(dice, 0));
	const { client } = world.chain(venue);
	const sent = async () => {
		const hash = await client.send({ from: world.wallet, to: world.wallet });
		await client.mined(hash);
		// Another fault may have taken the block back at once: then nobody has spent anything yet.
		const found = await client.getTransaction({ hash }).catch((error: unknown) => {
			if (error instanceof TransactionNotFoundError) return null;
			throw error;
		});
		return found === null ? null : { venue, nonce: found.nonce, hash };
	};
	const spend = await until('a transaction of somebody else is mined', sent, BLOCKS_WITHIN_MS);
	foreign.push(spend);
	undo.push(() => settleForeign(game, spend));
}
