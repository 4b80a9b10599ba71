/** How the tests of the sandbox speak to it. */
import { encodeFunctionData, erc20Abi } from 'viem';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import type { LocalChain } from '../../sandbox/chains/chain.ts';

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
