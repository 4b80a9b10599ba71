/** Depth first over the sets of options with an exact number of operations: each option in, then out. */
import { ratio } from '../one/candidate.ts';
import type { Arena, Option } from './arena.ts';
import { type Aim, type Entrant, relaxed } from './relaxed-program.ts';

/** Counts down the sets and parts of sets that may still be looked at, and remembers whether any search was cut short. */
export interface Effort {
	left: number;
	exact: boolean;
	/** Asked now and then; once true, nothing more is looked at. */
	readonly stop: () => boolean;
}

interface Choosing {
	/** In the order in which they are tried. */
	readonly options: readonly Option[];
	readonly operations: number;
	readonly aim: Aim;
	/** Money units. */
	readonly limits: { readonly cost: bigint | null; readonly sent: bigint | null };
	readonly effort: Effort;
	/** Whether nothing below a bound (in tokens) can matter. */
	hopeless(bound: number): boolean;
	/** Called with each set that may do. */
	found(chosen: readonly Option[]): void;
}

export function chooseOptions(arena: Arena, task: Choosing): void {
	const { options, limits, aim, effort } = task;
	const question = {
		aim,
		maxCost: limits.cost === null ? Number.POSITIVE_INFINITY : ratio(limits.cost, arena.moneyScale),
		maxSent: limits.sent === null ? Number.POSITIVE_INFINITY : ratio(limits.sent, arena.moneyScale),
	};
	const last = arena.posts.map((_, post) => options.findLastIndex((option) => option.post === post));
	const chosen: Option[] = [];
	const boundFrom = (at: number, left: number): number => {
		const open = options.slice(at).filter((each) => each.candidate.operations <= left && isFree(each, chosen));
		return relaxed(arena, [...chosen.map(takenEntrant), ...open.map(openEntrant)], { ...question, operationsLeft: left }).bound;
	};
	const walk = (from: number, left: number): void => {
		if (left === 0 && arena.posts.every((_, post) => chosen.some((option) => option.post === post))) task.found(inOrder(chosen));
		if (left === 0) return;
		for (const [at, option] of options.entries()) {
			if (at < from) continue;
			if (!spend(effort) || isWithoutLeg(at, chosen, last) || task.hopeless(boundFrom(at, left))) return;
			if (option.candidate.operations > left || !isFree(option, chosen)) continue;
			chosen.push(option);
			walk(at + 1, left - option.candidate.operations);
			chosen.pop();
		}
	};
	walk(0, task.operations);
}

/** A post whose options are all behind has no leg, and every plan has one. */
function isWithoutLeg(at: number, chosen: readonly Option[], last: readonly number[]): boolean {
	return last.some((end, post) => end < at && !chosen.some((option) => option.post === post));
}

/** Within one plan a route is used once, alone or as a hop. */
function isFree({ post, candidate }: Option, chosen: readonly Option[]): boolean {
	return chosen.every(
		(each) =>
			each.post !== post || each.candidate.path.hops.every((hop) => candidate.path.hops.every(({ route }) => route.id !== hop.route.id)),
	);
}

function takenEntrant(option: Option): Entrant {
	return { option, taken: true, low: option.candidate.low, high: option.high };
}

function openEntrant(option: Option): Entrant {
	return { option, taken: false, low: option.candidate.low, high: option.enough };
}

function inOrder(chosen: readonly Option[]): readonly Option[] {
	return [...chosen].sort((a, b) => a.index - b.index);
}

function spend(effort: Effort): boolean {
	if (effort.left <= 0 || (effort.left % 16 === 0 && effort.stop())) {
		effort.left = 0;
		effort.exact = false;
		return false;
	}
	effort.left -= 1;
	return true;
}
