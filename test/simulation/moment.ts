/** What happens in the middle of a step: at one of its looks outside something else happens, or before one of its commits the process dies. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Disturbance {
	/** At which look outside `meanwhile` is called, counted from 1; 0 is never. */
	readonly interruptedAt: number;
	/** Before which transaction the process dies, counted from 1; 0 is never. */
	readonly diesAt: number;
	meanwhile(): Promise<void>;
}

/** The process has died: whatever was committed stays. */
export class Death extends Error {}

const steps = new AsyncLocalStorage<Disturbance & { looks: number; transactions: number }>();

export function during<T>(disturbance: Disturbance, step: () => Promise<T>): Promise<T> {
	return steps.run({ ...disturbance, looks: 0, transactions: 0 }, step);
}

export async function look(): Promise<void> {
	const step = steps.getStore();
	if (step === undefined) return;
	step.looks += 1;
	if (step.looks === step.interruptedAt) await step.meanwhile();
}

export function beginTransaction(): void {
	const step = steps.getStore();
	if (step === undefined) return;
	step.transactions += 1;
	if (step.transactions === step.diesAt) throw new Death('the process has died');
}
