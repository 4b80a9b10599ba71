/** The list of routes for people: what was promised and what came, then gas and breakers, then why a route is not simply used. */
import { type BreakerReport, offWords } from '../leg/breaker-change.ts';
import { formatWei } from '../money/units.ts';
import type { RouteReport } from '../store/route-report.ts';
import { columns } from './columns.ts';

export interface Listed extends RouteReport {
	readonly route: string;
	readonly isConfigured: boolean;
	readonly breaker: BreakerReport;
}

const PROMISES = ['route', 'arrived', 'returned', 'failed', 'under way', 'p50', 'p95', 'promised', 'late', 'cost bps', 'promised'];
const HEALTH = ['route', 'breaker', 'failed', 'late', 'since', 'gas at origin', 'at destination'];
/** A billionth of a coin. */
const GAS_PLACES = 9;

/** Lines. */
export function tableOf(all: readonly Listed[]): string[] {
	const notOn = all.filter(({ breaker }) => breaker.use !== 'on').map(whyOf);
	return [
		...columns([PROMISES, ...all.map(promises)]),
		'',
		...columns([HEALTH, ...all.map(health)]),
		...(notOn.length === 0 ? [] : ['', ...notOn]),
	];
}

function promises({ route, delivered, returned, failed, underWay, seconds, costBps }: Listed): readonly string[] {
	const ended = delivered + returned + failed;
	const success = ended === 0 ? '-' : `${delivered} of ${ended}`;
	const times =
		seconds === null ? ['-', '-', '-', '-'] : [`${seconds.p50} s`, `${seconds.p95} s`, `${seconds.promised} s`, `${seconds.late}`];
	return [route, success, `${returned}`, `${failed}`, `${underWay}`, ...times, costBps?.real ?? '-', costBps?.promised ?? '-'];
}

/** In a row, as its breaker counts; the mean of a hop in the currency of each chain. */
function health({ route, breaker, gasWei }: Listed): readonly string[] {
	const coins = (wei: bigint | null) => (wei === null ? '-' : formatWei(wei, GAS_PLACES));
	const { failures, lates, since } = breaker;
	return [route, wordOf(breaker), `${failures}`, `${lates}`, since ?? '-', coins(gasWei.origin), coins(gasWei.destination)];
}

function wordOf({ use, word }: BreakerReport): string {
	if (word !== 'auto') return `${word} by hand`;
	return { on: 'closed', trial: 'half open', off: 'open' }[use];
}

function whyOf({ route, breaker }: Listed): string {
	const { reason, until } = breaker;
	if (breaker.use === 'trial') return `${route} may be tried by one leg; it was off: ${reason}`;
	return `${route} is ${offWords({ reason: reason ?? '', until })}`;
}
