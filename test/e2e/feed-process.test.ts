import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { type ProductProcess, startProcess } from '../../sandbox/demo/processes.ts';
import { readPublished } from '../../src/steps/fills/published.ts';
import { keepOn } from '../../src/store/keeper.ts';
import { until } from '../product.ts';
import { testQueues } from '../stack.ts';
import { feedStandPerFile } from '../steps/feed-stand.ts';

const stand = feedStandPerFile();
const processes: ProductProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'ballast-feed-'));
afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each.stop()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With what it says, and its key unless told otherwise. */
function start(phase: 'off' | 'degrade', more: Readonly<Record<string, string>> = {}) {
	const { databaseUrl, polymarket, fileOf } = stand();
	const { apiKey, secret, passphrase } = polymarket.auth;
	const settings = testQueues(databaseUrl);
	const file = join(folder, `${phase}.yaml`);
	writeFileSync(file, JSON.stringify(fileOf({ phase })));
	const env = {
		...{ DATABASE_URL: databaseUrl, BALLAST_CONFIG: file, QUEUE_BACKEND: settings.backend, QUEUE_PREFIX: settings.prefix },
		...(settings.redisUrl === null ? {} : { REDIS_URL: settings.redisUrl }),
		...{ BALLAST_POLYMARKET_API_KEY: apiKey, BALLAST_POLYMARKET_API_SECRET: secret, BALLAST_POLYMARKET_API_PASSPHRASE: passphrase },
		...more,
	};
	const lines: string[] = [];
	const started = startProcess('feed', { args: ['feed'], env, onLine: ({ msg }) => lines.push(String(msg)) });
	processes.push(started);
	const ended = new Promise<number | null>((resolve) => started.child.once('exit', resolve));
	return {
		...started,
		ended,
		said: (line: string) => until(line, async () => (lines.includes(line) ? true : null)),
		all: () => lines.join('\n'),
	};
}

it('keeps the book in one process, and in the next one after a kill', async () => {
	await stand().move('YES', 100n);
	const app = stand().appOf();
	const token = async () => (await readPublished(app)).markets[0]?.tokens[0];
	const effective = async (size: string) => ((await token())?.effective === size ? true : null);
	const first = start('degrade');
	await until('the chain was looked at', () => effective('100'));
	await until('the channel is there', async () => (stand().polymarket.channel.lines === 1 ? true : null));
	const second = start('degrade');
	await second.said('another process keeps the book of fills: waiting for its end');
	const { market, idOf } = stand();
	const id = stand().polymarket.trade({ market: market.conditionId, asset: idOf('YES'), side: 'BUY', size: '10' });
	await until('it is heard', () => effective('110'));
	first.child.kill('SIGKILL');
	await first.ended;
	await until('the second one keeps it', async () => (stand().polymarket.channel.lines === 1 ? true : null));
	await stand().local.client.mine({ blocks: 1 });
	const block = `${await stand().local.client.getBlockNumber()}`;
	await until('it has looked', async () => ((await token())?.block === block ? true : null));
	expect(await token()).toMatchObject({ confirmed: '100', pendingBuy: '10', effective: '110' });
	const hash = await stand().move('YES', 10n);
	stand().polymarket.advance(id, 'MINED', { hash });
	await until('it is settled', async () => ((await token())?.confirmed === '110' ? effective('110') : null));
	second.child.kill('SIGTERM');
	expect(await second.ended).toBe(0);
	// Whoever comes next need not wait.
	expect(await keepOn(app.db, { holder: 'next', forMs: 1_000 })).toBe(true);
}, 60_000);

it('does not start without what it needs, and names it', async () => {
	const [off, keyless] = [start('off'), start('degrade', { BALLAST_POLYMARKET_API_SECRET: '' })];
	expect(await Promise.all([off.ended, keyless.ended])).toEqual([1, 1]);
	expect(off.all()).toContain('fills.phase: is "off"');
	expect(keyless.all()).toContain('BALLAST_POLYMARKET_API_SECRET: is not set');
});
