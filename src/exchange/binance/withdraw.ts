/** Asks for a withdrawal: one call, never repeated, and worthless after its time. */
import { z } from 'zod';
import { InvariantError } from '../../errors.ts';
import type { Exchange, WithdrawalRequest } from '../exchange.ts';
import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import { ENDPOINTS } from './endpoints.ts';
import { decimal, word } from './fields.ts';

/** Not the funding wallet: there is nothing of ours. */
const SPOT_WALLET = 0;
/** Binance takes no wider window. */
const MOST_VALID_MS = 60_000;

const accepted = z.object({ id: word });

/** ccxt writes the form's values as they are, so none of them may hold anything that a form gives a meaning to. */
const plain = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, 'is not a plain name');
const request = z
	.object({
		key: plain,
		coin: plain,
		network: plain,
		address: plain,
		amount: decimal,
		atMs: z.int().positive(),
		untilMs: z.int().positive(),
	})
	.refine(({ atMs, untilMs }) => untilMs > atMs && untilMs - atMs <= MOST_VALID_MS, `is not within ${MOST_VALID_MS} ms after "atMs"`);

/**
 * The times are sent as they are given, however late it has become: a process that was held up is refused by the exchange (-1021) instead of
 * asking for something that was given up. Throws `InvariantError`, before anything is sent, for what cannot be asked.
 */
export function createWithdraw(call: Call, { learn }: Pick<Clock, 'learn'>): Exchange['withdraw'] {
	return async (asked) => {
		const { key, coin, network, address, amount, atMs, untilMs } = checkedRequest(asked);
		const form = { coin, network, address, amount, withdrawOrderId: key, walletType: SPOT_WALLET };
		try {
			await call(ENDPOINTS.withdraw, () => ({ ...form, timestamp: atMs, recvWindow: untilMs - atMs }), accepted);
		} catch (error) {
			learn(error);
			throw error;
		}
	};
}

function checkedRequest(asked: WithdrawalRequest): WithdrawalRequest {
	const parsed = request.safeParse(asked);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	const field = issue?.path.join('.') || 'untilMs';
	throw new InvariantError(`withdrawal ${asked.key} is not asked for: "${field}" ${issue?.message}`, { key: asked.key, field });
}
