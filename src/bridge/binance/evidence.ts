/** What a deposit and a withdrawal by the exchange have left in the hop's row, read back. */
import { type Hash, isHash } from 'viem';
import { z } from 'zod';
import { InvariantError } from '../../errors.ts';
import type { Evidence } from '../../leg/order.ts';
import { isDecimalText } from '../../money/units.ts';

const hash = z.custom<Hash>((value) => typeof value === 'string' && isHash(value), 'is not a transaction hash');
const decimal = z.string().refine(isDecimalText, 'is not a decimal number');
const moment = z
	.string()
	.regex(/^[0-9]{1,15}$/)
	.transform(Number);

const sent = z.object({ depositTx: hash, seenAtMs: moment });
/** `noticedAtMs` is by the exchange's clock. */
const credited = sent.extend({ credited: decimal, noticedAtMs: moment });
const withdrawn = credited.extend({ withdrawTx: hash, withdrawn: decimal, withdrawFee: decimal });

type SentDeposit = z.output<typeof sent>;
export type CreditedDeposit = z.output<typeof credited>;
export type WithdrawnDeposit = z.output<typeof withdrawn>;

/** All three throw `InvariantError`: only what this adapter has written is ever handed back to it. */
export const sentOf = (evidence: Evidence): SentDeposit => parsed(sent.safeParse(evidence));
export const creditedOf = (evidence: Evidence): CreditedDeposit => parsed(credited.safeParse(evidence));
export const withdrawnOf = (evidence: Evidence): WithdrawnDeposit => parsed(withdrawn.safeParse(evidence));

function parsed<T>(result: z.ZodSafeParseResult<T>): T {
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	throw new InvariantError(`stored evidence of a deposit at the exchange: ${issue?.path.join('.')}: ${issue?.message}`);
}
