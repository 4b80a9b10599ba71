/** Faults that happen on the chains themselves. */
import type { LocalChain } from '../../../sandbox/chains/chain.ts';
import type { World } from '../../../sandbox/world.ts';
import { until } from '../../product.ts';

const BLOCKS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

/**
 * Takes the last blocks back, with what the product has sent in them. Relayers, attesters and the hub stand still for as many blocks before that,
 * so that nothing of theirs is lost: they are no part of what is tested, and do not send again.
 */
export async function reorganise({ world }: { world: World }, { client }: LocalChain, depth: number): Promise<void> {
	const pollers = [world.across.relayer.poller, world.everclear.poller, world.cctp.iris.poller];
	await Promise.all(pollers.map((each) => each.pause()));
	try {
		await world.across.relayer.idle();
		const from = await client.getBlockNumber();
		const isDeepEnough = async () => ((await client.getBlockNumber()) > from + BigInt(depth) ? true : null);
		await until('enough blocks hold nothing but our own', isDeepEnough, BLOCKS_WITHIN_MS);
		await client.transport.request({ method: 'anvil_reorg', params: [depth, []] });
	} finally {
		for (const poller of pollers) poller.resume();
	}
}

/** Somebody claims every message of CCTP before we hear of it. */
export function stealClaims({ world, undo }: { world: World; undo: (() => void | Promise<void>)[] }): void {
	const { iris } = world.cctp;
	const stolen = new Set<unknown>();
	let isOver = false;
	world.cctp.fault = ({ path }) => {
		const isHidden = /messages/.test(path) && (iris.burns.size === 0 || [...iris.burns.keys()].some((key) => !stolen.has(key)));
		return isHidden ? { status: 404, body: { message: 'not there yet' } } : undefined;
	};
	const stealing = (async () => {
		while (!isOver) {
			for (const [key, burn] of iris.burns) {
				if (burn.attested === null || stolen.has(key)) continue;
				// Whoever comes second is refused by the contract, and then it is minted all the same.
				await world.cctp.mintFor(burn).catch(() => {});
				stolen.add(key);
			}
			await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
		}
	})();
	undo.push(async () => {
		isOver = true;
		await stealing;
	});
}
