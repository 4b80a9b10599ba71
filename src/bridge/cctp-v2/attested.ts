/** Which of a transaction's messages is ours, and whether it is attested: told by its content, never by its place. Pure. */
import { type Hex, isHex, size } from 'viem';
import { decodeMessage, sameTransfer } from './codec.ts';
import type { Attestation } from './evidence.ts';
import type { SeenMessage } from './iris.ts';

const SIGNATURE_BYTES = 65;

type Sight =
	| { readonly state: 'attested'; readonly attestation: Attestation }
	/** `isDelayed`: a fast transfer that has to wait like the others. */
	| { readonly state: 'pending'; readonly note: string; readonly isDelayed: boolean };

/**
 * Whatever differs from the emitted message in a byte that attesters do not fill in, or takes more than the burn allows, is not ours:
 * the destination would refuse it too, and the wait goes on.
 */
export function findAttested(seen: readonly SeenMessage[], emitted: Hex): Sight {
	const { maxFee } = decodeMessage(emitted);
	const ours = seen.filter(({ message }) => sameTransfer(emitted, message as Hex));
	for (const each of ours) {
		const { attestation } = each;
		if (each.status !== 'complete' || !isAttestation(attestation)) continue;
		const message = each.message.toLowerCase() as Hex;
		const { nonce, feeExecuted, expirationBlock } = decodeMessage(message);
		if (feeExecuted > maxFee) continue;
		const signed = { message, attestation: attestation.toLowerCase() as Hex };
		return { state: 'attested', attestation: { ...signed, nonce, feeExecuted, expirationBlock } };
	}
	// Until it is attested a message is shown empty, so that nobody can tell whose it is.
	const unready = seen.filter(({ message }) => message === '0x');
	const [waiting] = [...ours, ...unready];
	if (waiting === undefined) return { state: 'pending', note: noteWithout(seen), isDelayed: false };
	const { status, delayReason } = waiting;
	const delay = delayReason == null ? '' : `, delayed: ${delayReason}`;
	const wrong = ours.length > 0 && status === 'complete' ? ', with an attestation that cannot be ours' : '';
	return { state: 'pending', note: `is ${status}${delay}${wrong}`, isDelayed: delayReason != null };
}

function noteWithout(seen: readonly SeenMessage[]): string {
	return seen.length === 0 ? 'was not seen by Iris yet' : `is not among the ${seen.length} messages that Iris shows of its transaction`;
}

/** Signatures of so many attesters; which ones, only the contract knows. */
function isAttestation(text: string | null | undefined): text is Hex {
	if (!isHex(text) || text.length % 2 !== 0) return false;
	const length = size(text);
	return length > 0 && length % SIGNATURE_BYTES === 0;
}
