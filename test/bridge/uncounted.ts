/** The budget of a service that nobody counts. */
import type { BridgePorts } from '../../src/bridge/bridge.ts';

export const uncounted: BridgePorts['budget'] = () => ({ enter: async () => {}, pause: async () => {} });
