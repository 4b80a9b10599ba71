/** The end of a run: troubles end, and only what the scheduler and the queue bring is done, until nothing is left to do. */
import { lookAtTransfers } from '../../src/steps/upkeep/look-at-chain.ts';
import { advance, sayAboutRoute } from './events.ts';
import { goRound, work } from './scheduler.ts';
import { mineAll, type Stage, tell } from './stage.ts';

const MAX_ROUNDS = 80;
/** What one round evaluates the next one plans: after two without anything under way there is nothing to come. */
const CALM_ROUNDS = 2;
/** The reconciler looks every two seconds; here every round. */
const ROUND_MS = 2_000;
/** A job is added again by the reconciler ten seconds after it should have been done. */
const LATER_MS = 12_000;

/** Throws when an invariant is broken, or there is no rest within the bound. */
export async function comeToRest(stage: Stage): Promise<void> {
	const { outside, clock, judge, memory } = stage;
	tell(stage, 'troubles end');
	for (const { route, word } of memory.routeBreakers) if (word !== 'auto') await sayAboutRoute(stage, route, 'auto');
	outside.silence = 0;
	outside.deposits.paused.clear();
	for (const chain of outside.chains.values()) Object.assign(chain, { trouble: 'none', floor: 1n, deaf: 0 });
	for (let round = 0, calm = 0; round < MAX_ROUNDS; round += 1) {
		mineAll(stage);
		for (const deposit of outside.deposits.settled()) if (deposit.state !== 'attested') advance(stage, [deposit]);
		passTime(stage);
		await goRound(stage, { polls: round % 3 === 0 });
		await work(stage, {});
		calm = isCalm(stage) ? calm + 1 : 0;
		if (calm < CALM_ROUNDS) continue;
		clock.nowMs += LATER_MS;
		await stage.app.syncBalances();
		await bookAll(stage);
		return judge.checkAtRest();
	}
	judge.checkAtRest();
	throw new Error(`rest: there is none after ${MAX_ROUNDS} rounds`);
}

/** Until what is there now counts as settled, and the books have it. */
async function bookAll(stage: Stage): Promise<void> {
	for (let blocks = 0n; blocks <= stage.outside.finality; blocks += 1n) {
		for (const venue of stage.outside.chains.keys()) await lookAtTransfers(stage.app, venue, async () => true);
		mineAll(stage);
	}
}

/** To the next job that is due, or to the next look of the reconciler at what no job serves. */
function passTime({ queue, clock }: Stage): void {
	const due = queue.nextDueMs();
	const next = Math.min(due ?? Number.POSITIVE_INFINITY, clock.nowMs + LATER_MS);
	clock.nowMs = Math.max(clock.nowMs + ROUND_MS, next);
}

/** No earmark is active, nothing is under way, and no allowance is left to be taken back. Open demands are looked at for ever. */
function isCalm({ memory, outside }: Stage): boolean {
	const isOpen = (status: string) => ['intended', 'reserved', 'signed', 'tracking'].includes(status);
	return (
		memory.earmarks.every(({ status }) => status === 'settled' || status === 'cancelled') &&
		memory.effects.every(({ status }) => !isOpen(status)) &&
		outside.deposits.pending().length === 0
	);
}
