/** The side in PostgreSQL: an old action is a rebalance operation without an earmark, and the text that it came as is kept beside it. */
import { ConfigError } from '../../errors.ts';
import { type Row, readRow, readWithdrawal, type StoredText } from '../../rebalances/row.ts';
import type { Change, Entity, Held, Side } from '../../rebalances/side.ts';
import { type CachedRow, cacheChanges } from '../../store/rebalance-cache/changes.ts';
import { type CacheConnection, openCacheConnection } from '../../store/rebalance-cache/connection.ts';
import { type CacheCopies, cacheCopies } from '../../store/rebalance-cache/copies.ts';
import { applyEntities, holdEntities, lockEntities, type Wanted } from '../../store/rebalance-cache/entities.ts';
import { cacheReads } from '../../store/rebalance-cache/reads.ts';
import { type CacheUpkeep, cacheUpkeep } from '../../store/rebalance-cache/upkeep.ts';

/** Left out: a value without the fields it needs, or with a character that PostgreSQL cannot store. */
export type PostgresTrouble = 'malformed' | 'unstorable';

interface PostgresSideSettings {
	readonly connection: CacheConnection;
	/** The cache's prefix. */
	readonly namespace: string;
	/** `id`: of the row, or `w:<deposit transaction>`. Told each time that it is come across. */
	readonly onTrouble: (kind: PostgresTrouble, id: string) => void;
}

/** Entities that nobody else brings over until the transaction ends. */
export interface EntitySession {
	/** In the order asked. */
	hold(entities: readonly Entity[]): Promise<Held[]>;
	/**
	 * Makes this side hold just that, and marks nothing. What was removed here is not let in again; what cannot be read or stored leaves things as
	 * they are and is told. Resolves, in the order handed in, to the tokens of the tombstones that were there before: null for none, empty for a
	 * removal by nobody knows whom.
	 */
	apply(held: readonly Held[]): Promise<(string | null)[]>;
}

export interface PostgresSide extends Side, Omit<CacheUpkeep, 'ensure' | 'marked' | 'unmark'>, CacheCopies {
	readonly name: 'postgres';
	/** One transaction under locks on these entities; whoever brings any of them over at the same time waits. */
	withEntities<T>(entities: readonly Entity[], work: (session: EntitySession) => Promise<T>): Promise<T>;
	/** What is held of each now, without a lock and in one step. */
	hold(entities: readonly Entity[]): Promise<Held[]>;
}

/** Throws `ConfigError` when the URL is none. Connects when it is first asked. */
export const openPostgresSide = ({
	databaseUrl,
	pool,
	...settings
}: Omit<PostgresSideSettings, 'connection'> & { databaseUrl: string; pool?: number }): PostgresSide =>
	createPostgresSide({ ...settings, connection: openCacheConnection({ databaseUrl, ...(pool === undefined ? {} : { pool }) }) });

/** What PostgreSQL cannot store is not there; whoever asks for it is answered, and asks for a text that no row has. */
const isStorable = (text: string) => !text.includes('\u0000');
const storable = (text: string) => (isStorable(text) ? text : '');

const NAMESPACE_BYTES = 1_000;

/** Closing the side closes its connection. Throws `ConfigError` when the namespace cannot be one. */
export function createPostgresSide({ connection, namespace, onTrouble }: PostgresSideSettings): PostgresSide {
	const size = Buffer.byteLength(namespace);
	if (size === 0 || size > NAMESPACE_BYTES || !isStorable(namespace))
		throw new ConfigError('prefix', `has to be a text of 1 to ${NAMESPACE_BYTES} bytes without NUL`);
	const reads = cacheReads(connection, namespace);
	const changes = cacheChanges(connection, namespace);
	const { ensure, ...upkeep } = cacheUpkeep(connection, namespace);
	const readable = (stored: readonly StoredText[]) => readableOf(stored, onTrouble);
	let known: Promise<void> | null = null;
	/** Every change takes a lock on the row of the namespace, so it has to be there. */
	const told = <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) => {
		return async (...args: Args): Promise<T> => {
			known ??= ensure().catch((error: unknown) => {
				known = null;
				throw error;
			});
			await known;
			return work(...args);
		};
	};
	return {
		name: 'postgres',
		...cacheCopies(connection, namespace),
		...{ ...upkeep, move: told(upkeep.move), countDifferences: told(upkeep.countDifferences) },
		async rowsOn(routes, asker) {
			return readable(await reads.rowsOn(routes.filter(isStorable), asker));
		},
		async rowsWith(transaction, asker) {
			const found = readable(await reads.rowsWith(storable(transaction), asker));
			// Half a character is stored as a replacement of it, and several halves as the same one.
			return found.filter((each) => readRow(each)?.row.transaction === transaction);
		},
		has: (id, asker) => reads.has(storable(id), asker),
		isPaused: reads.isPaused,
		async withdrawal(depositTransaction, asker) {
			const text = await reads.withdrawal(storable(depositTransaction), asker);
			if (text === null || !isStorable(depositTransaction)) return null;
			if (readWithdrawal(text) !== null) return text;
			onTrouble('malformed', `w:${depositTransaction}`);
			return null;
		},
		add: told((rows: readonly Row[], change: Change) => changes.add(rows.map(cachedRow), change)),
		remove: told((ids: readonly string[], change: Change) => changes.remove(ids.filter(isStorable), change)),
		clear: told(changes.clear),
		setPause: told(changes.setPause),
		putWithdrawal: told(changes.putWithdrawal),
		removeWithdrawal: told(async (depositTransaction: string, change: Change) => {
			return isStorable(depositTransaction) && changes.removeWithdrawal(depositTransaction, change);
		}),
		hold: (entities) => holdEntities(connection.run, namespace, entities),
		withEntities: told(<T>(entities: readonly Entity[], work: (session: EntitySession) => Promise<T>) =>
			connection.transaction(async (run) => {
				await lockEntities(run, namespace, entities);
				return work({
					hold: (asked) => holdEntities(run, namespace, asked),
					async apply(held) {
						const each = new Map(held.map((one) => [one.entity, one]));
						const buried = await applyEntities(run, namespace, wantedOf([...each.values()], onTrouble));
						return held.map(({ entity }) => buried.get(entity) ?? null);
					},
				});
			}),
		) as PostgresSide['withEntities'],
		close: () => connection.close(),
	};
}

function readableOf(stored: readonly StoredText[], onTrouble: PostgresSideSettings['onTrouble']): StoredText[] {
	return stored.filter((each) => {
		const isReadable = readRow(each) !== null;
		if (!isReadable) onTrouble('malformed', each.id);
		return isReadable;
	});
}

/** What was handed over, without what nobody could read or PostgreSQL could not store. */
function wantedOf(held: readonly Held[], onTrouble: PostgresSideSettings['onTrouble']): Wanted[] {
	return held.flatMap(({ entity, value, removedBy }): Wanted[] => {
		const name = entity.startsWith('r:') ? entity.slice(2) : entity;
		const wanted = { entity, row: null, text: value, removedBy };
		if (entity.includes('\u0000')) return refused('unstorable', name);
		if (value === null || entity === 'p') return [wanted];
		if (entity.startsWith('w:')) return readWithdrawal(value) === null ? refused('malformed', name) : [wanted];
		const found = readRow({ id: name, text: value });
		if (found === null) return refused('malformed', name);
		const row = cachedRow(found.row);
		return Object.values(row).some((each) => each?.includes('\u0000')) ? refused('unstorable', name) : [{ ...wanted, row }];
	});

	function refused(kind: PostgresTrouble, name: string): Wanted[] {
		onTrouble(kind, name);
		return [];
	}
}

const UINT256_END = 2n ** 256n;
const DECIMAL = /^\d{1,78}$/;

function cachedRow({ id, route, transaction, text }: Row): CachedRow {
	const { asset, origin, destination, amount } = JSON.parse(text) as Readonly<
		Record<'asset' | 'origin' | 'destination' | 'amount', string>
	>;
	const send = DECIMAL.test(amount) && BigInt(amount) < UINT256_END ? amount : null;
	return { id, route, transaction, text, asset, origin: `${origin}`, destination: `${destination}`, send };
}
