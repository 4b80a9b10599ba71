/** A cache in a PostgreSQL of its own file, and what tests say to it. */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { openPostgresSide, type PostgresSide, type PostgresTrouble } from '../../../src/rebalance-cache/postgres/side.ts';
import type { RebalanceAction } from '../../../src/rebalances/cache.ts';
import { type Row, rowOf } from '../../../src/rebalances/row.ts';
import type { Asker, Change } from '../../../src/rebalances/side.ts';
import { testDatabase } from '../../stack.ts';

export interface Stand {
	readonly databaseUrl: string;
	readonly side: PostgresSide;
	/** Looks into the tables behind its back. */
	readonly sql: postgres.Sql;
	/** What it has told of values that it does not serve. */
	readonly troubles: string[];
	/** Another instance of the same cache, or of one beside it. */
	another(namespace?: string): PostgresSide;
	close(): Promise<void>;
}

export const CAUSE = { actor: 'test', reason: 'a test' };
export const ANYBODY: Asker = { follows: null };
const NAMESPACE = 'rebalances';

export async function openStand(databaseUrl?: string): Promise<Stand> {
	const url = databaseUrl ?? (await testDatabase());
	const troubles: string[] = [];
	const sides: PostgresSide[] = [];
	const another = (namespace = NAMESPACE) => {
		const side = openPostgresSide({
			databaseUrl: url,
			namespace,
			onTrouble: (kind: PostgresTrouble, id) => troubles.push(`${kind} ${id}`),
		});
		sides.push(side);
		return side;
	};
	const sql = postgres(url, { max: 4, onnotice: () => {} });
	return {
		...{ databaseUrl: url, side: another(), sql, troubles, another },
		async close() {
			await Promise.all([...sides.map((side) => side.close()), sql.end({ timeout: 1 })]);
		},
	};
}

export function actionOf(fields: Partial<RebalanceAction> = {}): RebalanceAction {
	return {
		bridge: 'across',
		amount: '1000000',
		origin: 1,
		destination: 10,
		asset: '0xAbC',
		transaction: `0x${randomUUID().replaceAll('-', '')}`,
		recipient: '0x1111111111111111111111111111111111111111',
		...fields,
	};
}

export const rowWith = (fields: Partial<RebalanceAction> = {}): Row => rowOf(actionOf(fields));
export const rowsWith = (count: number, fields: Partial<RebalanceAction> = {}): Row[] =>
	Array.from({ length: count }, () => rowWith(fields));

export const change = (fields: Partial<Change> = {}): Change => ({ follows: null, token: randomUUID(), marks: 'never', ...fields });

/** The order of answers is nobody's business. */
export const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id).sort();
