/**
 * A transport over several endpoints of one chain, of which so many must answer the same before it counts. An endpoint that does not answer is
 * missing; that never lowers the number.
 */
import { BaseError, custom, keccak256, type Transport } from 'viem';
import { z } from 'zod';
import { asksForLatest, blockAnswered, blockAsked, hexOf, isFree, pinTo, type RpcRequest } from './quorum-facts.ts';
import { createHeights, type Heights } from './quorum-heights.ts';
import { type Answer, createMember, gather, type Member, noteSilence, problemOf, type QuorumEndpoint } from './quorum-members.ts';
import { createTrouble, type Trouble, type Watch } from './quorum-trouble.ts';

interface QuorumOptions extends Watch {
	/** So many equal answers make a fact. */
	readonly needed: number;
	/** So long the first ones have before the others are asked as well. */
	readonly patienceMs: number;
}

/** Too few equal answers: nothing is known, least of all that something is absent. */
export class NoAgreementError extends BaseError {
	override name = 'NoAgreementError';
}

/** The transport throws `NoAgreementError`, or what the endpoints agree that a call is refused with. */
export function quorum(endpoints: readonly QuorumEndpoint[], options: QuorumOptions): Transport {
	const { needed, patienceMs, nowMs } = options;
	const all = endpoints.map((endpoint) => createMember(endpoint, createTrouble(options, { key: endpoint.key })));
	const heights = createHeights({ members: () => inOrder(all), needed, patienceMs, nowMs });
	const council: Council = { ...options, all, heights, trouble: createTrouble(options) };
	const params = z.array(z.unknown()).default([]);
	const request = async (asked: { method: string; params?: unknown }): Promise<unknown> =>
		answerTo(council, { method: asked.method, params: params.parse(asked.params) });
	return custom({ request }, { key: 'quorum', name: 'Quorum', retryCount: 0 });
}

interface Council extends QuorumOptions {
	readonly all: readonly Member[];
	readonly heights: Heights;
	readonly trouble: Trouble;
}

/** Those that were in trouble of late are asked last. */
function inOrder(members: readonly Member[]): Member[] {
	const [well, unwell] = [members.filter(({ trouble }) => !trouble.isRecent()), members.filter(({ trouble }) => trouble.isRecent())];
	return [...well, ...unwell];
}

async function answerTo(council: Council, request: RpcRequest): Promise<unknown> {
	if (request.method === 'eth_sendRawTransaction') return sendEverywhere(council, request);
	if (request.method === 'eth_blockNumber') return hexOf(await agreedHeight(council));
	if (isFree(request.method)) return firstOf(council, request);
	return agreedFact(council, asksForLatest(request) ? pinTo(request, await agreedHeight(council)) : request);
}

async function agreedHeight(council: Council): Promise<bigint> {
	const { decided, answers } = await council.heights.look();
	if (decided !== null) {
		council.trouble.end('eth_blockNumber');
		return decided;
	}
	throw disagreement(council, { method: 'eth_blockNumber', answers, isTold: true });
}

async function agreedFact(council: Council, request: RpcRequest): Promise<unknown> {
	const { all, needed, patienceMs, heights, trouble } = council;
	const { method } = request;
	const asked = blockAsked(request);
	const { decided, answers } = await gather({
		members: inOrder(all.filter(({ isBehind }) => !isBehind)),
		request,
		atOnce: needed,
		patienceMs,
		decide: (given) => given.find(({ text }) => text !== null && given.filter((each) => each.text === text).length >= needed) ?? null,
		judge: (answer, agreed) => judgeFact(answer, { agreed, asked, heights, method }),
	});
	if (decided !== null) {
		trouble.end(method);
		if (decided.error !== null) throw decided.error;
		return decided.fact;
	}
	// Endpoints a block apart differ about what was mined just now, which is over with the next block: nobody is called for that.
	const block = asked ?? blockOfAny(answers);
	// Who lagged may have caught up, and whoever only asks for receipts would never hear of it.
	if (answers.some(({ text }) => text !== null)) await heights.look();
	const isTold = answers.every(({ text, member }) => text === null || block === null || (member.height !== null && member.height >= block));
	throw disagreement(council, { method, answers, isTold });
}

/** Only who has reached the block can have known better. */
function judgeFact(
	answer: Answer,
	{ agreed, asked, heights, method }: { agreed: Answer | null; asked: bigint | null; heights: Heights; method: string },
): void {
	const { member, text, fact } = answer;
	if (text === null) noteSilence(answer, { method, block: asked });
	else if (text === agreed?.text) member.trouble.end(method);
	else if (agreed !== null) {
		const block = asked ?? blockAnswered(agreed.fact) ?? blockAnswered(fact);
		const [known, shared] = [member.height, heights.agreed()];
		if (block === null || known === null || shared === null || block > known || block > shared) return;
		member.trouble.begin('endpoint disagrees with the others', { method });
	}
}

function blockOfAny(answers: readonly Answer[]): bigint | null {
	return answers.map(({ fact }) => blockAnswered(fact)).find((block) => block !== null) ?? null;
}

/** The first value there is. That a call is refused needs as many as any other fact. */
async function firstOf(council: Council, request: RpcRequest): Promise<unknown> {
	const { all, needed } = council;
	const answers: Answer[] = [];
	for (const member of inOrder(all.filter(({ isBehind }) => !isBehind))) {
		const answer = await member.ask(request);
		answers.push(answer);
		if (answer.error === null) return answer.fact;
		if (answer.text === null) noteSilence(answer, { method: request.method, block: null });
		else if (answers.filter(({ text }) => text === answer.text).length >= needed) throw answer.error;
	}
	throw disagreement(council, { method: request.method, answers, isTold: true });
}

/** In the words of geth, Erigon, Nethermind, Besu and anvil. */
const KNOWN = /already known|known transaction|already imported|already exists|ALREADY_EXISTS/i;

/** To all of them at once, also to those that lag; one that takes it is enough. */
async function sendEverywhere({ all }: Council, request: RpcRequest): Promise<unknown> {
	const [raw] = z.tuple([z.templateLiteral(['0x', z.string()])]).parse(request.params);
	const sent = all.map(async (member) => {
		const answer = await member.ask(request);
		if (answer.error === null) return answer.fact;
		if (KNOWN.test(problemOf(answer.error))) return keccak256(raw);
		throw answer.error;
	});
	try {
		return await Promise.any(sent);
	} catch (error) {
		const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
		throw errors[0];
	}
}

function disagreement(
	{ all, needed, trouble }: Council,
	{ method, answers, isTold }: { method: string; answers: readonly Answer[]; isTold: boolean },
): NoAgreementError {
	const texts = [...new Set(answers.flatMap(({ text }) => text ?? []))];
	const words = all.map((member) => {
		const answer = answers.find((each) => each.member === member);
		if (answer === undefined) return `${member.key} is far behind`;
		return `${member.key} ${answer.text === null ? `did not answer (${problemOf(answer.error)})` : `gave answer ${texts.indexOf(answer.text) + 1}`}`;
	});
	if (isTold) trouble.begin('endpoints do not agree; their chain waits', { method, answers: words });
	return new NoAgreementError(`no ${needed} of ${all.length} endpoints agree on ${method}: ${words.join(', ')}`);
}
