/** Where each bridge of the registry is examined. */
import type { OpenStand } from './stand.ts';
import { openAcross } from './stands/across.ts';
import { openBinance } from './stands/binance.ts';
import { openCctpV2 } from './stands/cctp-v2.ts';
import { openSwap } from './stands/swap.ts';

const STANDS: Readonly<Record<string, OpenStand>> = { across: openAcross, binance: openBinance, 'cctp-v2': openCctpV2, swap: openSwap };

/** Throws for a bridge that nobody has told how to be examined. */
export function standOf(bridge: string): OpenStand {
	const found = Object.hasOwn(STANDS, bridge) ? STANDS[bridge] : undefined;
	if (found === undefined) throw new Error(`bridge ${bridge} has no stand in test/conformance/stands`);
	return found;
}
