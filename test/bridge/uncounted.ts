/** What a bridge is given where a test is about something else. */
import type { BridgePorts } from '../../src/bridge/bridge.ts';

/** The budget of a service that nobody counts. */
export const uncounted: BridgePorts['budget'] = () => ({ enter: async () => {}, pause: async () => {} });

/** No exchange is asked. */
export const noExchange: BridgePorts['exchange'] = () => {
	throw new Error('no exchange is asked');
};

/** For bridges that are created and not asked. */
export const idlePorts: BridgePorts = {
	client: () => {
		throw new Error('no chain is asked while bridges are created');
	},
	fetch,
	nowMs: () => 0,
	finalityBlocks: () => 1,
	budget: uncounted,
	exchange: noExchange,
};
