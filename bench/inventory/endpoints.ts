/** The process of the endpoints: what a chain's node computes elsewhere takes no time from the process that is measured. Started by `far.ts`. */
import type { Far, FarAnswer, FarOrder } from './far.ts';
import { type RpcStubs, type ServedChain, startRpcStubs } from './rpc-stub.ts';

let stubs: RpcStubs | null = null;

const operations: Far = {
	async start(options) {
		stubs = await startRpcStubs(options);
		return stubs.chains.map(({ chainId, url, tokens, holders }) => ({ chainId, url, tokens, holders }));
	},
	async mine() {
		for (const chain of started().chains) chain.mine();
	},
	async transfer({ chainId, move }) {
		chainOf(chainId).transfer(move);
		return Date.now();
	},
	async takeCounts() {
		const counts = new Map(started().chains.map((chain) => [chain.chainId, chain.requests().byMethod]));
		started().reset();
		return counts;
	},
	async balances({ chainId, block, positions }) {
		const chain = chainOf(chainId);
		const at = chain.blockAt(block);
		if (at === undefined) throw new Error(`chain ${chainId} has no block ${block}`);
		return positions.map((position) => chain.balance(position, at));
	},
};

function started(): RpcStubs {
	if (stubs === null) throw new Error('the endpoints are not started');
	return stubs;
}

function chainOf(chainId: number): ServedChain {
	const found = started().chains.find((chain) => chain.chainId === chainId);
	if (found === undefined) throw new Error(`there is no chain ${chainId}`);
	return found;
}

function tell(answer: FarAnswer): void {
	process.send?.(answer);
}

// Without its parent it has nobody to answer.
process.on('disconnect', () => process.exit());
process.on('message', ({ id, name, given }: FarOrder) => {
	operations[name](given as never).then(
		(result) => tell({ id, result }),
		(error: unknown) => tell({ id, problem: String(error) }),
	);
});
