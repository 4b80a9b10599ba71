/** `npm run demo`: the whole product on this machine, with nothing installed but Node, from an invoice going short to its settlement. */
import { Command } from 'commander';
import { runDemo } from './run.ts';

/** Its servers and folders go with this process, however it ends (`sandbox/servers/reaper.ts`). */
function failed(error: unknown): never {
	const said = error instanceof Error ? error.message : String(error);
	process.stderr.write(`the demo has ended: ${said}\nIts servers are stopped and its folders removed; nothing else was touched.\n`);
	process.exit(1);
}

const program = new Command('demo')
	.description('Watch invoices go short, be planned, earmarked, moved over a real bridge contract, and settled. Stays up until Ctrl-C.')
	.option('--once', 'end when every invoice has ended')
	.option('--json', 'last line on stdout: the figures as JSON (the story goes to stderr)')
	.addHelpText('after', '\nExamples:\n  npm run demo\n  npm run -s demo -- --once --json\n  QUEUE_BACKEND=postgres npm run demo')
	.action(async ({ once = false, json = false }: { once?: boolean; json?: boolean }) => {
		process.exitCode = await runDemo({ once, json }).catch(failed);
	});
await program.parseAsync();
