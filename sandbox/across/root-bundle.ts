/**
 * Root bundles, as the data worker of Across relays them to a pool: what a root says, anybody may execute there. Ours have one leaf,
 * so that the root is the hash of the leaf and the proof is empty. Left out: the challenge period, and the hub pool that asks for it.
 */
import { encodeAbiParameters, encodeFunctionData, getAbiItem, type Hash, type Hex, keccak256, parseEventLogs, slice, zeroHash } from 'viem';
import { spokePoolAbi } from '../chains/abi.ts';
import { DEPLOYER, RELAYER } from '../chains/accounts.ts';
import { type LocalChain, mintUsdc } from '../chains/chain.ts';
import { type Deposit, statusOnChain, UNFILLED } from './deposit.ts';

const REFUND_LEAF = getAbiItem({ abi: spokePoolAbi, name: 'executeRelayerRefundLeaf' }).inputs[1];
const SLOW_FILL = getAbiItem({ abi: spokePoolAbi, name: 'executeSlowRelayLeaf' }).inputs[0];

/** Pays the deposits of one origin back to their depositors, several of one depositor in one sum. Returns the hash of the mined refund. */
export async function refund(origin: LocalChain, deposits: readonly Deposit[]): Promise<Hash> {
	const sums = new Map<Hex, bigint>();
	for (const { relay } of deposits) {
		const depositor = slice(relay.depositor, -20);
		sums.set(depositor, (sums.get(depositor) ?? 0n) + relay.inputAmount);
	}
	const leaf = {
		amountToReturn: 0n,
		chainId: BigInt(origin.chainId),
		refundAmounts: [...sums.values()],
		leafId: 0,
		l2TokenAddress: origin.usdc,
		refundAddresses: [...sums.keys()],
	};
	const rootBundleId = await relayRoots(origin, { refunds: keccak256(encodeAbiParameters([REFUND_LEAF], [leaf])), slow: zeroHash });
	const args = [rootBundleId, leaf, []] as const;
	return execute(origin, encodeFunctionData({ abi: spokePoolAbi, functionName: 'executeRelayerRefundLeaf', args }));
}

/** Pays the recipient `output` base units out of the pool itself, whatever was ordered. Returns the hash of the mined fill. */
export async function fillSlowly(deposit: Deposit, output: bigint): Promise<Hash> {
	const { destination, relay } = deposit;
	if ((await statusOnChain(deposit)) === UNFILLED)
		await execute(destination, encodeFunctionData({ abi: spokePoolAbi, functionName: 'requestSlowFill', args: [relay] }));
	// The hub pool sends what the fill takes along with the root.
	await mintUsdc(destination, destination.spokePool, output);
	const leaf = { relayData: relay, chainId: BigInt(destination.chainId), updatedOutputAmount: output };
	const rootBundleId = await relayRoots(destination, { refunds: zeroHash, slow: keccak256(encodeAbiParameters([SLOW_FILL], [leaf])) });
	const args = [leaf, rootBundleId, []] as const;
	return execute(destination, encodeFunctionData({ abi: spokePoolAbi, functionName: 'executeSlowRelayLeaf', args }));
}

/** Only the pool's owner may do this, which is the hub pool's messenger in truth, and the deployer here. */
async function relayRoots({ client, spokePool }: LocalChain, { refunds, slow }: { refunds: Hex; slow: Hex }): Promise<number> {
	const data = encodeFunctionData({ abi: spokePoolAbi, functionName: 'relayRootBundle', args: [refunds, slow] });
	const receipt = await client.execute({ from: DEPLOYER.address, to: spokePool, data });
	const [log] = parseEventLogs({ abi: spokePoolAbi, logs: receipt.logs, eventName: 'RelayedRootBundle' });
	if (log === undefined) throw new Error(`transaction ${receipt.transactionHash} has relayed no root bundle`);
	return log.args.rootBundleId;
}

async function execute({ client, spokePool }: LocalChain, data: Hex): Promise<Hash> {
	return (await client.execute({ from: RELAYER.address, to: spokePool, data })).transactionHash;
}
