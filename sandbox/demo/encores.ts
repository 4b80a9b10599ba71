/**
 * After the first invoices: a large one that pays for nothing but patience beside one that is urgent, one that changes while funds are on
 * their way to it, one whose funds come back and are sent another way, and one that is paid from another asset because no bridge answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { broken, times, tooMany, when } from '../http/misbehave.ts';
import { type Invoice, invoice } from '../invoices/invoice.ts';
import { HUB_DECIMALS, unitsOf } from '../scale.ts';
import type { World } from '../world.ts';

const DESTINATION = '10';
/** Where the wallet has some USDT. */
export const SWAPS_ON = DESTINATION;
const NO_FEES = when('GET', /\/fees\//, broken());
const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const DISCOUNT_BPS = 30;
/** More than one message of CCTP takes, at a discount that no relayer works for. */
const PATIENT_AMOUNT = 32_000;
const PATIENT_BPS = 1;
const LOOK_EVERY_MS = 50;
const GIVE_UP_MS = 30_000;
/** The shortest that the product accepts is a minute. */
const DEPOSIT_LIVES_SECONDS = 90;
const LONG_AFTER_SECONDS = 200;

interface Encore {
	readonly world: World;
	readonly sql: postgres.Sql;
	readonly write: (text: string) => void;
	/** Lists it, and notes when. */
	readonly show: (made: Invoice) => Promise<void>;
}

/** What a large invoice offers is less than what any fast bridge would cost for it, and more than a withdrawal does. */
export async function playPatience({ world, sql, write, show }: Encore): Promise<void> {
	const patient = invoiceOf('demo: a patient invoice', await moreThanIsThere(world, PATIENT_AMOUNT), PATIENT_BPS);
	const urgent = invoiceOf('demo: an urgent invoice', await moreThanIsThere(world, 2_000));
	write('encore: a large invoice appears that pays little, and one that pays for speed');
	await show(patient);
	await show(urgent);
	for (const { intent_id } of [patient, urgent]) await untilInFlight(sql, intent_id);
}

/** The hub asks for more while the first leg is in flight. */
export async function playChangingInvoice({ world, sql, write, show }: Encore): Promise<void> {
	// Over Across alone, so that nothing arrives before the change.
	world.cctp.fault = NO_FEES;
	world.across.relayer.ignore = () => true;
	const amount = await moreThanIsThere(world, 3_000);
	const made = invoiceOf('demo: a changing invoice', amount);
	world.everclear.fault = times(2, when('GET', /min-amounts$/, tooMany(1)));
	write(`encore: an invoice of ${amount} USDC appears, no relayer is quick, and the hub's API has too many requests for a moment`);
	await show(made);
	await untilInFlight(sql, made.intent_id);
	write(`the hub asks for ${amount + 700} instead`);
	await world.everclear.changeAmount(made.intent_id, unitsOf(`${amount + 700}`, HUB_DECIMALS));
	await until('a top-up', async () => (await legsOf(sql, made.intent_id)).length > 1);
	world.across.relayer.ignore = () => false;
	world.cctp.fault = () => undefined;
}

/** Nobody fills the leg before its deadline, so the bridge gives it back. */
export async function playRefundedLeg({ world, sql, write, show }: Encore): Promise<void> {
	const { relayer } = world.across;
	world.cctp.fault = NO_FEES;
	world.across.fillWithinSeconds = DEPOSIT_LIVES_SECONDS;
	relayer.ignore = () => true;
	const made = invoiceOf('demo: a refunded leg', await moreThanIsThere(world, 500));
	write('encore: an invoice appears whose first leg no relayer will fill');
	await show(made);
	await untilInFlight(sql, made.intent_id);
	await world.chain(DESTINATION).client.increaseTime({ seconds: LONG_AFTER_SECONDS });
	write('its deposit expires');
	relayer.ignore = () => false;
	world.cctp.fault = () => undefined;
}

/** No bridge answers, so the other dollars at the destination are swapped. */
export async function playSwap({ world, sql, write, show }: Encore): Promise<void> {
	world.cctp.fault = NO_FEES;
	world.across.fault = when('GET', /suggested-fees$/, broken());
	if (world.binance !== null) world.binance.settings.maintenance = 'unavailable';
	const made = invoiceOf('demo: a swap', await moreThanIsThere(world, 900));
	write('encore: an invoice appears while no bridge answers; there is USDT on its destination');
	await show(made);
	await until('a swap', async () => (await legsOf(sql, made.intent_id)).length > 0);
	if (world.binance !== null) world.binance.settings.maintenance = null;
	world.cctp.fault = () => undefined;
	world.across.fault = () => undefined;
}

function invoiceOf(label: string, amount: number, discountBps = DISCOUNT_BPS): Invoice {
	return invoice({ label, owner: OWNER, amount: `${amount}`, origin: '1', destinations: [DESTINATION], discountBps });
}

/** Whole tokens, so many more than the wallet holds at the destination. */
async function moreThanIsThere(world: World, more: number): Promise<number> {
	const tokens = (await world.balanceOf(DESTINATION, world.wallet)) / unitsOf('1', world.chain(DESTINATION).decimals);
	return Number(tokens) + more;
}

function legsOf(sql: postgres.Sql, invoiceId: string) {
	return sql<{ status: string }[]>`
		select o.status from rebalance_operations o join earmarks e on e.id = o.earmark_id join demands d on d.id = e.demand_id
		where d.external_id = ${invoiceId}`;
}

async function untilInFlight(sql: postgres.Sql, invoiceId: string): Promise<void> {
	await until('legs in flight', async () => {
		const legs = await legsOf(sql, invoiceId);
		return legs.length > 0 && legs.every((leg) => leg.status === 'in_flight');
	});
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
	const deadline = Date.now() + GIVE_UP_MS;
	while (!(await look())) {
		if (Date.now() > deadline) throw new Error(`not within ${GIVE_UP_MS / 1_000} s: ${what}`);
		await sleep(LOOK_EVERY_MS);
	}
}
