/**
 * What a step answers to the worker shell. Waiting is `snooze`, not failure, and spends no attempt.
 */
export type Outcome =
	| { readonly kind: 'done'; readonly note?: string }
	| { readonly kind: 'snooze'; readonly delayMs: number; readonly reason: string }
	| { readonly kind: 'cancel'; readonly reason: string }
	| { readonly kind: 'retry'; readonly error: unknown };

export const done = (note?: string): Outcome => (note === undefined ? { kind: 'done' } : { kind: 'done', note });
export const snooze = (delayMs: number, reason: string): Outcome => ({ kind: 'snooze', delayMs, reason });
export const cancel = (reason: string): Outcome => ({ kind: 'cancel', reason });
export const retry = (error: unknown): Outcome => ({ kind: 'retry', error });
