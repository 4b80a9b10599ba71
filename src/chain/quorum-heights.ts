/** How high a chain is: the height that enough endpoints have reached, and who is not with them. */
import { type Answer, gather, type Member, noteSilence } from './quorum-members.ts';
import { QUIET_MS } from './quorum-trouble.ts';

/**
 * Endpoints this many blocks apart do not look at the same present. Nodes behind one balancer are a few blocks apart; this is five minutes where blocks take
 * twelve seconds, and six seconds on the fastest chains, which is longer than an endpoint may take to answer.
 */
export const FAR_BLOCKS = 25n;

const REQUEST = { method: 'eth_blockNumber', params: [] };

export interface Heights {
	/** The height that so many endpoints have reached which are not far apart; null when there is none. */
	look(): Promise<{ readonly decided: bigint | null; readonly answers: readonly Answer[] }>;
	/** The highest that was ever agreed on; null before the first time. */
	agreed(): bigint | null;
}

export function createHeights({
	members,
	needed,
	patienceMs,
	nowMs,
}: {
	/** In the order in which they are asked now. */
	readonly members: () => readonly Member[];
	readonly needed: number;
	readonly patienceMs: number;
	readonly nowMs: () => number;
}): Heights {
	let agreed: bigint | null = null;
	let allAskedMs: number | null = null;
	/** What was agreed on stays: endpoints that are all far below it lag together, and their present is past. */
	const floor = () => (agreed === null ? 0n : agreed - FAR_BLOCKS);
	const judge = (answer: Answer, decided: bigint | null): void => {
		const { member, text } = answer;
		const { height } = member;
		if (text === null || height === null) {
			noteSilence(answer, { method: REQUEST.method, block: null });
			return;
		}
		member.isBehind = height < floor();
		const about = { height: `${height}`, agreed: `${agreed}` };
		if (member.isBehind) member.trouble.begin('endpoint is far behind', about);
		else if (decided !== null && height > decided + FAR_BLOCKS) member.trouble.begin('endpoint is far ahead', about);
		else member.trouble.end(REQUEST.method);
	};
	return {
		agreed: () => agreed,
		async look() {
			// So that an endpoint which is not needed today is known to be well before it is.
			const isRound = allAskedMs === null || nowMs() - allAskedMs >= QUIET_MS;
			if (isRound) allAskedMs = nowMs();
			return gather({
				members: members(),
				request: REQUEST,
				atOnce: isRound ? members().length : needed,
				patienceMs,
				decide: (answers) => {
					const height = highestShared(heightsOf(answers), { needed, floor: floor() });
					if (height !== null && (agreed === null || height > agreed)) agreed = height;
					return height;
				},
				judge,
			});
		},
	};
}

function heightsOf(answers: readonly Answer[]): bigint[] {
	return answers.flatMap(({ text, fact }) => (text === null ? [] : [BigInt(String(fact))]));
}

/** The highest height that `needed` of these have reached, counting only those at most `FAR_BLOCKS` above it; none below `floor`. */
function highestShared(heights: readonly bigint[], { needed, floor }: { readonly needed: number; readonly floor: bigint }): bigint | null {
	const sorted = [...heights].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
	for (const [index, top] of sorted.entries()) {
		const height = sorted[index + needed - 1];
		if (height === undefined || height < floor) return null;
		if (top - height <= FAR_BLOCKS) return height;
	}
	return null;
}
