import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { binanceEnvironment } from '../../sandbox/binance/config.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { exchangeBook, openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { ShownProof } from '../../src/cli/inventory-prove.ts';
import { amount } from '../../src/money/amount.ts';
import { formatAmount } from '../../src/money/units.ts';
import { getEarmarkForInvoice } from '../../src/on-demand.ts';
import { readStatus } from '../../src/store/status.ts';
import { writeStop } from '../../src/store/stops.ts';
import { untilAtRest } from '../at-rest.ts';
import { ballast } from '../cli/shell.ts';
import { type Product, until, untilSettled } from '../product.ts';
import { startProduct } from './product.ts';

let world: World;
let product: Product;
let before: OracleChain[];
const folder = mkdtempSync(join(tmpdir(), 'ballast-exchange-'));

beforeAll(async () => {
	world = await startWorld({ balances: {}, exchange: true });
});
afterAll(async () => {
	rmSync(folder, { recursive: true });
	await world.stop();
});
beforeEach(async () => {
	await world.reset();
	// An account whose history may be read more often, so that nobody waits for a turn here.
	binance().settings.uidPerMinute *= 10;
	await world.fund('1', '50000');
	before = await openings(world);
});
afterEach(() => product.stop());

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
/** Two cores may be busy with other files. */
const WITHIN_MS = 60_000;
/** Everything here is a hundred times as fast as in the world, so what counts as fast is, too. */
const FAST_SECONDS = 4;

function binance() {
	if (world.binance === null) throw new Error('there is no exchange');
	return world.binance;
}

async function shown(label: string, amount: string, discountBps: number): Promise<string> {
	const made = invoice({ label: `exchange ${label}`, owner: OWNER, amount, origin: '56', destinations: ['10'], discountBps });
	await world.everclear.addInvoice(made);
	return made.intent_id;
}

type Bridges = readonly ('across' | 'binance')[];

async function start(bridges: Bridges): Promise<void> {
	product = await startProduct(world, { change: (config) => ({ ...configWith(bridges), everclear: config.everclear }) });
}

function configWith(bridges: Bridges) {
	const config = world.config({ bridges });
	return { ...config, planning: { ...config.planning, fastWindowSeconds: FAST_SECONDS } };
}

/** What an operator is told when nothing but the exchange is asked for transfers. */
async function proof(): Promise<ShownProof & { code: number }> {
	const path = join(folder, 'ballast.yaml');
	writeFileSync(path, JSON.stringify(configWith(['binance'])));
	const env = { DATABASE_URL: product.databaseUrl, BALLAST_CONFIG: path, ...binanceEnvironment(world.binance) };
	const { code, stdout } = await ballast(env, 'inventory', 'prove', '--json');
	return { ...JSON.parse(stdout), code };
}

async function bridgesOf(invoiceId: string) {
	const earmark = await getEarmarkForInvoice(product.store.db, invoiceId);
	return earmark?.operations.flatMap(({ hops }) => hops.map(({ bridge }) => bridge)) ?? [];
}

async function expectAllAccountedFor(): Promise<void> {
	await untilAtRest(product, world);
	expect(await judge(before, world.wallet, { exchange: exchangeBook(world) })).toMatchObject({ problems: [], duplicateEffects: 0 });
	expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
	expect(binance().duplicates).toBe(0);
}

describe('beside a fast bridge', () => {
	it('the exchange takes what is large and patient, and not what is urgent', async () => {
		await start(['across', 'binance']);
		const patient = await shown('patient', '20000', 1);
		const urgent = await shown('urgent', '1000', 30);
		await untilSettled(product, urgent, WITHIN_MS);
		await untilSettled(product, patient, WITHIN_MS);
		expect([await bridgesOf(patient), await bridgesOf(urgent)]).toEqual([['binance'], ['across']]);
		await expectAllAccountedFor();
	}, 180_000);
});

describe('funds in the account', () => {
	const cause = { actor: 'test', reason: 'funds are in the account' };
	const parked = async () => {
		const { between } = await readStatus(product.store.db);
		return between.length === 0 ? null : between;
	};

	it('stay held and are shown, and nothing is asked for while everything is stopped', async () => {
		const { settings } = binance();
		settings.pending = () => true;
		await start(['binance']);
		const id = await shown('parked', '100', 30);
		await until('a deposit', async () => (binance().deposits().length > 0 ? true : null), WITHIN_MS);
		await writeStop(product.store.db, { stopped: true, ...cause });
		settings.pending = () => false;
		const [shownRow, ...others] = await until('the funds are shown', parked, WITHIN_MS);
		expect(others).toEqual([]);
		expect(shownRow).toMatchObject({ bridge: 'binance', asset: 'USDC', origin: '1', destination: '10', request: null });
		const [held] = await product.sql`select state from holds where state = 'inbound'`;
		expect(held).toBeDefined();
		expect(await proof()).toMatchObject({
			code: 0,
			proven: true,
			services: [{ waiting: formatAmount(amount(BigInt(shownRow?.send ?? 0)), 6), missing: '0' }],
		});
		expect(binance().withdrawals()).toEqual([]);
		settings.stuck = () => true;
		await writeStop(product.store.db, { stopped: false, ...cause });
		await until('a withdrawal', async () => (binance().withdrawals().length > 0 ? true : null), WITHIN_MS);
		const asked = await until('its answer', async () => (await parked())?.find(({ request }) => request?.answer === 'accepted') ?? null);
		expect(asked.request?.key).toBe(binance().withdrawals()[0]?.orderId);
		settings.stuck = () => false;
		await untilSettled(product, id, WITHIN_MS);
		expect(await parked()).toBeNull();
		await expectAllAccountedFor();
		expect(await proof()).toMatchObject({ code: 0, proven: true, services: [{ waiting: '0', missing: '0' }] });
	}, 180_000);

	it('are withdrawn once when the answer is lost, and once more under another id when the exchange ends it', async () => {
		const { settings, api } = binance();
		let applied = 0;
		api.fault = ({ path }) => {
			if (!path.endsWith('/withdraw/apply')) return undefined;
			applied += 1;
			return applied === 1 ? { status: 200, body: 'lost' } : undefined;
		};
		settings.outcome = ({ id }) => (id === binance().withdrawals()[0]?.id ? 'rejected' : 'completed');
		await start(['binance']);
		const id = await shown('ended', '100', 30);
		await untilSettled(product, id, 2 * WITHIN_MS);
		const [first, second, ...others] = binance().withdrawals();
		expect([first?.status, second?.status, others]).toEqual([3, 6, []]);
		expect(first?.orderId).not.toBe(second?.orderId);
		await expectAllAccountedFor();
	}, 240_000);
});
