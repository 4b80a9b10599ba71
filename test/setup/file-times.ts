/** A reporter of vitest: how long each file took, for `npm run -s bench -- house`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { ROOT } from '../../bench/house/sources.ts';
import { TIMES_FILE, type Times } from '../../bench/house/times.ts';

/** What is asked of a file that has run; milliseconds. */
export type TimedModule = Pick<TestModule, 'moduleId'> & {
	diagnostic(): Pick<ReturnType<TestModule['diagnostic']>, 'collectDuration' | 'setupDuration' | 'duration'>;
};

export default class FileTimes implements Reporter {
	readonly #file: string;

	constructor({ file = join(ROOT, TIMES_FILE) }: { readonly file?: string } = {}) {
		this.#file = file;
	}

	onTestRunEnd(modules: readonly TimedModule[]): void {
		const seconds = Object.fromEntries(modules.map((each) => [relative(ROOT, each.moduleId), secondsOf(each)]));
		const times: Times = { endedAt: new Date().toISOString(), seconds };
		mkdirSync(dirname(this.#file), { recursive: true });
		writeFileSync(this.#file, JSON.stringify(times, null, '\t'));
	}
}

/** To a tenth. */
function secondsOf(module: TimedModule): number {
	const { collectDuration, setupDuration, duration } = module.diagnostic();
	return Math.round((collectDuration + setupDuration + duration) / 100) / 10;
}
