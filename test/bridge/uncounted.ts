/** The budget of a service that nobody counts. */
import type { BridgePorts } from '../../src/bridge/bridge.ts';

export const uncounted: BridgePorts['budget'] = () => ({ enter: async () => {}, pause: async () => {} });

/** No exchange is asked. */
export const noExchange: BridgePorts['exchange'] = () => {
	throw new Error('no exchange is asked');
};
