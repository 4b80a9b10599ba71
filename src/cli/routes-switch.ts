/** An operator's word about a route, which stands above its breaker until the next word. Works while all is stopped and all else is down. */
import { userInfo } from 'node:os';
import { Command } from 'commander';
import { readEnv } from '../config/env.ts';
import { type Config, loadConfig } from '../config/load.ts';
import type { RouteConfig } from '../config/routes.ts';
import { suggest } from '../config/suggest.ts';
import { ConfigError } from '../errors.ts';
import type { BreakerWord } from '../leg/breaker-state.ts';
import { switchRoute } from '../store/route-breakers.ts';
import { sentence } from './arguments.ts';
import { withStore } from './with-store.ts';

const RUN = 'npm run -s ballast -- routes';

export function offVerb(): Command {
	return switchVerb('off', {
		word: 'off',
		description: 'nothing is planned over the route until another word is said; legs under way go on',
		says: 'is off: nothing is planned over it; legs under way go on',
	});
}

export function onVerb(): Command {
	return switchVerb('on', {
		word: 'on',
		description: 'the route is planned over whatever happens on it, until another word is said',
		says: 'is on, whatever happens on it',
	});
}

export function releaseVerb(): Command {
	return switchVerb('release', {
		word: 'auto',
		description: 'leave the route to its breaker again, which begins afresh: closed, with nothing counted',
		says: 'is left to its breaker, which begins afresh',
	});
}

interface Switch {
	readonly word: BreakerWord;
	readonly description: string;
	readonly says: string;
}

function switchVerb(name: string, { word, description, says }: Switch): Command {
	return new Command(name)
		.description(description)
		.argument('<route>', 'its id, as listed')
		.requiredOption('--reason <text>', 'why; kept for ever beside who and when', sentence)
		.option('--actor <name>', 'who', userInfo().username)
		.option('--json', 'one JSON line')
		.addHelpText('after', `\nExample:\n  ${RUN} ${name} across-1-10-USDC --reason "bridge incident"`)
		.action(async (id: string, { reason, actor, json }: { reason: string; actor: string; json?: boolean }) => {
			const { asset, toAsset } = routeOf(loadConfig(readEnv()), id);
			await withStore(({ db }) => switchRoute(db, { route: id, assets: [asset, toAsset], word }, { actor, reason }));
			process.stdout.write(`${json === true ? JSON.stringify({ route: id, word, actor, reason }) : `route ${id} ${says}`}\n`);
		});
}

/** Throws `ConfigError` for one that is not configured. */
function routeOf({ routes }: Config, id: string): RouteConfig {
	const found = routes.find((route) => route.id === id);
	if (found !== undefined) return found;
	const ids = routes.map((route) => route.id);
	const meant = suggest(id, ids);
	throw new ConfigError(
		'routes',
		`there is no "${id}"; ${meant === null ? `there are ${ids.join(', ') || 'none'}` : `did you mean "${meant}"?`}`,
	);
}
