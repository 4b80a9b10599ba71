import type { AbiEvent, Address } from 'viem';
import type { LocalChain } from './chain.ts';

/** Blocks that are read again each time, so that what a reorganisation brings in at a lower height is not missed. */
const OVERLAP_BLOCKS = 16n;

/** Follows one event of one contract. */
export function createLogScan<const Event extends AbiEvent>(chain: LocalChain, address: Address, event: Event) {
	let seen = 0n;
	return {
		/** Logs since the last call, and some again: whoever reads them has to know what was seen. */
		async next() {
			const head = await chain.client.getBlockNumber();
			const from = (head < seen ? head : seen) - OVERLAP_BLOCKS;
			const logs = await chain.client.getLogs({ address, event, strict: true, fromBlock: from > 0n ? from : 0n, toBlock: head });
			seen = head;
			return logs;
		},
		/** The chain was taken back: goes on from its present head. */
		async rewind() {
			seen = await chain.client.getBlockNumber();
		},
	};
}
