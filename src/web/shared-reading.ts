import { TransientError } from '../errors.ts';

/**
 * One reading at a time, however many ask: who asks while one runs gets the same answer. One that takes longer than `withinMs` has failed
 * for everybody, also for those who ask while it is still running; its late answer is dropped, because it speaks of a moment long past.
 */
export function sharedReading<T>(withinMs: number, read: () => Promise<T>): () => Promise<T> {
	let current: Promise<T> | null = null;
	return () => {
		if (current !== null) return current;
		const reading = read();
		const forget = () => {
			current = null;
		};
		reading.then(forget, forget);
		current = inTime(reading, withinMs);
		return current;
	};
}

async function inTime<T>(reading: Promise<T>, withinMs: number): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new TransientError(`no answer within ${withinMs} ms`)), withinMs);
	});
	try {
		return await Promise.race([reading, late]);
	} finally {
		clearTimeout(timer);
	}
}
