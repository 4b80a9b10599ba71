/** Random operations on a cache and on a model of it in memory: both give the same answers, and hold the same at the end. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { RebalanceAction, RebalanceCache, RebalanceRoute, StoredRebalance, WithdrawalRecord } from '../../src/rebalances/cache.ts';
import { contentsOf } from './action.ts';
import type { Open } from './interface.ts';

type Operation =
	| { readonly kind: 'add'; readonly actions: readonly RebalanceAction[] }
	| { readonly kind: 'get'; readonly routes: readonly RebalanceRoute[] }
	/** Of all ids that there have ever been, by number. */
	| { readonly kind: 'remove'; readonly numbers: readonly number[] }
	| { readonly kind: 'has'; readonly number: number }
	| { readonly kind: 'find'; readonly transaction: string }
	| { readonly kind: 'clear' }
	| { readonly kind: 'pause'; readonly paused: boolean }
	| { readonly kind: 'isPaused' }
	| { readonly kind: 'put'; readonly deposit: string; readonly record: WithdrawalRecord }
	| { readonly kind: 'record'; readonly deposit: string }
	| { readonly kind: 'take'; readonly deposit: string };

interface Runs {
	/** Sequences. */
	readonly runs: number;
	/** Operations of a sequence, at most. */
	readonly length?: number;
	/** Before each operation: cut a connection, move a phase. */
	readonly before?: (index: number) => Promise<void> | void;
}

/** Throws with the shortest sequence that it finds for which the answers differ. `open` is called for each sequence. */
export async function runSameOperations(open: Open, { runs, length = 40, before }: Runs): Promise<void> {
	const property = fc.asyncProperty(fc.array(anyOperation, { minLength: 1, maxLength: length }), async (operations) => {
		const { cache, another, close } = await open();
		try {
			const caches = [cache, await another()];
			const model = newModel();
			for (const [index, operation] of operations.entries()) {
				await before?.(index);
				await follow(caches[index % 2] ?? cache, model, operation);
			}
			await follow(cache, model, { kind: 'get', routes: ROUTES });
		} finally {
			await close();
		}
	});
	await fc.assert(property, { numRuns: runs });
}

const ASSETS = ['0xAb', '0xaB', 'İX', 'i\u0307x', 'a-b'];
const CHAINS = [1, 10, 1_399_811_149];
const TRANSACTIONS = ['0xA1', '0xa1', '0xB2"\\', 'ü'];
const ROUTES = CHAINS.flatMap((origin) => CHAINS.flatMap((destination) => ASSETS.map((asset) => ({ origin, destination, asset }))));

const anyRoute = fc.constantFrom(...ROUTES);
const anyAction: fc.Arbitrary<RebalanceAction> = fc
	.tuple(anyRoute, fc.constantFrom(...TRANSACTIONS), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.option(fc.string(), { nil: undefined }))
	.map(([route, transaction, amount, recipient]) => ({
		...{ bridge: 'across', amount: `${amount}`, ...route, transaction },
		...(recipient === undefined ? {} : { recipient: stored(recipient) }),
	}));
const anyText = fc.string({ unit: 'grapheme', maxLength: 8 }).map(stored);
const anyDeposit = fc.constantFrom('0xD', '0xd', 'Ü');
const anyRecord = fc.record({ asset: anyText, method: anyText, refid: anyText });
const anyNumber = fc.nat({ max: 30 });

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), actions: fc.array(anyAction, { maxLength: 5 }) }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), routes: fc.array(anyRoute, { maxLength: 6 }) }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), numbers: fc.array(anyNumber, { maxLength: 5 }) }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('has' as const), number: anyNumber }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('find' as const), transaction: fc.constantFrom(...TRANSACTIONS, 'none') }) },
	{ weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), paused: fc.boolean() }) },
	{ weight: 1, arbitrary: fc.constant({ kind: 'isPaused' as const }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('put' as const), deposit: anyDeposit, record: anyRecord }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('record' as const), deposit: anyDeposit }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), deposit: anyDeposit }) },
);

/** What every side can store. */
function stored(text: string): string {
	return text.replaceAll('\u0000', '');
}

interface Model {
	readonly rows: Map<string, RebalanceAction>;
	/** All there have ever been, in the order in which they were met. */
	readonly ids: string[];
	readonly withdrawals: Map<string, WithdrawalRecord>;
	paused: boolean;
}

const newModel = (): Model => ({ rows: new Map(), ids: [], withdrawals: new Map(), paused: false });

const keyOf = ({ destination, origin, asset }: RebalanceRoute) => `${destination} ${origin} ${asset.toLowerCase()}`;

function onRoutes({ rows }: Model, routes: readonly RebalanceRoute[]): StoredRebalance[] {
	const asked = new Set(routes.map(keyOf));
	return [...rows].filter(([, action]) => asked.has(keyOf(action))).map(([id, action]) => ({ ...action, id }));
}

const byId = (one: { readonly id: string }, other: { readonly id: string }) => (one.id < other.id ? -1 : Number(one.id > other.id));

async function follow(cache: RebalanceCache, model: Model, operation: Operation): Promise<void> {
	switch (operation.kind) {
		case 'add':
			return followAdd(cache, model, operation.actions);
		case 'get': {
			const { routes } = operation;
			return expect((await cache.getRebalances({ routes })).sort(byId)).toEqual(onRoutes(model, routes).sort(byId));
		}
		case 'remove': {
			const ids = operation.numbers.map((number) => model.ids[number] ?? `unknown-${number}`);
			const known = [...new Set(ids)].filter((id) => model.rows.delete(id));
			return expect(await cache.removeRebalances(ids)).toBe(known.length);
		}
		case 'has': {
			const id = model.ids[operation.number] ?? 'unknown';
			return expect(await cache.hasRebalance(id)).toBe(model.rows.has(id));
		}
		case 'find':
			return followFind(cache, model, operation.transaction);
		case 'clear':
			model.rows.clear();
			model.paused = false;
			return expect(await cache.clear()).toBeUndefined();
		case 'pause':
			model.paused = operation.paused;
			return expect(await cache.setPause(operation.paused)).toBeUndefined();
		case 'isPaused':
			return expect(await cache.isPaused()).toBe(model.paused);
		default:
			return followWithdrawal(cache, model, operation);
	}
}

/** The ids are not the model's to choose: it learns them from what has come up on the routes. */
async function followAdd(cache: RebalanceCache, model: Model, actions: readonly RebalanceAction[]): Promise<void> {
	expect(await cache.addRebalances(actions)).toBe(actions.length);
	const come = (await cache.getRebalances({ routes: actions })).filter(({ id }) => !model.rows.has(id));
	expect(contentsOf(come)).toEqual(contentsOf(actions));
	for (const { id, ...action } of come) {
		expect(model.ids).not.toContain(id);
		const { destination, origin, asset } = action as RebalanceAction;
		expect(id.startsWith(`${destination}-${origin}-${asset}-`)).toBe(true);
		model.rows.set(id, action as RebalanceAction);
		model.ids.push(id);
	}
}

async function followFind(cache: RebalanceCache, { rows }: Model, transaction: string): Promise<void> {
	const found = await cache.getRebalanceByTransaction(transaction);
	const any = [...rows].filter(([, action]) => action.transaction === transaction).map(([id, action]) => ({ ...action, id }));
	if (any.length === 0) expect(found).toBeUndefined();
	else expect(any).toContainEqual(found);
}

type OfWithdrawal = Extract<Operation, { readonly deposit: string }>;

async function followWithdrawal(cache: RebalanceCache, { withdrawals }: Model, operation: OfWithdrawal): Promise<void> {
	const { kind, deposit } = operation;
	if (kind === 'put') {
		const { asset, method, refid } = operation.record;
		withdrawals.set(deposit, operation.record);
		expect(await cache.addWithdrawalRecord(deposit, asset, method, refid)).toBeUndefined();
	} else if (kind === 'record') expect(await cache.getWithdrawalRecord(deposit)).toEqual(withdrawals.get(deposit));
	else expect(await cache.removeWithdrawalRecord(deposit)).toBe(withdrawals.delete(deposit));
}
