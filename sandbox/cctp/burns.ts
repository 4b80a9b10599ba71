/** The burns that the attesters know of, and what has become of them. */
import {
	encodePacked,
	type Hash,
	type Hex,
	keccak256,
	parseEventLogs,
	type TransactionReceipt,
	TransactionReceiptNotFoundError,
} from 'viem';
import { MESSAGE_SENT, transmitterAbi } from './abi.ts';
import type { CctpChain } from './deploy.ts';
import { burnOf, isBurn } from './message.ts';

export type DelayReason = 'insufficient_fee' | 'amount_above_max' | 'insufficient_allowance_available';

export interface Burn {
	readonly origin: CctpChain;
	readonly destination: CctpChain;
	readonly transactionHash: Hash;
	/** Which of its transaction's messages it is, from 0 and in the order of the logs. */
	readonly place: number;
	/** As the contract emitted it. */
	readonly sent: Hex;
	/** Base units. */
	readonly amount: bigint;
	/** Base units. */
	readonly maxFee: bigint;
	readonly minFinality: number;
	/** Given by the attesters; the same for the same transaction, whichever block it is in. */
	readonly nonce: Hex;
	/** When the attesters first saw it, by their clock. */
	readonly seenAtMs: number;
	/** Why a fast one has to wait like the others. */
	delayReason: DelayReason | null;
	/** The message as it was signed; null until then. */
	attested: Hex | null;
	attestedAtMs: number | null;
	/** When it is signed anew, by the attesters' clock; null when nobody has asked for it. */
	signAnewAtMs: number | null;
}

/** By "<source domain>-<transaction hash>-<place>". */
export type Burns = Map<string, Burn>;

interface SeenLog {
	readonly transactionHash: Hash;
	readonly logIndex: number;
	readonly args: { readonly message: Hex };
}

interface Sighting {
	readonly origin: CctpChain;
	readonly chains: readonly CctpChain[];
	readonly logs: readonly SeenLog[];
	readonly nowMs: number;
}

/** Logs of whole transactions. Messages that are no burns are passed over, and burns that are known are left alone. */
export function note(burns: Burns, { origin, chains, logs, nowMs }: Sighting): void {
	const places = new Map<Hash, number>();
	for (const { transactionHash, args } of [...logs].sort((a, b) => a.logIndex - b.logIndex)) {
		const place = places.get(transactionHash) ?? 0;
		places.set(transactionHash, place + 1);
		const key = `${origin.domain}-${transactionHash}-${place}`;
		if (burns.has(key) || !isBurn(args.message)) continue;
		const { destinationDomain, sender, minFinality, amount, maxFee } = burnOf(args.message);
		const destination = chains.find((each) => each.domain === destinationDomain);
		if (destination === undefined || sender !== origin.tokenMessenger) continue;
		const nonce = keccak256(encodePacked(['uint32', 'bytes32', 'uint32'], [origin.domain, transactionHash, place]));
		const facts = { origin, destination, transactionHash, place, sent: args.message, amount, maxFee, minFinality, nonce, seenAtMs: nowMs };
		burns.set(key, { ...facts, delayReason: null, attested: null, attestedAtMs: null, signAnewAtMs: null });
	}
}

/** Whether the chain still has it: a reorganisation may have taken it away. */
export async function isOnChain({ origin, transactionHash, place, sent }: Burn): Promise<boolean> {
	const receipt = await receiptOf(origin, transactionHash);
	const logs = (receipt?.logs ?? []).filter(({ address }) => address.toLowerCase() === origin.messageTransmitter.toLowerCase());
	return parseEventLogs({ abi: transmitterAbi, eventName: MESSAGE_SENT.name, logs })[place]?.args.message === sent;
}

async function receiptOf({ chain }: CctpChain, hash: Hash): Promise<TransactionReceipt | null> {
	try {
		return await chain.client.getTransactionReceipt({ hash });
	} catch (error) {
		if (error instanceof TransactionReceiptNotFoundError) return null;
		throw error;
	}
}
