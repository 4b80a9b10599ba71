/** The one entry of every process type: `web`, `scheduler`, `feed`, or `worker [--queues a,b]`. Each may run any number of times. */
import { Command } from 'commander';
import { crashOf, exchangeKeysOf, readEnv, signerKeyOf } from '../src/config/env.ts';
import { loadConfig } from '../src/config/load.ts';
import { armCrash } from '../src/crash-point.ts';
import { createApp } from '../src/create-app.ts';
import { BallastError, errorText } from '../src/errors.ts';
import { createLog } from '../src/observe/log.ts';
import { openStore } from '../src/store/db.ts';
import { endProcess } from './ending.ts';
import { queueSettings } from './queue-settings.ts';
import { readyChains, readyServers } from './ready.ts';
import type { Running } from './running.ts';

/** The drain of `workers/serving.ts`, and what it takes to close connections; below the ten seconds that supervisors usually leave. */
const STOP_WITHIN_MS = 9_000;

async function start(type: string, { queues }: { queues?: string }): Promise<void> {
	const env = readEnv();
	armCrash(crashOf());
	const config = loadConfig(env);
	const log = createLog(env.LOG_LEVEL, type);
	const store = openStore({ databaseUrl: env.DATABASE_URL, pool: env.DATABASE_POOL });
	const settings = queueSettings(env);
	await readyServers(store, settings, log);
	// Only workers move funds, so only they are given the keys.
	const keys = type === 'worker' ? { signerKey: signerKeyOf(env), exchangeKeys: exchangeKeysOf(env) } : { signerKey: undefined };
	const app = createApp({ config, db: store.db, log, ...keys });
	await readyChains(app);
	const only = queues?.split(',').map((name) => name.trim()) ?? [];
	// Loaded by need: only the web process knows a web server.
	const starters: Record<string, () => Promise<Running>> = {
		web: async () =>
			(await import('./web.ts')).startWeb({ app, settings, password: env.BALLAST_WEB_PASSWORD, webhookSecret: env.BALLAST_WEBHOOK_SECRET }),
		scheduler: async () => (await import('./scheduler.ts')).startScheduler(app, store, settings),
		feed: async () => (await import('./feed.ts')).startFeed(app, env),
		worker: async () => (await import('./worker.ts')).startWorker(app, settings, only),
	};
	const running = await starters[type]?.();
	endProcess({ log, store, running, withinMs: STOP_WITHIN_MS });
}

const program = new Command('ballast-process')
	.argument('<type>', 'web, scheduler, worker or feed')
	.option('--queues <names>', 'only these queues, separated by commas (worker)');
program.action(async (type: string, options: { queues?: string }) => {
	if (!['web', 'scheduler', 'worker', 'feed'].includes(type))
		program.error(`there is no process type "${type}": use web, scheduler, worker or feed`);
	await start(type, options).catch((error: unknown) => {
		// Ours say by themselves what is safe and what to do.
		const hint =
			error instanceof BallastError
				? ''
				: '\nNothing was sent. Check the database, the queue server and the configuration, then start again.';
		process.stderr.write(`${errorText(error)}${hint}\n`);
		process.exit(1);
	});
});
await program.parseAsync();
