/** The endpoints of one chain as a quorum sees them: what each has answered, how far it has come, and whether it is in trouble. */
import { BaseError } from 'viem';
import { ConfigError, errorText } from '../errors.ts';
import { factOf, isFree, type RpcRequest, refusalOf } from './quorum-facts.ts';
import type { Trouble } from './quorum-trouble.ts';

export interface QuorumEndpoint {
	/** Its place in the configuration. Nothing here names its URL, which may hold a key. */
	readonly key: string;
	/** Throws `ConfigError` when it serves another chain. */
	request(request: RpcRequest): Promise<unknown>;
	/** It proves its chain again before its next answer. */
	doubt(): void;
}

export interface Member {
	readonly key: string;
	/** The last height that it has told; null when it never has. */
	readonly height: bigint | null;
	/** It was far behind when it last told its height: what it does not know means nothing. */
	isBehind: boolean;
	readonly trouble: Trouble;
	/** Never throws: what has gone wrong is in the answer. */
	ask(request: RpcRequest): Promise<Answer>;
}

export interface Answer {
	readonly member: Member;
	/** What has to be equal; null when the endpoint has not answered. That a call is refused is an answer too, which its `error` says. */
	readonly text: string | null;
	readonly fact: unknown;
	readonly error: unknown;
}

/** `trouble` says it once when the endpoint gets into trouble or out of it. */
export function createMember(endpoint: QuorumEndpoint, trouble: Trouble): Member {
	const member = {
		key: endpoint.key,
		height: null as bigint | null,
		isBehind: false,
		trouble: {
			...trouble,
			begin(kind: string, about: Readonly<Record<string, unknown>>) {
				trouble.begin(kind, about);
				endpoint.doubt();
			},
		},
		async ask(request: RpcRequest): Promise<Answer> {
			const { method } = request;
			try {
				const fact = factOf(method, await endpoint.request(request));
				if (method === 'eth_blockNumber') member.height = BigInt(String(fact));
				return { member, text: isFree(method) ? '' : JSON.stringify(fact), fact, error: null };
			} catch (error) {
				const refusal = refusalOf(error);
				return { member, text: refusal === null ? null : `refused: ${refusal}`, fact: null, error };
			}
		},
	};
	return member;
}

/** Writes down that an endpoint has not answered, unless it cannot yet know the block that it was asked about. */
export function noteSilence(
	{ member, error }: Answer,
	{ method, block }: { readonly method: string; readonly block: bigint | null },
): void {
	const problem = problemOf(error);
	if (error instanceof ConfigError) member.trouble.begin('endpoint serves another chain', { problem });
	else if (block === null || member.height === null || block <= member.height)
		member.trouble.begin('endpoint does not answer', { method, problem });
}

/** What went wrong, in a few words. */
export function problemOf(error: unknown): string {
	return error instanceof BaseError ? [error.shortMessage, error.details].filter(Boolean).join(' ') : errorText(error);
}

/**
 * Asks the first `atOnce` members, and the others as soon as one of these has not answered, what they say decides nothing, or `patienceMs` have passed.
 * Answers with what `decide` made of the answers, null when it made nothing of all of them. Every answer goes to `judge` once that is known, late ones too.
 */
export function gather<T>({
	members,
	request,
	atOnce,
	patienceMs,
	decide,
	judge,
}: {
	readonly members: readonly Member[];
	readonly request: RpcRequest;
	readonly atOnce: number;
	readonly patienceMs: number;
	readonly decide: (answers: readonly Answer[]) => T | null;
	readonly judge: (answer: Answer, decided: T | null) => void;
}): Promise<{ readonly decided: T | null; readonly answers: readonly Answer[] }> {
	return new Promise((resolve) => {
		const waiting = [...members];
		const answers: Answer[] = [];
		let open = 0;
		let end: { readonly decided: T | null } | null = null;
		const askNext = (count: number): void => {
			for (const member of waiting.splice(0, count)) {
				open += 1;
				void member.ask(request).then(take);
			}
		};
		const timer = setTimeout(() => askNext(members.length), patienceMs);
		const finish = (decided: T | null): void => {
			clearTimeout(timer);
			end = { decided };
			for (const answer of answers) judge(answer, decided);
			resolve({ decided, answers: [...answers] });
		};
		const take = (answer: Answer): void => {
			open -= 1;
			if (end !== null) {
				judge(answer, end.decided);
				return;
			}
			answers.push(answer);
			const decided = decide(answers);
			if (decided === null && (open === 0 || answers.some(({ text }) => text === null))) askNext(members.length);
			if (decided !== null || open === 0) finish(decided);
		};
		askNext(atOnce);
		if (open === 0) finish(null);
	});
}
