import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refund } from '../../sandbox/across/root-bundle.ts';
import { INVOICE_OWNERS } from '../../sandbox/chains/accounts.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { judge, type OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { buy, deposit, depositStatus, intentStatus, type SentDeposit } from './requests.ts';

let world: World;
let before: OracleChain[];
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
	for (const venue of ['1', '10', '56']) await world.fund(venue, '1000');
	before = await openings(world);
});

const LIVES_SECONDS = 60;
const TOKEN = 1_000_000n;
const FROM_1_TO_10 = ['1', '10'] as const;

const verdict = (options: Parameters<typeof judge>[2] = {}) => judge(before, world.wallet, options);
const until = (status: string, sent: SentDeposit) =>
	eventually(`deposit ${sent.depositId} is ${status}`, async () => (await depositStatus(world, sent)).body.status === status);

/** The relayer's view of a deposit. */
function seen({ origin, depositId }: SentDeposit) {
	const found = world.across.relayer.deposits.get(`${origin}-${depositId}`);
	if (found === undefined) throw new Error(`deposit ${depositId} was not seen`);
	return found;
}

async function expired(...amounts: bigint[]): Promise<SentDeposit[]> {
	world.across.fillWithinSeconds = LIVES_SECONDS;
	world.across.relayer.ignore = () => true;
	world.across.relayer.refunds = false;
	const sent: SentDeposit[] = [];
	for (const units of amounts) sent.push(await deposit(world, FROM_1_TO_10, units));
	await world.passTime(LIVES_SECONDS + 1);
	for (const each of sent) await until('expired', each);
	return sent;
}

describe('the oracle of the chains', () => {
	it('explains a deposit that was filled, and one that is on its way', async () => {
		const sent = await deposit(world, FROM_1_TO_10, 50n * TOKEN);
		await until('filled', sent);
		world.across.relayer.ignore = () => true;
		await deposit(world, FROM_1_TO_10, 20n * TOKEN);
		expect(await verdict()).toMatchObject({ problems: [], conserved: true, deposits: 2, refunds: 0 });
	});

	it('explains refunds of expired deposits, one by one and several in one', async () => {
		const [first, second, third] = await expired(50n * TOKEN, 30n * TOKEN, 20n * TOKEN);
		if (first === undefined || second === undefined || third === undefined) throw new Error('three deposits expected');
		await refund(world.chain('1'), [seen(second)]);
		expect(await verdict()).toMatchObject({ problems: [], deposits: 3, refunds: 1 });
		await refund(world.chain('1'), [seen(first), seen(third)]);
		expect(await verdict()).toMatchObject({ problems: [], conserved: true, deposits: 3, refunds: 2 });
	});

	it('sees a deposit that is filled and refunded', async () => {
		await expired(80n * TOKEN);
		world.across.relayer.ignore = () => false;
		const filled = await deposit(world, FROM_1_TO_10, 50n * TOKEN);
		await until('filled', filled);
		await world.passTime(LIVES_SECONDS + 1);
		await refund(world.chain('1'), [seen(filled)]);
		expect((await verdict()).problems).toEqual(['1: refunds of 50000000 are no sums of expired deposits (80000000)']);
	});

	it('sees a deposit that is refunded twice, and one refunded while it could still be filled', async () => {
		const [once] = await expired(50n * TOKEN, 70n * TOKEN);
		if (once === undefined) throw new Error('no deposit');
		for (const _ of [1, 2]) await refund(world.chain('1'), [seen(once)]);
		expect((await verdict()).problems).toEqual([expect.stringContaining('refunds of 50000000, 50000000 are no sums')]);
		await world.reset();
		await world.fund('1', '1000');
		before = await openings(world);
		world.across.relayer.ignore = () => true;
		const young = await deposit(world, FROM_1_TO_10, 50n * TOKEN);
		await until('pending', young);
		await refund(world.chain('1'), [seen(young)]);
		expect((await verdict()).problems).toEqual([expect.stringContaining('refunds of 50000000 are no sums')]);
	});

	it('explains a slow fill that brought less, by what its event says', async () => {
		world.across.relayer.deliverLess = () => 500;
		const sent = await deposit(world, FROM_1_TO_10, 50n * TOKEN);
		await until('filled', sent);
		expect(await verdict()).toMatchObject({ problems: [], deposits: 1 });
		expect((await world.balanceOf('10', world.wallet)) - 1_000n * TOKEN).toBe((sent.output * 95n) / 100n);
	});

	it('sees what no event explains', async () => {
		await world.fund('10', '5');
		expect((await verdict()).problems).toEqual([expect.stringMatching(/^10: 5000000 base units of USDC moved in 0x\w+ without an event/)]);
	});

	it("takes less than was paid only for a purchase that came second, and only as much as the hub's book says", async () => {
		const owner = INVOICE_OWNERS[0]?.address ?? world.wallet;
		const made = invoice({ label: 'second', owner, amount: '100', origin: '10', destinations: ['1'] });
		await world.everclear.addInvoice(made);
		await world.everclear.fillExternally(made.intent_id);
		await eventually('the rival was first', async () => world.everclear.hub.invoices.size === 0);
		const intent = await buy(world, { origin: '1', units: 99n * TOKEN, destinations: ['10', '56'] });
		await eventually('ours is an invoice', async () => (await intentStatus(world, intent)) === 'INVOICED');
		world.everclear.changeDiscount(intent, 20);
		await world.everclear.fillExternally(intent);
		await eventually('ours is settled', async () => (await intentStatus(world, intent)) === 'SETTLED');
		expect((await verdict()).problems).toEqual([`intent ${intent}: less came back than was paid`]);
		const book = world.everclear.book();
		expect(await verdict({ book })).toMatchObject({ problems: [], conserved: true, purchases: 1 });
		const other = book.map((each) => ({ ...each, amount: each.amount + 10n ** 12n }));
		expect((await verdict({ book: other })).problems).toEqual([expect.stringContaining('came second')]);
	});
});
