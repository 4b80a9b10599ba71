/** The exchange's clock, by our own and how far the two are apart. */
import { z } from 'zod';
import { type BallastError, PermanentError, TransientError } from '../../errors.ts';
import type { Call } from './call.ts';
import type { Parameters } from './client.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { recently } from './recently.ts';
import { TIMESTAMP_CODE } from './refusal.ts';

const MEASURED_FOR_MS = 5 * 60_000;
/** For how long a read of our account may be on its way. */
const RECV_WINDOW_MS = 10_000;

const time = z.object({ serverTime: z.int().positive() });

/** As `Call`, but what is asked is known, and the time is filled in. */
export type Read = <Schema extends z.ZodType>(endpoint: Endpoint, parameters: Parameters, schema: Schema) => Promise<z.output<Schema>>;

export interface Clock {
	/** Unix milliseconds. Throws `TransientError` when the exchange's time cannot be read: ours is not taken instead. */
	nowMs(): Promise<number>;
	/** A read of our account at the exchange's present time. A refused timestamp is a `TransientError` here: nothing was said about the account. */
	readonly read: Read;
	/** After a refused timestamp the clocks are compared anew. */
	learn(error: unknown): void;
}

export function createClock(call: Call, localMs: () => number): Clock {
	const skew = recently({
		forMs: MEASURED_FOR_MS,
		nowMs: localMs,
		read: async () => {
			let sentMs = 0;
			const noteSent = () => {
				sentMs = localMs();
				return {};
			};
			const { serverTime } = await call(ENDPOINTS.time, noteSent, time);
			// Both ways are taken to be equally long.
			return serverTime - (sentMs + localMs()) / 2;
		},
	});
	const learn = (error: unknown) => {
		if (isTimestampRefused(error)) skew.forget();
	};
	return {
		nowMs: async () => {
			const apartMs = await skew.get();
			return Math.round(localMs() + apartMs);
		},
		learn,
		async read(endpoint, parameters, schema) {
			const apartMs = await skew.get();
			const timed = () => ({ ...parameters, timestamp: Math.round(localMs() + apartMs), recvWindow: RECV_WINDOW_MS });
			try {
				return await call(endpoint, timed, schema);
			} catch (error) {
				learn(error);
				if (isTimestampRefused(error)) throw new TransientError(error.message, error.details, { cause: error });
				throw error;
			}
		},
	};
}

function isTimestampRefused(error: unknown): error is BallastError {
	return error instanceof PermanentError && error.details.code === `${TIMESTAMP_CODE}`;
}
