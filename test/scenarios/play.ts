/** Plays one scenario and judges it: what it promises, what the chains say, what the books say. */
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { accountsSince } from '../../sandbox/oracle/openings.ts';
import { checkSent } from '../../sandbox/oracle/sent.ts';
import type { World } from '../../sandbox/world.ts';
import { untilAtRest } from '../at-rest.ts';
import type { Servers } from '../product.ts';
import type { Scenario } from './scenario.ts';
import { createStage, type Stage } from './stage.ts';

export interface Result {
	readonly name: string;
	readonly problems: readonly string[];
	readonly duplicateEffects: number;
	readonly conserved: boolean;
	readonly seconds: number;
}

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
		await untilAtRest(stage.product, stage.world);
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

async function booksOf({ product, world, before }: Stage): Promise<string[]> {
	const books = await checkSettledBooks(product.sql, { world, before });
	return [...books, ...(await checkSent(product.sql, accountsSince(world, before), world.wallet))];
}
