/** Names of the keys. The first four are those of the class that came before, byte for byte; the others are ours. */

/** What every script is given, in the order in which `scripts.ts` names them. */
export function keysOf(prefix: string): readonly string[] {
	const names = ['data', 'paused', 'withdrawals', 'route:', 'phase', 'marks', 'marks-order', 'removed', 'removed-at'];
	return names.map((name) => `${prefix}:${name}`);
}

/** A glob of every route set's key. */
export const routeGlob = (prefix: string): string => `${escaped(`${prefix}:route:`)}*`;

/**
 * The route of a key that the glob has found, or null when it belongs to a prefix that begins with ours and `:route`, whose route sets are
 * `<prefix>:route…:route:<route>`.
 */
export function routeOfKey(prefix: string, key: string): string | null {
	const route = key.slice(`${prefix}:route:`.length);
	return /(^|:)route:/.test(route) ? null : route;
}

const escaped = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
