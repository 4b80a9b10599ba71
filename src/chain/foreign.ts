/**
 * A nonce that was spent by a transaction which Ballast has never signed. One look is no evidence, because a node may lag behind its twin;
 * when a later one agrees, the lane freezes, and nothing more is signed on it until a person has looked.
 */
import type { PublicClient } from 'viem';
import { InvariantError } from '../errors.ts';
import type { VenueId } from '../inventory/venue.ts';
import type { Effect } from '../leg/effect.ts';
import type { Log } from '../observe/log.ts';
import type { Trail } from '../store/attempts.ts';
import type { Db } from '../store/db.ts';
import { clearLaneForeign, freezeLane, type Lane, type LaneKey, noteForeign, noteLaneForeign } from '../store/lanes.ts';
import { finalHead, lookAt } from './look.ts';
import { payloadHash } from './payload.ts';
import type { Decided, Waiting } from './progress.ts';
import { feeOf } from './receipts.ts';

/** Long enough for a node to catch up with the one beside it, or to be left out. */
const SURE_AFTER_MS = 10_000;

interface ForeignPorts {
	readonly db: Db;
	readonly log: Log;
	readonly client: (venue: VenueId) => PublicClient;
	readonly chain: (venue: VenueId) => {
		readonly chainId: number;
		readonly pollMs: number;
		readonly finality: { readonly deepest: number };
	};
}

/**
 * The look has found the nonce of `effect` spent for good by none of our hashes. Throws `InvariantError` once the lane is frozen for it,
 * unless a person has named the transaction that has spent it: then that one decides.
 */
export async function suspectStranger(ports: ForeignPorts, effect: Effect, { spentBy }: Trail): Promise<Waiting | Decided> {
	if (spentBy !== null) return verdictOf(ports, effect, spentBy);
	const forMs = await noteForeign(ports.db, effect.id);
	const reason = `nonce ${effect.nonce} was spent by a transaction that is not ours`;
	if (forMs < SURE_AFTER_MS)
		return { state: 'waiting', lookAgainMs: ports.chain(effect.venue).pollMs, reason: `${reason}, as one look says` };
	await freeze(ports, effect, { actor: `effect ${effect.id}`, reason });
	throw new InvariantError(`${reason}; the lane of ${effect.signer} on ${effect.venue} is frozen until a person has looked`, {
		effectId: effect.id,
	});
}

/** What is known of a transaction that a person has named: it was ours after all if it does what the effect was to do. */
async function verdictOf({ client, chain }: ForeignPorts, effect: Effect, hash: NonNullable<Trail['spentBy']>): Promise<Decided> {
	const { chainId } = chain(effect.venue);
	const asked = client(effect.venue);
	const [spender, receipt] = await lookAt({ name: `transaction ${hash}`, chainId }, () =>
		Promise.all([asked.getTransaction({ hash }), asked.getTransactionReceipt({ hash })]),
	);
	if (spender.from.toLowerCase() !== effect.signer.toLowerCase() || BigInt(spender.nonce) !== effect.nonce) {
		throw new InvariantError(`${hash} has not spent nonce ${effect.nonce} of ${effect.signer}: name the transaction that has`, {
			effectId: effect.id,
		});
	}
	const { transactionHash, blockNumber, logs, status } = receipt;
	const does = { target: spender.to ?? '0x', calldata: spender.input, value: spender.value };
	const isOurs = spender.to !== null && effect.payload !== null && payloadHash(chainId, does) === payloadHash(chainId, effect.payload);
	const to = status === 'success' ? 'confirmed' : 'reverted';
	return {
		state: 'verdict',
		to: isOurs ? to : 'cancelled',
		mined: { transactionHash, blockNumber, logs: isOurs ? logs : [], ...feeOf(receipt) },
	};
}

/** More nonces of the lane may be spent than were ever given out: then the same holds as for a nonce that was given out. */
export async function lookForStranger(ports: ForeignPorts, lane: Lane): Promise<void> {
	const { chainId, finality } = ports.chain(lane.venue);
	const client = ports.client(lane.venue);
	const spent = await lookAt({ name: `the nonce of ${lane.signer}`, chainId }, async () => {
		const blockNumber = await finalHead({ client, finalityBlocks: finality.deepest });
		return BigInt(await client.getTransactionCount({ address: lane.signer, blockNumber }));
	});
	const forMs = await noteLaneForeign(ports.db, lane, spent);
	if (forMs === null) return lane.isSuspect ? clearLaneForeign(ports.db, lane) : undefined;
	if (forMs < SURE_AFTER_MS) return;
	const reason = `the chain has spent ${spent} nonces, of which this lane has given out fewer: somebody else signs with the key`;
	await freeze(ports, lane, { actor: 'lane sweeper', reason });
}

async function freeze({ db, log }: ForeignPorts, { venue, signer }: LaneKey, cause: { actor: string; reason: string }): Promise<void> {
	if (await freezeLane(db, { venue, signer }, cause)) log.fatal({ venue, signer, reason: cause.reason }, 'lane frozen: foreign nonce');
}
