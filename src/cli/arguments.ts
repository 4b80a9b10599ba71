/** How options of several verbs are read. Each throws commander's `InvalidArgumentError`, which names the option. */
import { InvalidArgumentError } from 'commander';

export function sentence(text: string): string {
	if (text.trim() === '') throw new InvalidArgumentError('It is kept for ever, so it has to say something.');
	return text.trim();
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. */
export function durationMs(text: string): number {
	const [, count, unit] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? [];
	if (count === undefined || unit === undefined) throw new InvalidArgumentError('Expected a duration like 30m, 2h or 7d.');
	return Number(count) * (UNIT_MS[unit] ?? 0);
}
