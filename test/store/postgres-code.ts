import postgres from 'postgres';

/** The PostgreSQL error code under a drizzle error, e.g. 23505 for a unique violation. */
export function postgresCode(error: unknown): string | null {
	const cause = error instanceof Error ? error.cause : null;
	return cause instanceof postgres.PostgresError ? cause.code : null;
}
