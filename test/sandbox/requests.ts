/** How the tests of the sandbox speak to it. */
import { encodeFunctionData, erc20Abi, type Hex, pad, parseEventLogs } from 'viem';
import { spokeAbi, spokePoolAbi } from '../../sandbox/chains/abi.ts';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import type { LocalChain } from '../../sandbox/chains/chain.ts';
import type { World } from '../../sandbox/world.ts';

export async function get(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
	const response = await fetch(url);
	return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export async function post(url: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
	const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
	return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** From the solver's account. */
export function approve({ client, usdc }: LocalChain, spender: `0x${string}`, units: bigint) {
	return client.execute({
		from: SOLVER.address,
		to: usdc,
		data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, units] }),
	});
}

/** What Across's API asks for an amount in base units of the origin. */
export function fees({ chain, across }: World, [origin, destination]: readonly [string, string], amount: bigint) {
	const [from, to] = [chain(origin), chain(destination)];
	return get(
		`${across.url}/suggested-fees?inputToken=${from.usdc}&outputToken=${to.usdc}&originChainId=${origin}&destinationChainId=${destination}&amount=${amount}&allowUnmatchedDecimals=true`,
	);
}

export interface SentDeposit {
	readonly origin: string;
	readonly depositId: bigint;
	/** Base units at the destination that are ordered. */
	readonly output: bigint;
	readonly tx: Hex;
}

/** A deposit of the solver's into Across, at the price that its API names. */
export async function deposit(world: World, [origin, destination]: readonly [string, string], units: bigint): Promise<SentDeposit> {
	const [from, to] = [world.chain(origin), world.chain(destination)];
	const { body } = await fees(world, [origin, destination], units);
	const output = BigInt(String(body.outputAmount));
	await approve(from, from.spokePool, units);
	const account = pad(SOLVER.address);
	const [tokens, amounts] = [[pad(from.usdc), pad(to.usdc)] as const, [units, output] as const];
	const times = [Number(body.timestamp), Number(body.fillDeadline)] as const;
	const args = [account, account, ...tokens, ...amounts, BigInt(destination), pad('0x'), ...times, 0, '0x'] as const;
	const data = encodeFunctionData({ abi: spokePoolAbi, functionName: 'deposit', args });
	const receipt = await from.client.execute({ from: SOLVER.address, to: from.spokePool, data });
	const [log] = parseEventLogs({ abi: spokePoolAbi, logs: receipt.logs, eventName: 'FundsDeposited' });
	return { origin, depositId: log?.args.depositId ?? -1n, output, tx: receipt.transactionHash };
}

export function depositStatus({ across }: World, { origin, depositId }: Pick<SentDeposit, 'origin' | 'depositId'>) {
	return get(`${across.url}/deposit/status?originChainId=${origin}&depositId=${depositId}`);
}

/** An intent of the solver's, by the call that Everclear's API builds. Returns its id. */
export async function buy(
	{ chain, everclear }: World,
	{ origin, units, destinations }: { origin: string; units: bigint; destinations: string[] },
): Promise<Hex> {
	const { client, spoke, usdc } = chain(origin);
	const request = { origin, destinations, to: SOLVER.address, inputAsset: usdc, amount: `${units}`, callData: '0x', maxFee: '0' };
	const { body } = await post(`${everclear.url}/intents`, request);
	if (body.to !== spoke || body.value !== '0') throw new Error(`the API builds ${JSON.stringify(body)}`);
	await approve(chain(origin), spoke, units);
	const receipt = await client.execute({ from: SOLVER.address, to: spoke, data: body.data as Hex });
	const [log] = parseEventLogs({ abi: spokeAbi, logs: receipt.logs, eventName: 'IntentAdded' });
	if (log === undefined) throw new Error('no IntentAdded');
	return log.args._intentId;
}

export async function intentStatus({ everclear }: World, intentId: Hex): Promise<string | undefined> {
	const { body } = await post(`${everclear.url}/intents/status`, { intentIds: [intentId] });
	return (body.intents as { status: string }[])[0]?.status;
}
