/** Plays one scenario and judges it: what it promises, what the chains say, what the books say. */
import { checkBooks } from '../../sandbox/oracle/books.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { balancesSince } from '../../sandbox/oracle/openings.ts';
import type { World } from '../../sandbox/world.ts';
import { type Servers, until } from '../product.ts';
import type { Scenario } from './scenario.ts';
import { createStage, type Stage } from './stage.ts';

export interface Result {
	readonly name: string;
	readonly problems: readonly string[];
	readonly duplicateEffects: number;
	readonly conserved: boolean;
	readonly seconds: number;
}

const ENDED_WITHIN_MS = 30_000;
/** A hub that is short of funds where it owes pays when somebody brings them; nobody does here. */
const HUB_PAYS_WITHIN_MS = 8_000;

/** Never throws: whatever goes wrong is a problem of the result. `hear` gets the story in order. */
export async function play(
	scenario: Scenario,
	place: { world: World; servers: Servers },
	hear: (sentence: string) => void,
): Promise<Result> {
	const startedMs = Date.now();
	const problems: string[] = [];
	const stage = createStage(place.world, place.servers, hear);
	let judged = { duplicateEffects: 0, conserved: false };
	try {
		await place.world.reset();
		await scenario.run(stage);
		await untilEnded(stage);
	} catch (error) {
		problems.push(error instanceof Error ? error.message : String(error));
	}
	try {
		const verdict = await judge(stage.before, place.world.wallet, { book: place.world.everclear.book() });
		problems.push(...verdict.problems, ...(await booksOf(stage)));
		judged = { duplicateEffects: verdict.duplicateEffects, conserved: verdict.conserved };
	} catch (error) {
		problems.push(`could not be judged: ${error instanceof Error ? error.message : String(error)}`);
	}
	await stage.close();
	if (judged.duplicateEffects > 0) problems.push(`${judged.duplicateEffects} effects happened twice`);
	return { name: scenario.name, problems, ...judged, seconds: (Date.now() - startedMs) / 1_000 };
}

/**
 * Every earmark ends, whatever happened to it: that is part of every promise. What the hub owes it pays as far as it can; then it stands still,
 * so that the books have every payment that the chains have.
 */
async function untilEnded({ product, world }: Stage): Promise<void> {
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

async function isQuiet({ app, sql }: Stage['product']): Promise<true | null> {
	await app.syncBalances();
	const [open] = await sql<{ earmarks: number; effects: number; leaving: number; hopeful: number }[]>`
		select (select count(*)::int from earmarks where status not in ('settled', 'cancelled')) as earmarks,
			(select count(*)::int from effects where status in ('reserved', 'signed', 'tracking')) as effects,
			(select count(*)::int from holds where state = 'pending_out') as leaving,
			(select count(*)::int from demands where status = 'open' and (evaluated_at is null or evaluated_at < interval '1 second' + greatest(
				(select max(updated_at) from earmarks), (select max(updated_at) from receivables)))) as hopeful`;
	return open?.earmarks === 0 && open.effects === 0 && open.leaving === 0 && open.hopeful === 0 ? true : null;
}

async function booksOf({ product, world, before }: Stage): Promise<string[]> {
	return checkBooks(product.sql, await balancesSince(world, before));
}
