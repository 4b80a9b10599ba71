/** What happens in the middle of a step: at one of its looks outside something else happens, or at one of its statements the process dies. */
import { TransientError } from '../../src/errors.ts';
import { pointOf } from './crash-points.ts';

interface Disturbance {
	/** At which look outside `meanwhile` is called, counted from 1; 0 is never. */
	readonly interruptedAt: number;
	/** Before which of its statements and transactions the process dies, counted from 1; 0 is never. */
	readonly diesAt: number;
	meanwhile(): Promise<void>;
}

/** The process has died: whatever was committed stays, and nothing more happens in it. */
export class Death extends TransientError {}

interface Step extends Disturbance {
	looks: number;
	statements: number;
	dead: boolean;
}

/** Whose turn it is comes last: what is in the middle of a step is awaited there, so steps end in the opposite order of their beginning. */
const steps: Step[] = [];

/** Answers whether the process has died in it. */
export async function during(disturbance: Disturbance, step: () => Promise<void>): Promise<boolean> {
	const state: Step = { ...disturbance, looks: 0, statements: 0, dead: false };
	steps.push(state);
	try {
		await step();
	} finally {
		steps.splice(steps.lastIndexOf(state), 1);
	}
	return state.dead;
}

/** Throws `Death` in a process that has died: what it catches there must not make it act again. */
function live(): void {
	if (steps.at(-1)?.dead === true) throw new Death('the process has died');
}

/** Whether the process in which this is called has died. */
export function isDead(): boolean {
	return steps.at(-1)?.dead === true;
}

export async function look(): Promise<void> {
	live();
	const step = steps.at(-1);
	if (step === undefined) return;
	step.looks += 1;
	if (step.looks === step.interruptedAt) await step.meanwhile();
}

/** The crash points at which processes have died so far. */
const deaths = new Set<string>();

export function crashPointsHit(): string[] {
	return [...deaths].sort();
}

/** `what` is about to be written. */
export function beginStatement(what: string): void {
	live();
	const step = steps.at(-1);
	if (step === undefined) return;
	step.statements += 1;
	if (step.statements !== step.diesAt) return;
	step.dead = true;
	deaths.add(pointOf(what));
	throw new Death('the process has died');
}
