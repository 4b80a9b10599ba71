/** `npm run -s ballast -- <verb>`: what an operator does from a shell. Tables for people, `--json` for programs. */
import { Command } from 'commander';
import { ConfigError, errorText } from '../errors.ts';
import { migrate } from './migrate.ts';
import { status } from './status.ts';
import { pause, resume } from './stop.ts';

const program = new Command('ballast')
	.description("Keeps a solver's funds where they are needed.")
	.showHelpAfterError('(add --help for the verbs and examples)')
	.addHelpText(
		'after',
		`
Examples:
  npm run -s ballast -- migrate
  npm run -s ballast -- pause --reason "bridge incident"
  npm run -s ballast -- resume --reason "incident over"
  npm run -s ballast -- status --json

Settings come from the environment (DATABASE_URL, …; see .env.example) and from the file that BALLAST_CONFIG names.
Exit codes: 0 done, 1 failed, 2 wrong use or wrong setting.`,
	);

for (const verb of [migrate, pause, resume, status]) program.addCommand(verb());
// commander ends with 1 on wrong use; programs want to tell it from a failure.
program.exitOverride();
for (const verb of program.commands) verb.exitOverride();

try {
	await program.parseAsync();
} catch (error) {
	process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
	if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : 2;
	process.stderr.write(`${errorText(error)}\n`);
	return error instanceof ConfigError ? 2 : 1;
}
