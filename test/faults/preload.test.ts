import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../product.ts';

const PRELOAD = new URL('./process/preload.mjs', import.meta.url).href;
const TEN_MINUTES_MS = 600_000;
/** Busy machines are late, and not by minutes. */
const TOLERANCE_MS = 30_000;

interface Said {
	readonly now: number;
	readonly made: number;
	readonly given: number;
	readonly isDate: boolean;
	readonly gapMs: number;
}

const TELLS = `let last = performance.now();
setInterval(() => {
	const at = performance.now();
	const date = new Date();
	process.send({ now: Date.now(), made: date.getTime(), given: new Date(5).getTime(), isDate: date instanceof Date, gapMs: at - last });
	last = at;
}, 10);`;

let child: ChildProcess | null = null;
afterEach(() => void child?.kill('SIGKILL'));

function start(aheadMs: number, script: string): { child: ChildProcess; heard: Said[] } {
	child = spawn(process.execPath, ['--import', `${PRELOAD}?aheadMs=${aheadMs}`, '-e', script], {
		stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
	});
	const heard: Said[] = [];
	child.on('message', (said) => void heard.push(said as Said));
	return { child, heard };
}

const aheadOf = (said: Said | undefined) => (said === undefined ? null : said.now - Date.now());

describe('a process that is loaded with the preload', () => {
	it('has a clock that is wrong from the beginning, and is set right at a word', async () => {
		const { child, heard } = start(TEN_MINUTES_MS, TELLS);
		const first = await until('it tells the time', async () => heard[0] ?? null);
		expect(Math.abs((aheadOf(first) ?? 0) - TEN_MINUTES_MS)).toBeLessThan(TOLERANCE_MS);
		expect(Math.abs(first.made - first.now)).toBeLessThan(TOLERANCE_MS);
		expect([first.given, first.isDate]).toEqual([5, true]);
		child.send({ aheadMs: 0 });
		await until('its clock is right', async () => (Math.abs(aheadOf(heard.at(-1)) ?? TEN_MINUTES_MS) < TOLERANCE_MS ? true : null));
	});

	it('does nothing at all for as long as it is blocked, and then goes on', async () => {
		const { child, heard } = start(0, TELLS);
		await until('it runs', async () => heard[0] ?? null);
		child.send({ blockMs: 400 });
		await until('it was blocked', async () => heard.find(({ gapMs }) => gapMs >= 400) ?? null);
		const count = heard.length;
		await until('it goes on', async () => (heard.length > count ? true : null));
	});

	it('ends by itself when it has nothing else to do', async () => {
		const { child } = start(0, 'void 0');
		const [code] = (await once(child, 'exit')) as [number | null];
		expect(code).toBe(0);
	});
});
