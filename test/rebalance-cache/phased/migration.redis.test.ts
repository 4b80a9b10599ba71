import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RebalanceCache } from '../../../src/rebalances/cache.ts';
import { PHASES } from '../../../src/rebalances/phase.ts';
import { ballast } from '../../cli/shell.ts';
import { actionOf } from '../action.ts';
import { type Outcome, problemsOf, startLoad } from './load.ts';
import { openSite, type Site } from './site.ts';

const ROWS = 2_000;
const WRITES_PER_SECOND = 50;
/** While a side is away. */
const RATE = 25;
const AWAY_MS = 5_000;
/** From the return of a side until everything is on both. */
const REPAIRED_WITHIN_MS = 15_000;

let site: Site;
let caches: RebalanceCache[];

beforeEach(async () => {
	site = await openSite();
	caches = [await site.cache(), await site.cache()];
}, 60_000);
afterEach(() => site.close());

async function run(...args: string[]) {
	const { code, stdout, stderr } = await ballast({ DATABASE_URL: site.databaseUrl }, 'cache', ...args, '--redis', site.redisUrl, '--json');
	if (code !== 0) throw new Error(`cache ${args.join(' ')}: ${stderr}`);
	return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** Nothing is lost, doubled or back, whichever side is asked, and both say the same. */
async function expectRight(outcome: Outcome): Promise<void> {
	await expect
		.poll(async () => await run('verify').then(({ differences }) => differences, String), { timeout: REPAIRED_WITHIN_MS })
		.toBe(0);
	for (const phase of ['redis', 'done'] as const) {
		expect(await problemsOf(await site.cache(phase), outcome)).toEqual([]);
	}
}

describe('a migration under load', () => {
	it('loses, doubles and brings back nothing, there and back, with copiers that are killed; no call fails', async () => {
		const [cache] = caches as [RebalanceCache];
		await cache.addRebalances(Array.from({ length: ROWS }, () => actionOf()));
		const load = startLoad(caches, WRITES_PER_SECOND);
		await run('phase', 'dual-write');
		for (const rows of [1, ROWS / 2]) {
			const child = site.copier();
			await expect.poll(() => site.copied(), { timeout: 20_000, interval: 10 }).toBeGreaterThanOrEqual(rows);
			child.kill('SIGKILL');
		}
		await run('copy');
		for (const phase of ['dual-read', 'postgres', 'done']) await run('phase', phase);
		for (const _ of PHASES.slice(1)) await run('rollback');
		await run('phase', 'dual-write');
		await run('copy');
		await run('phase', 'dual-read');
		const outcome = await load.stop();
		expect(outcome.failures).toEqual([]);
		expect(outcome.calls).toBeGreaterThan(100);
		await expectRight(outcome);
	}, 120_000);
});

/** One of each kind; `npm run migration` has each side away in each phase. */
const OUTAGES = [
	{ away: 'postgres', path: ['dual-write'], decides: false },
	{ away: 'redis', path: ['dual-write', 'dual-read'], decides: true },
	{ away: 'redis', path: ['dual-write', 'dual-read', 'postgres'], decides: false },
] as const;

describe('a side that is away', () => {
	for (const { away, path, decides } of OUTAGES) {
		const outcome = decides ? 'calls reject, and what was rejected stays away' : 'no call fails, and it is brought up to date';
		it(`${away} in ${path.at(-1)}: ${outcome}`, async () => {
			for (const each of path) {
				if (each === 'dual-read') await run('copy');
				await run('phase', each);
			}
			const load = startLoad(caches, RATE);
			// Everybody follows the phase within a second.
			await load.more(2 * RATE);
			await site.goAway(away);
			await load.more((AWAY_MS / 1_000) * RATE);
			await site.comeBack(away);
			await load.more(RATE);
			const result = await load.stop();
			if (decides) expect(result.failures.length).toBeGreaterThan(0);
			else expect(result.failures).toEqual([]);
			await expectRight(result);
		}, 90_000);
	}
});
