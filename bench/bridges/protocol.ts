/** What the send protocol asks the chains for one hop, beside what the adapter asks: one hop by the product's own steps. */
import type { World } from '../../sandbox/world.ts';
import type { BridgeAdapter } from '../../src/bridge/bridge.ts';
import { type Hall, openRoom } from '../../test/conformance/room.ts';
import type { OpenStand } from '../../test/conformance/stand.ts';

/** RPC requests from the first approval to the last verdict, those of the adapter left out. */
export async function protocolCalls(hall: Hall, open: OpenStand): Promise<number> {
	let own = 0;
	const asked = () => requests(hall.world);
	const adapt = (adapter: BridgeAdapter) =>
		counted(adapter, async (work) => {
			const before = asked();
			try {
				return await work();
			} finally {
				own += asked() - before;
			}
		});
	const room = await openRoom(hall, open, { adapt });
	try {
		await room.begin();
		own = 0;
		const before = asked();
		await room.goTo(null);
		return asked() - before - own;
	} finally {
		await room.close();
	}
}

/** So far, to all chains. */
export function requests({ chains }: World): number {
	return [...chains.values()].flatMap(({ proxy }) => [...proxy.counts.values()]).reduce((sum, each) => sum + each, 0);
}

/** The same adapter; whatever asks the outside goes through `count`. */
function counted(adapter: BridgeAdapter, count: <T>(work: () => Promise<T>) => Promise<T>): BridgeAdapter {
	return {
		...adapter,
		quote: (request) => count(() => adapter.quote(request)),
		send: (order) => count(() => adapter.send(order)),
		prove: (order, evidence) => count(() => adapter.prove(order, evidence)),
		claim: (order, proof) => count(() => adapter.claim(order, proof)),
		verify: (order, proof, claimed) => count(() => adapter.verify(order, proof, claimed)),
	};
}
