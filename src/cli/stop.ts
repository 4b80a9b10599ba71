/** The global stop: no new plans, no new signatures; what was sent before is followed to its end. */
import { userInfo } from 'node:os';
import { Command } from 'commander';
import { writeStop } from '../store/stops.ts';
import { withStore } from './with-store.ts';

export function pause(): Command {
	return stopVerb('pause', {
		stopped: true,
		says: 'stopped: no new plans and no new signatures until resumed; what was sent is followed to its end',
	});
}

export function resume(): Command {
	return stopVerb('resume', { stopped: false, says: 'resumed' });
}

function stopVerb(name: string, { stopped, says }: { stopped: boolean; says: string }): Command {
	return new Command(name)
		.description(stopped ? 'stop every plan and every signature, on all workers at once' : 'end the stop')
		.requiredOption('--reason <text>', 'why; kept for ever beside who and when')
		.option('--actor <name>', 'who', userInfo().username)
		.option('--json', 'one JSON line')
		.addHelpText('after', `\nExample:\n  npm run -s ballast -- ${name} --reason "${stopped ? 'bridge incident' : 'incident over'}"`)
		.action(async ({ reason, actor, json }: { reason: string; actor: string; json?: boolean }) => {
			await withStore(({ db }) => writeStop(db, { stopped, actor, reason }));
			process.stdout.write(json === true ? `${JSON.stringify({ stopped, actor, reason })}\n` : `${says}\n`);
		});
}
