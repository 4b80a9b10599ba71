/** Plays commands on the product and its simulated outside, tells the story in words, and lets a judge look after every event. */
import { errorText } from '../../src/errors.ts';
import { type Command, type Opening, openingOf } from './commands.ts';
import { cancel, happenOutside, turnRoute } from './events.ts';
import { createJudge } from './invariants.ts';
import { namesOf } from './jobs.ts';
import { beginStatement, during, look } from './moment.ts';
import { Outside, VENUES } from './outside.ts';
import { createProduct } from './product.ts';
import { SimulatedQueue } from './queue.ts';
import { comeToRest } from './rest.ts';
import { goRound, runSteps, work } from './scheduler.ts';
import { judgeNow, mineAll, type Stage, tell, wordsOf } from './stage.ts';
import { type MemoryOptions, type Rows, rowsInMemory } from './store/memory.ts';

/** What one run was made of, and the log of its events: the same text for the same opening. */
export interface Played {
	readonly story: readonly string[];
	readonly invoices: number;
	readonly legs: number;
	readonly faults: number;
	/** Legs that have tried a route. */
	readonly trials: number;
}

/** Thrown when an invariant is broken, or the run does not come to rest; with the story up to there. */
export class Broken extends Error {
	readonly kind: 'violation' | 'stuck';
	/** What is wrong. */
	readonly finding: string;
	readonly story: readonly string[];

	constructor(cause: unknown, story: readonly string[]) {
		const text = errorText(cause);
		super(`${text}\n${story.map((line) => `  ${line}`).join('\n')}`, { cause });
		this.kind = text.includes('rest: ') ? 'stuck' : 'violation';
		this.finding = text;
		this.story = story;
	}
}

/** Every run begins on the same day. */
const BEGINNING_MS = 1_790_000_000_000;
/** What happens in the middle of a job may itself be interrupted, so deep. */
const DEPTH = 2;

/** The run of a seed. Throws `Broken`. */
export const playSeed = (seed: number): Promise<Played> => play(openingOf(seed));

/** Plays on after the last command until nothing is left to do. Throws `Broken`. */
export async function play(
	{ vias, commands, ...beginning }: Opening,
	rowsOf: (options: MemoryOptions) => Rows = rowsInMemory,
): Promise<Played> {
	const outside = new Outside(beginning);
	const clock = { nowMs: BEGINNING_MS };
	const nowMs = () => clock.nowMs;
	const { memory, db } = rowsOf({ nowMs, onStatement: beginStatement });
	const app = createProduct(outside, { memory, db, clock, vias });
	const judge = createJudge(memory, outside);
	const names = namesOf(memory, outside);
	const stage: Stage = { ...{ app, memory, outside, clock, judge, names }, queue: new SimulatedQueue(nowMs), story: [], faults: 0 };
	tell(stage, `the wallet has ${VENUES.map((venue, index) => `${beginning.balances[index]} at ${venue}`).join(', ')}`);
	tell(stage, `claiming keeps ${beginning.fees.claiming}; in a row are allowed ${vias.map((via) => via.join('+')).join(', ')}`);
	for (const { name, amounts } of outside.invoices) tell(stage, `invoice ${name} asks for ${wordsOf(amounts)}`);
	try {
		await goRound(stage, { polls: true });
		await work(stage, { kinds: ['invoice-evaluation'] });
		await happenAll(stage, [...commands]);
		await comeToRest(stage);
	} catch (error) {
		throw new Broken(error, stage.story);
	}
	const trials = memory.routeEvents.filter(({ event }) => event === 'tried').length;
	return { story: stage.story, invoices: outside.invoices.length, legs: memory.legs.length, faults: stage.faults, trials };
}

/** Commands in their order; one that is interrupted takes those that follow into its middle. */
async function happenAll(stage: Stage, rest: Command[]): Promise<void> {
	const next = async (depth: number): Promise<void> => {
		const command = rest.shift();
		if (command === undefined) return;
		await happen(stage, command, async () => {
			if (depth === DEPTH || rest.length === 0 || !('interruptedBy' in command)) return;
			tell(stage, '… and in the middle of it:');
			stage.faults += 1;
			for (let count = 0; count < command.interruptedBy; count += 1) await next(depth + 1);
			tell(stage, '… it goes on');
		});
		await judgeNow(stage);
	};
	while (rest.length > 0) await next(0);
}

async function happen(stage: Stage, command: Command, meanwhile: () => Promise<void>): Promise<void> {
	const disturbed = async (act: () => Promise<void>) => {
		if (!('diesAt' in command)) return act();
		if (await during({ ...command, meanwhile }, act)) stage.faults += 1;
	};
	switch (command.kind) {
		case 'work':
			return disturbed(() => work(stage, command));
		case 'step':
			return disturbed(() => runSteps(stage, command));
		case 'wave':
			mineAll(stage);
			return disturbed(() => work(stage, {}));
		case 'time':
			stage.clock.nowMs += command.seconds * 1_000;
			tell(stage, `${command.seconds} s pass`);
			return goRound(stage, {});
		case 'cancel':
			return cancel(stage, command.pick);
		case 'route':
			return turnRoute(stage, command);
		case 'poll':
			return goRound(stage, { polls: true });
		case 'balances':
			tell(stage, 'balances are read');
			await stage.app.syncBalances();
			return look();
		default:
			happenOutside(stage, command);
	}
}
