import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { notFound } from '../../sandbox/http/misbehave.ts';
import { type Invoice, invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { syncInventory } from '../../src/steps/upkeep/balances.ts';
import { writeStop } from '../../src/store/stops.ts';
import { untilAtRest } from '../at-rest.ts';
import { demandOf, type Product, type ProductOptions, until, untilSettled, untilWaiting } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;
let before: OracleChain[];
let count = 0;

beforeAll(async () => {
	world = await startWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());
afterEach(() => product.stop());

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';

async function funded(balances: Readonly<Record<string, string>>, options: ProductOptions = {}): Promise<void> {
	for (const [venue, units] of Object.entries(balances)) await world.fund(venue, units);
	before = await openings(world);
	product = await startProduct(world, options);
}

function made(amount: string, destinations: readonly string[], origin = '1'): Invoice {
	count += 1;
	return invoice({ label: `faults ${count}`, owner: OWNER, amount, origin, destinations });
}

async function shown(amount: string, destinations: readonly string[], origin = '1'): Promise<string> {
	const each = made(amount, destinations, origin);
	await world.everclear.addInvoice(each);
	return each.intent_id;
}

describe('what was there before keeps working', () => {
	const EVERYTHING_BUT_PLANNING = ['invoice-poll', 'invoice-evaluation', 'earmark-settlement'];

	it('pays payable invoices with planner, route queues and bridge APIs all failing', async () => {
		world.across.fault = () => ({ status: 500 });
		await funded({ 1: '100', 10: '50' }, { queues: EVERYTHING_BUT_PLANNING });
		const short = await shown('120', ['10'], '56');
		const payable = await shown('80', ['1'], '56');
		await untilSettled(product, payable);
		expect((await demandOf(product.sql, short))?.status).toBe('open');
		await until('the hub has paid', async () => {
			const [row] = await product.sql`select status from receivables`;
			return row?.status === 'settled' ? true : null;
		});
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], deposits: 0, purchases: 1 });
		expect(await checkSettledBooks(product.sql, { world, before, look: () => syncInventory(product.app) })).toEqual([]);
	});

	it('says which bridge did not answer, and covers the invoice once it does', async () => {
		world.across.fault = () => ({ status: 503 });
		await funded({ 1: '100' });
		const short = await shown('60', ['10'], '56');
		const { detail } = await untilWaiting(product, short, 'QUOTE_UNAVAILABLE');
		expect(detail).toContain('across-1-10-USDC');
		world.across.fault = () => undefined;
		await untilSettled(product, short);
	});
});

describe('a chain that does not answer', () => {
	it('is never read as a balance of zero: the invoice waits, says why, and is covered when it answers again', async () => {
		await funded({ 1: '100' });
		world.chain('1').proxy.fault = (method) => (method === 'eth_call' || method === 'eth_getBlockByNumber' ? 'error' : 'pass');
		const id = await shown('60', ['10'], '56');
		const { detail } = await untilWaiting(product, id, 'BALANCE_UNKNOWN');
		expect(detail).toMatch(/^1: balances on 1 could not be read/);
		expect(await product.sql`select 1 from balance_snapshots where venue = '1' and amount = 0`).toEqual([]);
		world.chain('1').proxy.fault = () => 'pass';
		await untilSettled(product, id);
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], duplicateEffects: 0 });
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
	});

	it('does not stop an invoice that needs nothing from it', async () => {
		await funded({ 1: '100', 10: '100' });
		world.chain('56').proxy.fault = () => 'error500';
		const id = await shown('60', ['10'], '1');
		await untilSettled(product, id);
	});
});

describe('an API that does not answer', () => {
	it('leaves the invoice open with its reason', async () => {
		await funded({ 1: '100' });
		world.everclear.fault = (request) => (request.path.endsWith('/min-amounts') ? { status: 500 } : undefined);
		const id = await shown('60', ['1'], '10');
		const { detail } = await untilWaiting(product, id, 'API_UNAVAILABLE');
		expect(detail).toContain('500');
		world.everclear.fault = () => undefined;
		await untilSettled(product, id);
	});

	it('never makes an invoice gone; only its own word does', async () => {
		await funded({ 1: '10' });
		const id = await shown('60', ['1'], '10');
		await untilWaiting(product, id, 'INSUFFICIENT_FUNDS');
		// As behind a wrong address: whatever is asked for is not there.
		world.everclear.fault = () => notFound();
		expect((await untilWaiting(product, id, 'API_UNAVAILABLE')).detail).toContain('no /invoices');
		world.everclear.fault = () => undefined;
		world.everclear.hub.clear();
		await until('the invoice is gone', async () => ((await demandOf(product.sql, id))?.status === 'gone' ? true : null));
	});
});

describe('malformed rows', () => {
	it('are set aside one by one, and the rest of the batch goes on', async () => {
		await funded({ 1: '100' });
		const good = made('20', ['1'], '10');
		const bad: [string, unknown][] = [
			['no amount', { ...made('1', ['1'], '10'), amount: undefined }],
			['zero', { ...made('1', ['1'], '10'), amount: '0' }],
			['negative', { ...made('1', ['1'], '10'), amount: '-5' }],
			['beyond uint256', { ...made('1', ['1'], '10'), amount: '9'.repeat(100) }],
			['not a number', { ...made('1', ['1'], '10'), amount: '1e18' }],
			['unknown ticker', { ...made('1', ['1'], '10'), ticker_hash: `0x${'ab'.repeat(32)}` }],
			['no id', { ...made('1', ['1'], '10'), intent_id: 'x' }],
			['a string', 'nonsense'],
			['no destinations', { ...made('1', ['1'], '10'), destinations: [] }],
		];
		for (const [, row] of bad) world.everclear.addStrayRow(row);
		world.everclear.addStrayRow({ ...good });
		await world.everclear.addInvoice(good);
		await untilSettled(product, good.intent_id);
		const [rows] = await product.sql`select count(*)::int as n from demands`;
		expect(rows?.n).toBe(1);
	});

	it('with destinations that are not configured say so', async () => {
		await funded({ 1: '100' });
		const id = await shown('20', ['8453', '137'], '10');
		const { detail } = await untilWaiting(product, id, 'NO_DESTINATION');
		expect(detail).toContain('8453');
	});
});

describe('the global stop', () => {
	it('starts no plan and signs nothing until resumed', async () => {
		await funded({ 1: '100' });
		await writeStop(product.store.db, { stopped: true, actor: 'test', reason: 'drill' });
		const payable = await shown('20', ['1'], '10');
		const short = await shown('30', ['10'], '56');
		await until('both are evaluated', async () => {
			const rows = await product.sql`select 1 from demands where evaluated_at is not null`;
			return rows.length === 2 ? true : null;
		});
		expect(await product.sql`select 1 from attempts`).toEqual([]);
		await writeStop(product.store.db, { stopped: false, actor: 'test', reason: 'drill over' });
		await Promise.all([untilSettled(product, payable), untilSettled(product, short)]);
	});

	/** Every look at an earmark puts off the next one. */
	const nextLook = async () => (await product.sql<{ at: string }[]>`select next_action_at::text as at from earmarks`)[0]?.at;

	it('holds an effect whose nonce has committed before its signature', async () => {
		await funded({ 1: '100' });
		// The simulation is the last thing before the nonce; then the signer finds no fees.
		let simulated = false;
		const FEES = ['eth_maxPriorityFeePerGas', 'eth_gasPrice', 'eth_getBlockByNumber'];
		world.chain('1').proxy.fault = (method) => {
			simulated ||= method === 'eth_estimateGas';
			return simulated && FEES.includes(method) ? 'error' : 'pass';
		};
		const id = await shown('20', ['1'], '10');
		await until('a nonce is committed', async () =>
			(await product.sql`select 1 from effects where status = 'reserved'`).length > 0 ? true : null,
		);
		await writeStop(product.store.db, { stopped: true, actor: 'test', reason: 'drill' });
		world.chain('1').proxy.fault = () => 'pass';
		// One look may have been under way when it was stopped; the next one was not.
		for (const which of ['the look that was under way', 'another look']) {
			const before = await nextLook();
			await until(which, async () => ((await nextLook()) !== before ? true : null));
		}
		expect(await product.sql`select 1 from attempts`).toEqual([]);
		await writeStop(product.store.db, { stopped: false, actor: 'test', reason: 'drill over' });
		await untilSettled(product, id);
	});
});
