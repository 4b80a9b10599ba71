/** A burn and its attestation, read back from stored evidence. */
import { type Hash, type Hex, isHex } from 'viem';
import { z } from 'zod';
import { InvariantError } from '../../errors.ts';
import type { Evidence } from '../../leg/order.ts';

const hex = z.custom<Hex>((value) => isHex(value) && value.length % 2 === 0, 'is not hex');
const hash = z.string().regex(/^0x[0-9a-f]{64}$/i, 'is not 32 bytes of hex') as unknown as z.ZodType<Hash>;
const whole = z.string().regex(/^[0-9]{1,78}$/, 'is not a whole number');

const burn = z.object({
	sourceDomain: whole.transform(Number),
	transactionHash: hash,
	burnBlock: whole,
	threshold: whole.transform(Number),
	/** The message as the chain has emitted it. */
	emitted: hex,
	/** Unix milliseconds: when the burn was seen mined. */
	sentAtMs: whole.transform(Number),
});
const attestation = z.object({
	/** The message with all that the attesters have filled in. */
	message: hex,
	attestation: hex,
	nonce: hash,
	feeExecuted: whole.transform(BigInt),
	expirationBlock: whole.transform(BigInt),
});
const proof = burn.extend(attestation.shape);

export type Burn = z.output<typeof burn>;
export type Attestation = z.output<typeof attestation>;
export type AttestedBurn = z.output<typeof proof>;

/** Throws `InvariantError`: only what this adapter has written is ever handed back to it. */
export function burnOf(evidence: Evidence): Burn {
	return parsed(burn.safeParse(evidence));
}

/** Throws `InvariantError`. */
export function attestedBurnOf(evidence: Evidence): AttestedBurn {
	return parsed(proof.safeParse(evidence));
}

/** The attestation of an earlier proof; null when there was none yet. Throws `InvariantError`. */
export function attestationOrNull(evidence: Evidence): Attestation | null {
	return 'attestation' in evidence ? parsed(attestation.safeParse(evidence)) : null;
}

/** The proof: all of the burn's evidence and the attestation. */
export function withAttestation(evidence: Evidence, { message, attestation, nonce, feeExecuted, expirationBlock }: Attestation): Evidence {
	return { ...evidence, message, attestation, nonce, feeExecuted: String(feeExecuted), expirationBlock: String(expirationBlock) };
}

function parsed<T>(result: z.ZodSafeParseResult<T>): T {
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	throw new InvariantError(`stored evidence of a CCTP burn: ${issue?.path.join('.')}: ${issue?.message}`);
}
