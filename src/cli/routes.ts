/** Routes: what each has promised and what came, and its breaker. From the database alone: answers while queues, chains and bridges are down. */
import { Command, Option } from 'commander';
import { readEnv } from '../config/env.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { type BreakerReport, UNTOUCHED } from '../leg/breaker-change.ts';
import { formatWei } from '../money/units.ts';
import { routeId } from '../plan/route-id.ts';
import { readBreakers } from '../store/route-breakers.ts';
import { type RouteReport, readRouteReports } from '../store/route-report.ts';
import { durationMs } from './arguments.ts';
import { offVerb, onVerb, releaseVerb } from './routes-switch.ts';
import { type Listed, tableOf } from './routes-table.ts';
import { withStore } from './with-store.ts';

export function routes(): Command {
	return new Command('routes')
		.description('per route: how many hops arrived, how long they took and what they cost, against what was promised; and its breaker')
		.addOption(
			new Option('--since <duration>', 'of hops that were planned since then').argParser(durationMs).default(durationMs('7d'), '7d'),
		)
		.option('--json', 'one JSON line')
		.enablePositionalOptions()
		.addHelpText(
			'after',
			'\nExamples:\n  npm run -s ballast -- routes\n  npm run -s ballast -- routes --since 24h --json\n  npm run -s ballast -- routes off across-1-10-USDC --reason "incident"',
		)
		.action(async ({ since, json }: { since: number; json?: boolean }) => {
			const config = loadConfig(readEnv());
			const all = await withStore(async ({ db }) => {
				const seen = await readRouteReports(db, { sinceMs: since, places: placesOf(config) });
				return listed(config, seen, await readBreakers(db));
			});
			process.stdout.write(`${json === true ? JSON.stringify(all.map(documentOf)) : tableOf(all).join('\n')}\n`);
		})
		.addCommand(offVerb())
		.addCommand(onVerb())
		.addCommand(releaseVerb());
}

function placesOf({ assets }: Config) {
	return [...assets.values()].flatMap(({ symbol, venues }) =>
		[...venues.values()].map(({ venue, decimals }) => ({ venue, decimals, asset: symbol })),
	);
}

/** Every configured route, and those that were used and are configured no more. */
function listed(config: Config, seen: readonly RouteReport[], breakers: ReadonlyMap<string, BreakerReport>): readonly Listed[] {
	const reports = new Map(seen.map((report) => [routeId(report), report]));
	const configured = config.routes.map((route) => {
		const { id, bridge, origin, destination, asset, toAsset } = route;
		const unused: RouteReport = {
			...{ bridge, origin, destination, asset, toAsset, delivered: 0, returned: 0, failed: 0, underWay: 0 },
			...{ seconds: null, costBps: null, gasWei: { origin: null, destination: null } },
		};
		return reports.get(id) ?? unused;
	});
	const known = new Set(config.routes.map(({ id }) => id));
	const former = seen.filter((report) => !known.has(routeId(report)));
	return [...configured, ...former].map((report) => {
		const route = routeId(report);
		return { route, isConfigured: known.has(route), ...report, breaker: breakers.get(route) ?? UNTOUCHED };
	});
}

/** Gas as decimal text in the chain's own currency. */
function documentOf({ gasWei: { origin, destination }, ...report }: Listed) {
	const coins = (wei: bigint | null) => (wei === null ? null : formatWei(wei));
	return { ...report, gas: { origin: coins(origin), destination: coins(destination) } };
}
