/** What tokens are held in one block, and what cannot be so: an answer without a balance in it, more than any token has, or two endpoints that differ. */
import { type PublicClient, zeroAddress } from 'viem';
import { errorText } from '../errors.ts';
import type { ChainPosition, Position } from '../inventory/venue.ts';
import { type Amount, amount } from '../money/amount.ts';
import { type Answer, balanceIn, callOf } from './balance-calls.ts';
import { readAt } from './balances.ts';

/** Base units that no token has: whoever says so many is wrong. */
export const IMPOSSIBLE_UNITS = 2n ** 128n;
/** Requests at a time where each position needs one of its own. */
const AT_ONCE = 20;

export interface TokenBalances {
	/** Base units. */
	readonly balances: readonly (Position & { readonly amount: Amount })[];
	readonly problems: readonly (Position & { readonly problem: string; readonly isImpossible: boolean })[];
}

interface Place {
	readonly positions: readonly ChainPosition[];
	readonly blockHash: string;
	/** Whether all are asked for at once, or each by itself. */
	readonly usesMulticall: boolean;
	/** What else is asked the same; one that does not know the block, or does not answer, says nothing. Its time-out bounds how long it is waited for. */
	readonly second: PublicClient | null;
}

/** Each position is in one of the two lists, in their order. */
export async function readTokenBalances(client: PublicClient, place: Place): Promise<TokenBalances> {
	const { positions, blockHash, second } = place;
	const [answers, others] = await Promise.all([readPinned(client, place), second === null ? [] : readPinned(second, place)]);
	const [balances, problems]: [TokenBalances['balances'][number][], TokenBalances['problems'][number][]] = [[], []];
	for (const [index, { venue, asset }] of positions.entries()) {
		const judged = judge(answers[index], others[index], blockHash);
		if (typeof judged === 'bigint') balances.push({ venue, asset, amount: judged });
		else problems.push({ venue, asset, ...judged });
	}
	return { balances, problems };
}

function judge(answer: Answer | undefined, other: Answer | undefined, blockHash: string) {
	if (answer === undefined) return { problem: 'no answer', isImpossible: false };
	if (typeof answer !== 'bigint') return { problem: answer.problem, isImpossible: answer.isEmpty };
	if (answer >= IMPOSSIBLE_UNITS) return { problem: `${answer} base units are more than any token has`, isImpossible: true };
	if (typeof other !== 'bigint' || other === answer) return answer;
	return { problem: `two endpoints differ in block ${blockHash}: ${answer} and ${other} base units`, isImpossible: true };
}

interface Pinned {
	readonly blockHash: `0x${string}`;
	readonly requireCanonical: true;
}

/** By position. */
async function readPinned(client: PublicClient, { positions, blockHash, usesMulticall }: Place): Promise<readonly Answer[]> {
	const at: Pinned = { blockHash: blockHash as `0x${string}`, requireCanonical: true };
	if (usesMulticall) return (await readAt(client, positions, at)).answers;
	const answers: Answer[] = [];
	for (let first = 0; first < positions.length; first += AT_ONCE) {
		const some = positions.slice(first, first + AT_ONCE);
		answers.push(...(await Promise.all(some.map((position) => readOne(client, position, at)))));
	}
	return answers;
}

async function readOne(client: PublicClient, position: ChainPosition, at: Pinned): Promise<Answer> {
	try {
		if (position.token.kind === 'native') return amount(await client.getBalance({ address: position.holder, ...at }));
		const { target, callData } = callOf(position, zeroAddress);
		const { data } = await client.call({ to: target, data: callData, ...at });
		return balanceIn(data ?? '0x');
	} catch (error) {
		return { problem: errorText(error), isEmpty: false };
	}
}
