/** How the parts of the Redis side ask their server, and whom they tell of what cannot be served. */
import { indexOf } from '../../rebalances/phase.ts';
import type { Asker, Change } from '../../rebalances/side.ts';
import type { RedisConnection } from './connection.ts';
import { keysOf } from './keys.ts';
import type { ScriptName } from './scripts.ts';

/** Left out and left as it is: a value without the fields it needs, an id without a value, a value that is not on its own route. */
export type Trouble = 'malformed' | 'setWithoutData' | 'dataWithoutSet';

export interface RedisSideSettings {
	readonly connection: RedisConnection;
	readonly prefix: string;
	/** `id`: of the row, or `w:<deposit transaction>`. Told each time that it is come across. */
	readonly onTrouble: (kind: Trouble, id: string) => void;
}

export interface Ask {
	readonly settings: RedisSideSettings;
	read(script: ScriptName, asker: Asker, args: readonly string[]): Promise<unknown>;
	/** The step begins before this call gives up, or never. */
	change(script: ScriptName, change: Change, args: readonly string[]): Promise<unknown>;
}

export const NOBODY: Asker = { follows: null };

/** Rows that one step works on, where not everything has to be one step. */
export const BATCH = 1_000;

export function askOf(settings: RedisSideSettings): Ask {
	const { connection, prefix } = settings;
	const keys = keysOf(prefix);
	const followed = ({ follows }: Asker) => (follows === null ? '' : `${indexOf(follows)}`);
	return {
		settings,
		read: (script, asker, args) => connection.run(script, keys, [followed(asker), ...args]),
		async change(script, change, args) {
			const head = [followed(change), `${await connection.deadline(args.length)}`, change.token, change.marks];
			// Spread into an array and never into a call, which has a limit.
			return connection.run(script, keys, [...head, ...args]);
		},
	};
}

export function batchesOf<T>(list: readonly T[], size = BATCH): T[][] {
	return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}
