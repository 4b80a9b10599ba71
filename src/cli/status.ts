/** Where everything stands, from the database alone: answers also while stopped and while the queues are down. */
import { Command } from 'commander';
import { offWords } from '../leg/breaker-change.ts';
import { readStatus, type Status } from '../store/status.ts';
import { withStore } from './with-store.ts';

export function status(): Command {
	return new Command('status')
		.description('the stop switch, demands with the reasons they wait for, earmarks, lanes, and what needs a look')
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExample:\n  npm run -s ballast -- status')
		.action(async ({ json }: { json?: boolean }) => {
			const found = await withStore(({ db }) => readStatus(db));
			process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : table(found));
		});
}

function table({ stop, demands, earmarks, waiting, lanes, ...more }: Status): string {
	const counts = (list: Status['demands']) => list.map(({ status: name, count }) => `${count} ${name}`).join(', ') || 'none';
	const lines = [
		stop?.stopped === true ? `STOPPED by ${stop.actor} at ${stop.at}: ${stop.reason}` : 'running',
		`demands: ${counts(demands)}`,
		`earmarks: ${counts(earmarks)}`,
		...waiting.map((each) => `waiting: ${each.externalId} ${each.reason}${each.detail === null ? '' : ` (${each.detail})`}`),
		...lanes.filter((lane) => lane.frozen !== null).map((lane) => `FROZEN lane of ${lane.signer} on ${lane.venue}: ${lane.frozen}`),
		...needsALook(more),
	];
	return `${lines.join('\n')}\n`;
}

/** Base units where no decimals are known: this verb reads no configuration. */
function needsALook({
	overdue,
	between,
	receivables,
	reserves,
	routes,
}: Omit<Status, 'stop' | 'demands' | 'earmarks' | 'waiting' | 'lanes'>): string[] {
	return [
		...between.map(({ bridge, asset, origin, destination, send, since, request, earmark }) => {
			const asked = request === null ? 'to be claimed' : `request ${request.key} ${request.answer ?? 'is to be made'}`;
			return `between ${origin} and ${destination}: ${send} base units of ${asset} at ${bridge} since ${since}, ${asked}; earmark ${earmark}`;
		}),
		...overdue.map(
			({ leg, route, send, overdueAt, earmark }) =>
				`OVERDUE leg ${leg} over ${route}: ${send} base units under way, noticed ${overdueAt}; earmark ${earmark}`,
		),
		...receivables.map(({ intent, asset, venue, amount, status: state, hubStatus, earmark }) => {
			const what = state === 'invoiced' ? 'arrived second and is an invoice now' : `is ${hubStatus} for the hub, and no payment was seen`;
			return `purchase ${intent} of ${amount} ${asset} at ${venue} ${what}; earmark ${earmark}`;
		}),
		...reserves.map(({ asset, venue, amount, actor, reasonCode, reason, expiresAt }) => {
			const until = expiresAt === null ? 'until it is ended' : `until ${expiresAt}`;
			return `reserve of ${asset} at ${venue} is ${amount} base units ${until}, by ${actor}, ${reasonCode}: ${reason}`;
		}),
		...routes.map(({ route, use, ...why }) =>
			use === 'off' ? `route ${route} is ${offWords(why)}` : `route ${route} may be tried by one leg`,
		),
	];
}
