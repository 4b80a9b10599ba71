import { Command } from 'commander';
import { readEnv } from '../config/env.ts';
import { migrateDatabase } from '../store/migrate.ts';

export function migrate(): Command {
	return new Command('migrate')
		.description('bring the database to the current schema; safe to run from several machines at once')
		.action(async () => {
			await migrateDatabase(readEnv().DATABASE_URL);
			process.stdout.write('the database is up to date\n');
		});
}
