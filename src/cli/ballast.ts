/** `npm run -s ballast -- <verb>`: what an operator does from a shell. Tables for people, `--json` for programs. */
import { Command } from 'commander';
import { ConfigError, errorText } from '../errors.ts';
import { cache } from './cache.ts';
import { inventory } from './inventory.ts';
import { lanes } from './lanes.ts';
import { markets } from './markets.ts';
import { migrate } from './migrate.ts';
import { plan } from './plan.ts';
import { rebuild } from './rebuild.ts';
import { reserve } from './reserve.ts';
import { routes } from './routes.ts';
import { status } from './status.ts';
import { pause, resume } from './stop.ts';

const EXAMPLES = `
Examples:
  npm run -s ballast -- migrate
  npm run -s ballast -- pause --reason "bridge incident"
  npm run -s ballast -- resume --reason "incident over"
  npm run -s ballast -- status --json
  npm run -s ballast -- inventory
  npm run -s ballast -- inventory prove
  npm run -s ballast -- reserve set --venue 10 --asset USDC --amount 0 --code LARGE_INVOICE --reason "worth it" --for 2h
  npm run -s ballast -- routes --since 24h
  npm run -s ballast -- routes off across-1-10-USDC --reason "bridge incident"
  npm run -s ballast -- lanes list
  npm run -s ballast -- markets
  npm run -s ballast -- markets recover btc --reason "the endpoint is back"
  npm run -s ballast -- plan
  npm run -s ballast -- plan --file docs/plan.example.json
  npm run -s ballast -- cache phase
  npm run -s ballast -- rebuild --from-chain

Settings come from the environment (DATABASE_URL, …; see .env.example) and from the file that BALLAST_CONFIG names.
Exit codes: 0 done, 1 failed, 2 wrong use or wrong setting.`;

/** Runs one verb. Never throws: what went wrong is on stderr, and the result is the exit code. */
export async function runBallast(args: readonly string[]): Promise<number> {
	const program = new Command('ballast')
		.description("Keeps a solver's funds where they are needed.")
		// A verb may have an option of the same name as one of the verbs below it.
		.enablePositionalOptions()
		.showHelpAfterError('(add --help for the verbs and examples)')
		.addHelpText('after', EXAMPLES);
	for (const verb of [migrate, pause, resume, status, inventory, reserve, routes, lanes, markets, plan, cache, rebuild])
		program.addCommand(verb());
	overrideExit(program);
	try {
		await program.parseAsync(args, { from: 'user' });
		return 0;
	} catch (error) {
		return exitCodeOf(error);
	}
}

function overrideExit(command: Command): void {
	command.exitOverride();
	for (const verb of command.commands) overrideExit(verb);
}

/** commander ends with 1 on wrong use; programs want to tell it from a failure. */
function exitCodeOf(error: unknown): number {
	if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : 2;
	process.stderr.write(`${errorText(error)}\n`);
	return error instanceof ConfigError ? 2 : 1;
}
