/** Where everything stands, from the database alone: answers also while stopped and while the queues are down. */
import { Command } from 'commander';
import { readStatus, type Status } from '../store/status.ts';
import { withStore } from './with-store.ts';

export function status(): Command {
	return new Command('status')
		.description('the stop switch, demands with the reasons they wait for, earmarks, lanes')
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExample:\n  npm run -s ballast -- status')
		.action(async ({ json }: { json?: boolean }) => {
			const found = await withStore(({ db }) => readStatus(db));
			process.stdout.write(json === true ? `${JSON.stringify(found)}\n` : table(found));
		});
}

function table({ stop, demands, earmarks, waiting, lanes }: Status): string {
	const counts = (list: Status['demands']) => list.map(({ status: name, count }) => `${count} ${name}`).join(', ') || 'none';
	const lines = [
		stop?.stopped === true ? `STOPPED by ${stop.actor} at ${stop.at}: ${stop.reason}` : 'running',
		`demands: ${counts(demands)}`,
		`earmarks: ${counts(earmarks)}`,
		...waiting.map((each) => `waiting: ${each.externalId} ${each.reason}${each.detail === null ? '' : ` (${each.detail})`}`),
		...lanes.filter((lane) => lane.frozen !== null).map((lane) => `FROZEN lane of ${lane.signer} on ${lane.venue}: ${lane.frozen}`),
	];
	return `${lines.join('\n')}\n`;
}
