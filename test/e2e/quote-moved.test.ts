import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import { type Product, startProduct, untilSettled } from '../product.ts';
import { testServers } from '../stack.ts';

let world: World;
let product: Product | null = null;
let before: OracleChain[];

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '500', 56: '500' } });
	before = await openings(world);
});
afterEach(() => product?.stop());
afterAll(() => world.stop());

interface Planned {
	readonly msg: string;
	readonly plan?: { readonly legs: readonly { readonly origin: string }[] };
}

describe('the fee jumps when a plan has committed, and nothing has left yet', () => {
	it('the invoice is paid by another plan, over the other origin, and nothing is sent twice', async () => {
		const origins: string[] = [];
		const onLog = (line: string) => {
			const { msg, plan } = JSON.parse(line) as Planned;
			const [leg] = plan?.legs ?? [];
			if ((msg !== 'earmarked' && msg !== 'topped up') || leg === undefined) return;
			origins.push(leg.origin);
			if (origins.length === 1) world.across.setFee(leg.origin, '10', { gas: '7' });
		};
		const change = (config: ReturnType<World['config']>) => ({
			...world.config({ bridges: ['across'] }),
			everclear: config.everclear,
		});
		product = await startProduct(world, testServers, { change, onLog });
		const owner = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
		const shown = invoice({ label: 'dearer', owner, amount: '100', origin: '1', destinations: ['10'] });
		await world.everclear.addInvoice(shown);
		await untilSettled(product, shown.intent_id);

		const [first, second] = origins;
		expect([...origins].sort()).toEqual(['1', '56']);
		const legs = await product.sql`select origin, status, reason from rebalance_operations order by created_at`;
		expect(legs).toEqual([
			{
				origin: first,
				status: 'cancelled',
				reason: expect.stringMatching(/^QUOTE_MOVED: of \d+ sent \d+ would arrive now, and \d+ was planned$/),
			},
			{ origin: second, status: 'delivered', reason: null },
		]);
		expect(await product.sql`select distinct venue from effects where owner_kind = 'leg' and nonce is not null`).toEqual([
			{ venue: second },
		]);
		expect([...world.across.relayer.deposits.values()].map(({ origin }) => origin.id)).toEqual([second]);
		await untilAtRest(product, world);
		expect(await judge(before, world.wallet)).toMatchObject({ problems: [], purchases: 1, duplicateEffects: 0 });
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
	}, 90_000);
});
