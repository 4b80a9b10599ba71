/** A reporter of vitest: how long each file took, for `npm run -s bench -- house`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { ROOT } from '../../bench/house/sources.ts';
import { TIMES_FILE, type Times } from '../../bench/house/times.ts';

export default class FileTimes implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const file = join(ROOT, TIMES_FILE);
		mkdirSync(dirname(file), { recursive: true });
		const seconds = Object.fromEntries(modules.map((each) => [relative(ROOT, each.moduleId), secondsOf(each)]));
		const times: Times = { endedAt: new Date().toISOString(), seconds };
		writeFileSync(file, JSON.stringify(times, null, '\t'));
	}
}

function secondsOf(module: TestModule): number {
	const { collectDuration, setupDuration, duration } = module.diagnostic();
	return Math.round((collectDuration + setupDuration + duration) / 100) / 10;
}
