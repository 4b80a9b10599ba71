/** What each route has promised and what came, from the database alone: answers while stopped and while queues, chains and bridges are down. */
import { Command } from 'commander';
import { readEnv } from '../config/env.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { type RouteReport, readRouteReports } from '../store/route-report.ts';
import { durationMs } from './arguments.ts';
import { columns } from './columns.ts';
import { withStore } from './with-store.ts';

export function routes(): Command {
	return new Command('routes')
		.description('per route: how many hops arrived, how long they took and what they cost, against what was promised')
		.option('--since <duration>', 'of hops that were planned since then', durationMs, durationMs('7d'))
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExamples:\n  npm run -s ballast -- routes\n  npm run -s ballast -- routes --since 24h --json')
		.action(async ({ since, json }: { since: number; json?: boolean }) => {
			const config = loadConfig(readEnv().BALLAST_CONFIG);
			const places = [...config.assets.values()].flatMap(({ symbol, venues }) =>
				[...venues.values()].map(({ venue, decimals }) => ({ venue, decimals, asset: symbol })),
			);
			const seen = await withStore(({ db }) => readRouteReports(db, { sinceMs: since, places }));
			const all = withUnused(config, seen);
			process.stdout.write(json === true ? `${JSON.stringify(all)}\n` : `${columns([HEADER, ...all.map(cells)]).join('\n')}\n`);
		});
}

type Listed = RouteReport & { readonly route: string };

/** Every configured route, and those that were used and are configured no more. */
function withUnused(config: Config, seen: readonly RouteReport[]): readonly Listed[] {
	const keyOf = ({ bridge, origin, destination, asset, toAsset }: Omit<RouteReport, 'delivered'>) =>
		[bridge, origin, destination, asset, toAsset].join(' ');
	const reports = new Map(seen.map((report) => [keyOf(report), report]));
	const configured = config.routes.map((route): Listed => {
		const { id, bridge, origin, destination, asset, toAsset } = route;
		const unused: RouteReport = {
			...{ bridge, origin, destination, asset, toAsset, delivered: 0, returned: 0, failed: 0, underWay: 0 },
			...{ seconds: null, costBps: null },
		};
		const found = reports.get(keyOf(unused));
		reports.delete(keyOf(unused));
		return { route: id, ...(found ?? unused) };
	});
	const former = [...reports.values()].map((report): Listed => {
		const { bridge, origin, destination, asset, toAsset } = report;
		return { route: `${bridge} ${origin} ${destination} ${asset}${toAsset === asset ? '' : ` ${toAsset}`}`, ...report };
	});
	return [...configured, ...former];
}

const HEADER = ['route', 'arrived', 'returned', 'failed', 'under way', 'p50', 'p95', 'promised', 'late', 'cost bps', 'promised'];

function cells({ route, delivered, returned, failed, underWay, seconds, costBps }: Listed): readonly string[] {
	const ended = delivered + returned + failed;
	const success = ended === 0 ? '-' : `${delivered} of ${ended}`;
	const times =
		seconds === null ? ['-', '-', '-', '-'] : [`${seconds.p50} s`, `${seconds.p95} s`, `${seconds.promised} s`, `${seconds.late}`];
	return [route, success, `${returned}`, `${failed}`, `${underWay}`, ...times, costBps?.real ?? '-', costBps?.promised ?? '-'];
}
