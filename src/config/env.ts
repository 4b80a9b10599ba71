/** The only reader of the environment. */

import { ConfigError } from '../errors.ts';
import { complaint, configError } from './problem.ts';
import { type Env, envSchema } from './schema.ts';

/**
 * Reads and checks the environment variables; an empty one counts as not set, as compose files and shells leave them.
 * Throws `ConfigError` naming every wrong variable, and never its value.
 */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Env {
	const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
	const result = envSchema.safeParse(set, { reportInput: true });
	if (!result.success) {
		throw configError(result.error.issues.map((issue) => ({ key: issue.path.map(String).join('.'), problem: complaint(issue) })));
	}
	return result.data;
}

/** The key that workers sign with. Throws `ConfigError` when it is not set. */
export function signerKeyOf(env: Env): string {
	if (env.BALLAST_SIGNER_KEY === undefined)
		throw new ConfigError('BALLAST_SIGNER_KEY', 'is not set: a worker signs for the configured wallet');
	return env.BALLAST_SIGNER_KEY;
}
