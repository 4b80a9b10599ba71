/** Markets whose fills a channel tells of: what is held of each token, and how far that can be relied on. From the database alone. */
import { Command } from 'commander';
import { readEnv } from '../config/env.ts';
import { loadConfig } from '../config/load.ts';
import { type Published, type PublishedHealth, readPublished } from '../steps/fills/published.ts';
import { type HealthChange, readHealthLog } from '../store/health.ts';
import { columns } from './columns.ts';
import { recoverVerb } from './markets-recover.ts';
import { reportVerb } from './markets-report.ts';
import { withStore } from './with-store.ts';

const RUN = 'npm run -s ballast -- markets';
const LOG_SHOWN = 500;

export function markets(): Command {
	return new Command('markets')
		.description('per market: how far it can be relied on, and what is held of each token with what is pending')
		.option('--json', 'one JSON line')
		.enablePositionalOptions()
		.addHelpText(
			'after',
			`\nExamples:\n  ${RUN}\n  ${RUN} --json\n  ${RUN} report --phase shadow --since 2d\n  ${RUN} log\n  ${RUN} recover btc --reason "the endpoint is back"`,
		)
		.action(async ({ json }: { json?: boolean }) => {
			const config = loadConfig(readEnv());
			const published = await withStore(({ db }) => readPublished({ config, db }));
			process.stdout.write(`${json === true ? JSON.stringify(published) : table(published).join('\n')}\n`);
		})
		.addCommand(reportVerb())
		.addCommand(logVerb())
		.addCommand(recoverVerb());
}

function logVerb(): Command {
	return new Command('log')
		.description(`the latest ${LOG_SHOWN} changes of states, newest first: by whom and why`)
		.option('--json', 'one JSON line')
		.addHelpText('after', `\nExample:\n  ${RUN} log --json`)
		.action(async ({ json }: { json?: boolean }) => {
			const changes = await withStore(({ db }) => readHealthLog(db, LOG_SHOWN));
			const text = changes.map(line).join('\n') || 'no state has ever changed';
			process.stdout.write(`${json === true ? JSON.stringify(changes) : text}\n`);
		});
}

const line = ({ at, market, before, after, actor, reason }: HealthChange) =>
	`${new Date(at).toISOString()} ${market}: ${before ?? 'new'} -> ${after}, by ${actor}: ${reason}`;

function table({ phase, all, markets: each }: Published): string[] {
	if (phase === 'off') return ['fills.phase is "off": no market is looked at'];
	return [
		`phase ${phase}${phase === 'degrade' ? '' : ': nothing follows from these states'}`,
		healthLine('all markets', all),
		...each.flatMap(({ market, tokens, ...health }) => [
			'',
			healthLine(market, health),
			...columns([
				['', 'confirmed', 'buying', 'selling', 'effective', 'sellable', 'from', 'SIZE', 'quote', 'read'],
				...tokens.map((token) => [
					`${token.asset}@${token.venue}`,
					...[token.confirmed, token.pendingBuy, token.pendingSell, token.effective, token.sellable].map((text) => text ?? '?'),
					token.source,
					token.size ?? '?',
					quoteWords(token.advice),
					token.ageSeconds === null ? 'NEVER' : `${token.ageSeconds} s ago`,
				]),
			]),
		]),
	];
}

function quoteWords({ sizeBps, sides, widenTicks }: Published['markets'][number]['tokens'][number]['advice']): string {
	if (sides === 'none') return 'nothing';
	return [sides === 'both' ? 'both' : 'sell only', `${sizeBps / 100} %`, ...(widenTicks > 0 ? [`+${widenTicks} tick`] : [])].join(', ');
}

function healthLine(name: string, { state, reason, since }: PublishedHealth): string {
	return `${name}: ${state.toUpperCase()}${since === null ? '' : ` since ${since}`}${reason === '' ? '' : `: ${reason}`}`;
}
