/** `src/store/reserves.ts` in memory: no operator overrides any. */
import * as real from '../../../src/store/reserves.ts';

export const { reservesInForce } = real;

export const readReserveOverrides: typeof real.readReserveOverrides = async () => new Map();
