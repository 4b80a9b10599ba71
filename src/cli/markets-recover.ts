/** An operator's word that a market may be relied on again: one step, on record for ever, and taken back by whatever still stands in the way. */
import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { readEnv } from '../config/env.ts';
import { loadConfig } from '../config/load.ts';
import { ALL_MARKETS, askRecovery, isRecoveryTaken, readHealth } from '../store/health.ts';
import { sentence } from './arguments.ts';
import { withStore } from './with-store.ts';

const LOOK_AGAIN_MS = 200;
const PATIENCE_MS = 10_000;

export function recoverVerb(): Command {
	return new Command('recover')
		.description('take a market one step back: from halted to degraded, from degraded to normal')
		.argument('<market>', `its name under fills.markets, or "${ALL_MARKETS}" for all markets together`)
		.requiredOption('--reason <text>', 'why; kept for ever beside who and when', sentence)
		.option('--actor <name>', 'who', userInfo().username)
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExample:\n  npm run -s ballast -- markets recover btc --reason "the endpoint is back"')
		.action(async (market: string, { reason, actor, json }: { reason: string; actor: string; json?: boolean }, command: Command) => {
			const known = [ALL_MARKETS, ...loadConfig(readEnv()).fills.markets.keys()];
			if (!known.includes(market)) command.error(`error: there is no market "${market}"; there are ${known.join(', ')}`);
			const found = await withStore(async ({ db }) => {
				const id = await askRecovery(db, { market, actor, reason });
				for (let waitedMs = 0; waitedMs < PATIENCE_MS && !(await isRecoveryTaken(db, id)); waitedMs += LOOK_AGAIN_MS)
					await pause(LOOK_AGAIN_MS);
				const state = (await readHealth(db)).find((each) => each.market === market)?.gate.state ?? null;
				return { market, actor, reason, taken: await isRecoveryTaken(db, id), state };
			});
			const words = found.taken ? `${market} is ${found.state} now` : 'recorded, and taken as soon as a feed process runs';
			process.stdout.write(`${json === true ? JSON.stringify(found) : words}\n`);
		});
}
