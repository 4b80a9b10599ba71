/** What both stores are asked at random: every function of every double, on a connection or in a transaction. */
import { type Db, inTransaction, type Tx } from '../../../src/store/db.ts';
import { type Chance, Nothing } from './chance.ts';
import { inEffects, onEffects } from './questions-of-effects.ts';
import { inFunds, onFunds } from './questions-of-funds.ts';
import { inRoutes, onRoutes } from './questions-of-routes.ts';
import { inWork, onWork } from './questions-of-work.ts';

export type OnConnection = (db: Db, of: Chance) => Promise<unknown>;
export type InTransaction = (tx: Tx, of: Chance) => Promise<unknown>;

const ON_CONNECTION: Readonly<Record<string, OnConnection>> = { ...onWork, ...onEffects, ...onFunds, ...onRoutes };
const IN_TRANSACTION: Readonly<Record<string, InTransaction>> = { ...inWork, ...inEffects, ...inFunds, ...inRoutes };

/** More often, what much else waits for. */
export const onConnection = [...Object.keys(ON_CONNECTION), 'noteMined', 'clearLaneForeign', 'requestCancel'];
export const inTransactions = [
	...Object.keys(IN_TRANSACTION),
	...[
		'intendEffects',
		'reserveNonce',
		'storeAttempt',
		'resolveEffect',
		'intendReset',
		'setHopStatus',
		'setLegStatus',
		'countEnds',
		'countEnds',
	],
];

/** One question, or a transaction of several that may be undone at its end. `seed` draws what is asked. */
export type Asked =
	| { readonly kind: 'on a connection'; readonly name: string; readonly seed: number }
	| { readonly kind: 'in a transaction'; readonly names: readonly string[]; readonly isUndone: boolean; readonly seed: number };

const often = (count: number, ...names: readonly string[]) => Array.from({ length: count }, () => names).flat();

/** Enough rows to ask about. */
export const BEGINNING: readonly Asked[] = [
	...[0, 1].map((seed): Asked => ({ kind: 'on a connection', name: 'openLane', seed })),
	{
		...{ kind: 'in a transaction', isUndone: false, seed: 0 },
		names: [...often(3, 'saveInvoice'), ...often(2, 'insertEarmark', 'insertLeg', 'placeHolds'), ...often(4, 'intendEffects')],
	},
	...[0, 1].map((seed): Asked => ({ kind: 'on a connection', name: 'saveBalances', seed })),
	...[...often(3, 'reserveNonce', 'storeAttempt'), ...often(4, 'setHopStatus', 'setLegStatus')].map(
		(name, seed): Asked => ({ kind: 'in a transaction', names: [name], isUndone: false, seed }),
	),
];

/** What both throw is an answer as well. */
export async function ask(db: Db, asked: Asked, of: Chance): Promise<void> {
	const put = async () => {
		if (asked.kind === 'on a connection') return ON_CONNECTION[asked.name]?.(db, of);
		return inTransaction(db, { actor: 'examiner', reason: asked.names.join(' and ') }, async (tx) => {
			for (const name of asked.names) await putUnlessNothing(async () => IN_TRANSACTION[name]?.(tx, of));
			if (asked.isUndone) throw new RangeError('it is undone');
		});
	};
	await put().catch(() => {});
}

/** A question about nothing is left out; what a store throws ends its transaction. */
async function putUnlessNothing(put: () => Promise<unknown>): Promise<void> {
	try {
		await put();
	} catch (error) {
		if (!(error instanceof Nothing)) throw error;
	}
}
