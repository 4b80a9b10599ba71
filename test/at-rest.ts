/** When the books can be judged: nothing is under way, and what the hub has paid is in them. */
import type { World } from '../sandbox/world.ts';
import { type Product, until } from './product.ts';

const ENDED_WITHIN_MS = 30_000;
/** A hub that is short of funds where it owes pays when somebody brings them; nobody does here. */
const HUB_PAYS_WITHIN_MS = 8_000;

/**
 * Every earmark ends, whatever happened to it: that is part of every promise. What the hub owes it pays as far as it can; then it stands still,
 * so that the books have every payment that the chains have.
 */
export async function untilAtRest(product: Product, world: World): Promise<void> {
	const quiet = () => until('every earmark has ended, and nothing is on its way out', () => isQuiet(product), ENDED_WITHIN_MS);
	const owed = async () =>
		(await product.sql<{ intent: string }[]>`select intent_id as intent from receivables where status = 'pending'`).map(
			(row) => row.intent,
		);
	await quiet();
	await until('the hub has paid', async () => ((await owed()).length === 0 ? true : null), HUB_PAYS_WITHIN_MS).catch(() => {});
	await world.everclear.poller.pause();
	const paid = new Set<string>(world.everclear.payouts().map((each) => each.intentId));
	const isBooked = async () => ((await owed()).some((intent) => paid.has(intent)) ? null : true);
	await until('what the hub has paid is in the books', isBooked, ENDED_WITHIN_MS);
	// What came in may have begun something new; once everybody who waits was refused again, nothing will.
	await quiet();
}

async function isQuiet({ app, sql }: Product): Promise<true | null> {
	await app.syncBalances();
	const [open] = await sql<{ earmarks: number; effects: number; leaving: number; hopeful: number }[]>`
		select (select count(*)::int from earmarks where status not in ('settled', 'cancelled')) as earmarks,
			(select count(*)::int from effects where status in ('reserved', 'signed', 'tracking', 'requested')) as effects,
			(select count(*)::int from holds where state = 'pending_out') as leaving,
			(select count(*)::int from demands where status = 'open' and (evaluated_at is null or evaluated_at < interval '1 second' + greatest(
				(select max(updated_at) from earmarks), (select max(updated_at) from receivables where status = 'settled')))) as hopeful`;
	return open?.earmarks === 0 && open.effects === 0 && open.leaving === 0 && open.hopeful === 0 ? true : null;
}
