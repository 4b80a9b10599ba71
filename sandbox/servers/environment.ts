/** What the machine offers and what its owner wishes. The sandbox reads the environment here and nowhere else. */

export interface SandboxEnvironment {
	/** A Redis that is running already; it wins over one of our own. */
	readonly redisUrl: string | null;
	readonly queueBackend: 'auto' | 'redis' | 'postgres';
	/** An anvil binary for platforms whose npm package is missing. */
	readonly anvil: string | null;
	readonly path: readonly string[];
	/** A missing server is a failure instead of something that is not covered. */
	readonly requireAll: boolean;
}

/** Throws when QUEUE_BACKEND is none of the three that exist. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): SandboxEnvironment {
	const queueBackend = source.QUEUE_BACKEND || 'auto';
	if (queueBackend !== 'auto' && queueBackend !== 'redis' && queueBackend !== 'postgres') {
		throw new Error(`QUEUE_BACKEND is "${queueBackend}"; it can be auto, redis or postgres`);
	}
	return {
		redisUrl: source.REDIS_URL || null,
		queueBackend,
		anvil: source.ANVIL || null,
		requireAll: Boolean(source.BALLAST_REQUIRE_ALL),
		path: (source.PATH ?? '').split(':').filter((folder) => folder !== ''),
	};
}

/** What a child process needs to run at all; none of its parent's own settings may leak into the sandbox. */
export function bareEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Record<string, string> {
	return Object.fromEntries(
		['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
	);
}
