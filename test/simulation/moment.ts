/** What happens in the middle of a step: at one of its looks outside something else happens, or at one of its statements the process dies. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Disturbance {
	/** At which look outside `meanwhile` is called, counted from 1; 0 is never. */
	readonly interruptedAt: number;
	/** Before which of its statements and transactions the process dies, counted from 1; 0 is never. */
	readonly diesAt: number;
	meanwhile(): Promise<void>;
}

/** The process has died: whatever was committed stays, and nothing more happens in it. */
export class Death extends Error {}

interface Step extends Disturbance {
	looks: number;
	statements: number;
	dead: boolean;
}

const steps = new AsyncLocalStorage<Step>();

/** Answers whether the process has died in it. */
export async function during(disturbance: Disturbance, step: () => Promise<void>): Promise<boolean> {
	const state: Step = { ...disturbance, looks: 0, statements: 0, dead: false };
	await steps.run(state, step);
	return state.dead;
}

/** Throws `Death` in a process that has died: what it catches there must not make it act again. */
export function live(): void {
	if (steps.getStore()?.dead === true) throw new Death('the process has died');
}

/** Whether the process in which this is called has died. */
export function isDead(): boolean {
	return steps.getStore()?.dead === true;
}

export async function look(): Promise<void> {
	live();
	const step = steps.getStore();
	if (step === undefined) return;
	step.looks += 1;
	if (step.looks === step.interruptedAt) await step.meanwhile();
}

export function beginStatement(): void {
	live();
	const step = steps.getStore();
	if (step === undefined) return;
	step.statements += 1;
	if (step.statements !== step.diesAt) return;
	step.dead = true;
	throw new Death('the process has died');
}
