/** Process type `feed`: hears of fills, looks at their chain, and keeps the book of both. Any number may run; one keeps it, the others wait for its end. */
import { randomUUID } from 'node:crypto';
import type { App } from '../src/app.ts';
import { channelKeyOf } from '../src/config/env.ts';
import type { Env } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';
import { keepOn, leave } from '../src/store/keeper.ts';
import { keepFills } from './fill-keeper.ts';
import { createLoop } from './loop.ts';
import type { Running } from './running.ts';

const TICK_MS = 1_000;
/** Ten ticks may fail before somebody else takes over. */
const KEEP_FOR_MS = 10_000;

/** Throws `ConfigError` when there is nothing to hear or to look at. */
export function startFeed(app: App, env: Env): Running {
	const { phase, channel, markets } = app.config.fills;
	if (phase === 'off') throw new ConfigError('fills.phase', 'is "off": there is nothing to feed');
	const key = channel === null ? null : { ...channelKeyOf(env), address: channel.address };
	const holder = randomUUID();
	let fail = (_reason: string) => {};
	const failed = new Promise<string>((resolve) => {
		fail = resolve;
	});
	let end: (() => Promise<void>) | null = null;
	let wasTold = false;
	const lease = createLoop(app, TICK_MS, async () => {
		const isOurs = await keepOn(app.db, { holder, forMs: KEEP_FOR_MS });
		if (isOurs) end ??= await keepFills(app, { holder, key, everyMs: TICK_MS, onOvertaken: fail });
		else if (end !== null) fail('another process keeps the book of fills now');
		else if (!wasTold) app.log.info('another process keeps the book of fills: waiting for its end');
		wasTold = true;
	});
	app.log.info({ phase, channel: channel?.url ?? null, markets: [...markets.keys()] }, 'feed started');
	return {
		failed,
		async stop() {
			await lease.stop();
			await end?.();
			await leave(app.db, holder);
		},
	};
}
