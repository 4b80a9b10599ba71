/** What a phase has shown, before the next one is entered: the chain against the API, the channel against the chain, and how often a state has changed. */
import { Command, Option } from 'commander';
import { readEnv } from '../config/env.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { positionKey } from '../inventory/venue.ts';
import { formatSigned } from '../money/units.ts';
import { type Phase, type ReportedHours, readReport } from '../store/fill-reports.ts';
import { type HealthChange, readHealthLog } from '../store/health.ts';
import { durationMs } from './arguments.ts';
import { columns } from './columns.ts';
import { withStore } from './with-store.ts';

const PHASES: readonly Phase[] = ['shadow', 'authoritative', 'degrade'];
/** More changes of states than that are as good as these. */
const CHANGES_READ = 10_000;

interface Report {
	readonly phase: Phase;
	/** First and last hour in which anything was counted; null when nothing was. */
	readonly from: string | null;
	readonly to: string | null;
	readonly tokens: readonly ReturnType<typeof tokenOf>[];
	/** How often each market came to each state meanwhile. */
	readonly states: readonly { readonly market: string; readonly degraded: number; readonly halted: number }[];
}

export function reportVerb(): Command {
	return new Command('report')
		.description('what a phase of the rollout has shown: chain, API and channel compared, and what the states would have done')
		.addOption(new Option('--phase <name>', 'which phase; the one that is set now unless given').choices([...PHASES]))
		.addOption(new Option('--since <duration>', 'of the hours since then').argParser(durationMs).default(durationMs('7d'), '7d'))
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExample:\n  npm run -s ballast -- markets report --phase shadow --since 2d')
		.action(async ({ phase, since, json }: { phase?: Phase; since: number; json?: boolean }, command: Command) => {
			const config = loadConfig(readEnv());
			const asked = phase ?? config.fills.phase;
			if (asked === 'off') return command.error('error: fills.phase is "off": name a phase with --phase');
			const at = new Date(Date.now() - since).toISOString();
			const report = await withStore(async ({ db }) => {
				return reportOf(config, {
					phase: asked,
					rows: await readReport(db, { phase: asked, since: at }),
					changes: await readHealthLog(db, CHANGES_READ),
				});
			});
			process.stdout.write(`${json === true ? JSON.stringify(report) : table(report).join('\n')}\n`);
		});
}

interface Found {
	readonly phase: Phase;
	readonly rows: readonly ReportedHours[];
	readonly changes: readonly HealthChange[];
}

const HOUR_MS = 3_600_000;

function reportOf(config: Config, { phase, rows, changes }: Found): Report {
	const hours = rows.flatMap(({ from, to }) => [Date.parse(from), Date.parse(to)]);
	const [first, last] = [Math.min(...hours), Math.max(...hours)];
	const within = changes.filter(({ at }) => Date.parse(at) >= first && Date.parse(at) < last + HOUR_MS);
	const times = (name: string, state: string) => within.filter(({ market, after }) => market === name && after === state).length;
	const names = [...new Set(within.map(({ market }) => market))].sort();
	return {
		phase,
		from: rows.length === 0 ? null : new Date(first).toISOString(),
		to: rows.length === 0 ? null : new Date(last).toISOString(),
		tokens: rows.map((row) => tokenOf(config, row)),
		states: names.map((market) => ({ market, degraded: times(market, 'degraded'), halted: times(market, 'halted') })),
	};
}

/** Amounts in token units; base units of a token that is not configured any more. */
function tokenOf(
	{ inventory }: Config,
	{ phase: _, venue, asset, worst, unexplained, settleMs, settleMsMost, from: _from, to: _to, ...counts }: ReportedHours,
) {
	const place = [...inventory.positions.values()].flat().find((each) => positionKey(each) === positionKey({ venue, asset }));
	const text = (units: bigint) => (place === undefined ? `${units} base units` : formatSigned(units, place.decimals));
	const settledMs = { mean: counts.absorbed === 0 ? null : Math.round(settleMs / counts.absorbed), most: settleMsMost };
	return { venue, asset, ...counts, worst: text(worst), unexplained: text(unexplained), settledMs };
}

/** To a tenth. */
const secondsOf = (ms: number | null) => (ms === null ? '-' : `${Math.round(ms / 100) / 10}`);

function table({ phase, from, to, tokens, states }: Report): string[] {
	if (from === null || to === null) return [`nothing was counted in phase ${phase} since then`];
	return [
		`phase ${phase}, hours from ${from} to ${to}`,
		'',
		...columns([
			['chain', 'looks', 'unread', 'logs off', 'unexplained', 'API asked', 'differed', 'at most'],
			...tokens.map((each) => [
				`${each.asset}@${each.venue}`,
				...[each.looks, each.unread, each.mismatches].map(String),
				each.unexplained,
				...[each.compared, each.differed].map(String),
				each.worst,
			]),
		]),
		'',
		...columns([
			['channel', 'heard', 'on chain', 'failed', 'dropped', 'late', 'seconds', 'at most'],
			...tokens.map((each) => [
				`${each.asset}@${each.venue}`,
				...[each.heard, each.absorbed, each.failed, each.expired, each.late].map(String),
				secondsOf(each.settledMs.mean),
				secondsOf(each.settledMs.most),
			]),
		]),
		...(states.length === 0
			? []
			: ['', ...columns([['state', 'degraded', 'halted'], ...states.map((each) => [each.market, `${each.degraded}`, `${each.halted}`])])]),
	];
}
