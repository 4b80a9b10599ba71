/** Everything that two sides hold, page by page: what the side that answers has, then what the other one has besides. */
import type { StoredText } from '../rebalances/row.ts';
import type { Entity } from '../rebalances/side.ts';
import { otherThan, type SideName, type Sides } from './bring.ts';
import type { Quarantine } from './quarantine.ts';

export const STAGES = ['rows', 'withdrawals', 'pause', 'rows of the other side', 'withdrawals of the other side', 'routes'] as const;

export type Stage = (typeof STAGES)[number];

export interface Page {
	readonly entities: readonly Entity[];
	/** Where the next page begins; null after the last one. */
	readonly cursor: string | null;
}

interface Walk {
	/** The side that answers. */
	readonly from: SideName;
	readonly stage: Stage;
	/** Where the page before has ended; null at the beginning. */
	readonly cursor: string | null;
	readonly quarantine: Quarantine;
}

const PAGE = 500;

export async function* pagesOf(sides: Sides, { from, stage, cursor, quarantine }: Walk): AsyncGenerator<Page> {
	const other = otherThan(from);
	const next = (at: string | null): Promise<Page> => {
		switch (stage) {
			case 'rows':
				return rowsOf(sides, from, { at, quarantine });
			case 'rows of the other side':
				return rowsOf(sides, other, { at, quarantine });
			case 'withdrawals':
				return withdrawalsOf(sides, from, { at, quarantine });
			case 'withdrawals of the other side':
				return withdrawalsOf(sides, other, { at, quarantine });
			case 'pause':
				return Promise.resolve({ entities: ['p'], cursor: null });
			case 'routes':
				return routesOf(sides, { at, quarantine });
		}
	};
	let at = cursor;
	do {
		const page = await next(at);
		yield page;
		at = page.cursor;
	} while (at !== null);
}

/** About how many entities a stage looks at now; null where nobody knows. */
export async function sizeOf(sides: Sides, { from, stage }: Pick<Walk, 'from' | 'stage'>): Promise<number | null> {
	if (stage === 'pause') return 1;
	if (stage === 'routes') return null;
	const { rows, withdrawals } = await sides[stage.endsWith('of the other side') ? otherThan(from) : from].sizes();
	return stage.startsWith('rows') ? rows : withdrawals;
}

interface At {
	readonly at: string | null;
	readonly quarantine: Quarantine;
}

async function rowsOf({ redis, postgres }: Sides, side: SideName, { at, quarantine }: At): Promise<Page> {
	if (side === 'postgres') {
		const { rows, next } = await postgres.pageOfRows(at, PAGE);
		return { entities: entitiesOf('r:', rows), cursor: next };
	}
	const { cursor, entries } = await redis.scanData(at ?? '0', PAGE);
	return { entities: entitiesOf('r:', await quarantine.healthyRows(entries)), cursor: endOf(cursor) };
}

async function withdrawalsOf({ redis, postgres }: Sides, side: SideName, { at, quarantine }: At): Promise<Page> {
	if (side === 'postgres') {
		const { rows, next } = await postgres.pageOfWithdrawals(at, PAGE);
		return { entities: entitiesOf('w:', rows), cursor: next };
	}
	const { cursor, entries } = await redis.scanWithdrawals(at ?? '0', PAGE);
	return { entities: entitiesOf('w:', await quarantine.healthyWithdrawals(entries)), cursor: endOf(cursor) };
}

/** Ids in the sets of routes that have no data: there is nothing to bring. */
async function routesOf({ redis }: Sides, { at, quarantine }: At): Promise<Page> {
	const { cursor, routes } = await redis.scanRoutes(at ?? '0');
	for (const route of routes) {
		let inside = '0';
		do {
			const page = await redis.scanRoute(route, inside, PAGE);
			await quarantine.idsOnRoute(route, page.ids);
			inside = page.cursor;
		} while (inside !== '0');
	}
	return { entities: [], cursor: endOf(cursor) };
}

/** A scan may meet the same twice. */
const entitiesOf = (kind: 'r:' | 'w:', rows: readonly Pick<StoredText, 'id'>[]): Entity[] => [
	...new Set(rows.map(({ id }): Entity => `${kind}${id}`)),
];

const endOf = (cursor: string): string | null => (cursor === '0' ? null : cursor);
