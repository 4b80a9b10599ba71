/** What identifies a deposit on its destination: the relay data, read back from stored evidence, and its hash. */
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from 'viem';
import { z } from 'zod';
import { InvariantError } from '../../errors.ts';
import type { Evidence } from '../../leg/order.ts';

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>;
const whole = z
	.string()
	.regex(/^[0-9]{1,78}$/)
	.transform(BigInt);
const seconds = z
	.string()
	.regex(/^[0-9]{1,10}$/)
	.transform(Number);

const depositEvidence = z.object({
	originChainId: whole,
	depositId: whole,
	depositor: bytes32,
	recipient: bytes32,
	exclusiveRelayer: bytes32,
	inputToken: bytes32,
	outputToken: bytes32,
	inputAmount: whole,
	outputAmount: whole,
	fillDeadline: seconds,
	exclusivityDeadline: seconds,
	message: z.literal('0x'),
	depositBlock: whole,
	seenAtMs: z
		.string()
		.regex(/^[0-9]{1,15}$/)
		.transform(Number),
});
const fillEvidence = depositEvidence.extend({ fillTx: bytes32 });
const refundEvidence = depositEvidence.extend({ refundTx: bytes32 });

export type Deposit = z.output<typeof depositEvidence>;
export type FilledDeposit = z.output<typeof fillEvidence>;
export type RefundedDeposit = z.output<typeof refundEvidence>;
/** What identifies any deposit on its destination, ours or not. */
export type RelayData = Omit<Deposit, 'message' | 'depositBlock' | 'seenAtMs'> & { readonly message: Hex };

/** Throws `InvariantError`: only what this adapter has written is ever handed back to it. */
export function depositOf(evidence: Evidence): Deposit {
	return parsed(depositEvidence.safeParse(evidence));
}

/** Throws `InvariantError`. */
export function filledDepositOf(evidence: Evidence): FilledDeposit {
	return parsed(fillEvidence.safeParse(evidence));
}

/** Throws `InvariantError`. */
export function refundedDepositOf(evidence: Evidence): RefundedDeposit {
	return parsed(refundEvidence.safeParse(evidence));
}

function parsed<T>(result: z.ZodSafeParseResult<T>): T {
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	throw new InvariantError(`stored evidence of an Across deposit: ${issue?.path.join('.')}: ${issue?.message}`);
}

const RELAY_DATA = parseAbiParameters([
	'RelayData relayData, uint256 destinationChainId',
	'struct RelayData { bytes32 depositor; bytes32 recipient; bytes32 exclusiveRelayer; bytes32 inputToken; bytes32 outputToken; uint256 inputAmount; uint256 outputAmount; uint256 originChainId; uint256 depositId; uint32 fillDeadline; uint32 exclusivityDeadline; bytes message; }',
]);

/** The key of `fillStatuses` on the destination's pool. */
export function relayHash(deposit: RelayData, destinationChainId: number): Hex {
	return keccak256(encodeAbiParameters(RELAY_DATA, [deposit, BigInt(destinationChainId)]));
}
