/**
 * Makes the calls that move funds out of an account at an exchange; the signer's like. It is given an effect and nothing else: it checks what
 * the row asks for, takes the right to one call, and makes it. The call carries the time that was stored, so a process that was held up in
 * between is refused by the exchange instead of asking twice.
 */
import { getAddress, isAddress } from 'viem';
import { z } from 'zod';
import { crashPoint } from '../crash-point.ts';
import { BusyError, errorText, InvariantError, PermanentError } from '../errors.ts';
import type { Effect } from '../leg/effect.ts';
import { isDecimalText } from '../money/units.ts';
import type { Log } from '../observe/log.ts';
import type { Db } from '../store/db.ts';
import { claimCall, noteAnswer } from '../store/requests.ts';
import { isStopped } from '../store/stops.ts';
import type { Exchange, WithdrawalBody } from './exchange.ts';

/** Long enough for a slow answer, short enough that what was lost is asked for again soon. */
const VALID_MS = 10_000;

export interface Requester {
	/**
	 * Throws `ConflictError` when somebody has claimed the effect since it was read, `InvariantError` for what may not be asked, `BusyError`
	 * when nothing was asked because the exchange has had enough. `asked` says nothing about what becomes of it: that is looked up.
	 */
	ask(effect: Effect): Promise<'asked' | 'stopped'>;
}

interface RequesterPorts {
	readonly db: Db;
	readonly log: Log;
	/** The only address that anything is withdrawn to. */
	readonly wallet: string;
	/** Throws `PermanentError` when it is not configured. */
	readonly exchange: (name: string) => Exchange;
}

const body: z.ZodType<WithdrawalBody> = z.strictObject({
	exchange: z.string(),
	coin: z.string(),
	network: z.string(),
	address: z.string(),
	amount: z.string().refine(isDecimalText),
});

export function createRequester({ db, log, wallet, exchange }: RequesterPorts): Requester {
	return {
		async ask(effect) {
			const { id, request } = effect;
			if (request === null) throw new InvariantError(`effect ${id} has no request`, { effectId: id });
			const asked = checked(effect, wallet);
			const account = exchange(asked.exchange);
			const atMs = await account.nowMs();
			if (await isStopped(db)) return 'stopped';
			const untilMs = atMs + VALID_MS;
			await claimCall(db, { effect, untilMs });
			crashPoint('request-claimed');
			const { coin, network, address, amount } = asked;
			try {
				await account.withdraw({ coin, network, address, amount, key: request.key, atMs, untilMs });
				crashPoint('requested');
				log.info({ effect: id, key: request.key, exchange: asked.exchange, coin, network, amount }, 'withdrawal accepted');
				await noteAnswer(db, id, 'accepted');
			} catch (error) {
				crashPoint('answer-lost');
				log.warn({ effect: id, key: request.key, exchange: asked.exchange, error: errorText(error) }, 'no word of acceptance');
				await noteAnswer(db, id, errorText(error));
				// What became of the call is looked up all the same; these also say when to come again, or that a person is needed.
				if (error instanceof BusyError || error instanceof InvariantError) throw error;
			}
			return 'asked';
		},
	};
}

/** Throws `InvariantError` for anything but a withdrawal to our own wallet. */
function checked(effect: Effect, wallet: string): WithdrawalBody {
	const refuse = (rule: string): never => {
		throw new InvariantError(`effect ${effect.id} (${effect.kind} on ${effect.venue}) is not asked for: ${rule}`, { effectId: effect.id });
	};
	if (effect.kind !== 'claim' || effect.ownerKind !== 'leg') return refuse('only legs claim by request');
	const parsed = body.safeParse(effect.request?.body);
	if (!parsed.success) return refuse(`its request is none: ${parsed.error.issues[0]?.path.join('.')}`);
	const { address } = parsed.data;
	if (!isAddress(address, { strict: false }) || getAddress(address) !== getAddress(wallet)) return refuse(`${address} is not our wallet`);
	return parsed.data;
}

/** For process types that hold no keys. */
export function noRequester(): Requester {
	return {
		ask: ({ id }) => Promise.reject(new PermanentError(`this process asks no exchange for effect ${id}`, { effectId: id })),
	};
}
