/** How work is done in a run: the scheduler's loops, the queue and its workers, and steps that nobody has asked for. */
import { bridgeExecution } from '../../queues/bridge-execution.ts';
import { type QueueEntry, queueCatalog } from '../../queues/catalog.ts';
import type { App } from '../../src/app.ts';
import { errorText } from '../../src/errors.ts';
import { processInvoices } from '../../src/on-demand.ts';
import type { Outcome } from '../../src/outcome.ts';
import { syncInventory } from '../../src/steps/upkeep/balances.ts';
import { reconcile } from '../../src/steps/upkeep/reconcile.ts';
import { sweepLanes } from '../../src/steps/upkeep/sweep-lanes.ts';
import { relayOutbox } from '../../src/store/outbox.ts';
import { TRIGGERS } from '../../src/trigger/registry.ts';
import { attempt } from '../../workers/attempt.ts';
import { handlerOf } from '../../workers/handlers.ts';
import { liveJobs } from '../../workers/live-jobs.ts';
import { sendWakeups } from '../../workers/relay.ts';
import type { Command } from './commands.ts';
import { possibleSteps, type Step } from './jobs.ts';
import { Death, isDead } from './moment.ts';
import type { SimulatedJob } from './queue.ts';
import { judgeNow, mineAll, type Stage, tell } from './stage.ts';

const RELAY_BATCH = 1_000;
/** A step that waits is run again so often, with blocks in between: enough for three reverts, or for ten refusals. */
const PATIENCE = 20;
/** Steps that move funds are picked more often than those that look and plan. */
const OFTEN: Readonly<Record<Step['kind'], number>> = { evaluate: 1, plan: 2, send: 4, prove: 4, claim: 4, settle: 3 };

/** Each of the scheduler's loops once: the reconciler, the lanes' sweep, the poll when asked for, and last the relay. */
export async function goRound(stage: Stage, { polls = false }: { readonly polls?: boolean }): Promise<void> {
	const { app, queue } = stage;
	if (polls) await told(stage, 'poll', () => processInvoices(app));
	await told(stage, 'sweep', () => sweepLanes(app));
	await told(stage, 'inventory', () => syncInventory(app));
	await told(stage, 'reconcile', async () => {
		await reconcile(app, liveJobs(queue.producer));
		return { kind: 'done' };
	});
	await relay(stage);
}

/** Wake-ups become jobs. */
async function relay({ app, queue }: Stage): Promise<void> {
	if (isDead()) return;
	const claims = (bridge: string) => app.bridges.get(bridge)?.claims === true;
	await relayOutbox(app.db, RELAY_BATCH, (rows, tx) => sendWakeups({ tx, producer: queue.producer, claims }, rows)).catch(
		(error: unknown) => {
			if (!(error instanceof Death)) throw error;
		},
	);
}

interface Work {
	/** One job, by number; every one that is ready, when left out. */
	readonly pick?: number;
	/** Two workers get the same job. */
	readonly twice?: boolean;
	/** Only jobs of these stages. */
	readonly kinds?: readonly QueueEntry['stage'][];
}

/** Workers take jobs that are ready, and what they wake is ready next time. */
export async function work(stage: Stage, { pick, twice = false, kinds }: Work): Promise<void> {
	await relay(stage);
	const ready = stage.queue.ready().filter((job) => kinds === undefined || kinds.includes(entryOf(stage, job).stage));
	const chosen = pick === undefined ? ready : ready.slice(pick % Math.max(ready.length, 1)).slice(0, 1);
	for (const job of chosen) {
		if (isDead()) return;
		if (twice) {
			stage.faults += 1;
			await Promise.all([serve(stage, job), serve(stage, job)]);
		} else await serve(stage, job);
		await judgeNow(stage);
	}
}

async function serve(stage: Stage, job: SimulatedJob): Promise<void> {
	const { app, queue, clock } = stage;
	const { queue: name, id, data } = job.request;
	queue.take(job);
	const handler = handlerOf(app, entryOf(stage, job));
	const words = wordsFor(stage, job);
	tell(stage, words);
	const ids = { queue: name, job: id, ageMs: clock.nowMs - job.addedMs, log: app.log };
	const outcome = await attempt(ids, () => handler(data, job.request.name));
	if (isDead()) return tell(stage, `  ${words}: the process has died`);
	tell(stage, `  ${words}: ${saying(outcome)}`);
	stage.judge.refuse(outcome);
	queue.end(job, outcome);
	await relay(stage);
}

const catalogs = new WeakMap<App['config'], ReadonlyMap<string, QueueEntry>>();

function entryOf({ app }: Stage, { request }: SimulatedJob): QueueEntry {
	const known = catalogs.get(app.config) ?? new Map(queueCatalog(app.config, TRIGGERS).map((entry) => [entry.name, entry]));
	catalogs.set(app.config, known);
	const entry = known.get(request.queue);
	if (entry === undefined) throw new Error(`nobody serves the queue ${request.queue}`);
	return entry;
}

/** What a job is about, in names that do not hang on ids. */
function wordsFor({ names }: Stage, { request: { name, data } }: SimulatedJob): string {
	const id = (key: string) => String(data[key]);
	if ('demandId' in data) return `evaluate ${names.invoice(id('demandId'))}`;
	if ('earmarkId' in data) return `settle ${names.earmark(id('earmarkId'))}`;
	if (!('legId' in data)) return name;
	const what = name === bridgeExecution.name ? id('step') : 'prove';
	return `${what} ${names.leg(id('legId'), Number(data.hop))}`;
}

/** Runs any step, once or until it has nothing to wait for. */
export async function runSteps(stage: Stage, { pick, toItsEnd }: Extract<Command, { kind: 'step' }>): Promise<void> {
	const step = pickStep(possibleSteps(stage.app, stage), pick);
	for (let count = 0; count < (toItsEnd ? PATIENCE : 1); count += 1) {
		const outcome = await told(stage, step.words, step.run);
		// At once: what a planning has committed is judged before anything else changes it.
		if (step.kind === 'plan') await judgeNow(stage);
		if (outcome?.kind !== 'snooze') return;
		if (toItsEnd) mineAll(stage);
	}
}

function pickStep(possible: readonly Step[], pick: number | string): Step {
	const steps = possible.flatMap((each) => Array<Step>(OFTEN[each.kind]).fill(each));
	const step = typeof pick === 'number' ? steps[pick % steps.length] : steps.find(({ words }) => words === pick);
	if (step === undefined) throw new Error(`"${pick}" is not possible, only: ${possible.map(({ words }) => words).join(', ')}`);
	return step;
}

/** What was not answered, or lost a race, or died, is tried again some other time. */
async function told(stage: Stage, words: string, run: () => Promise<Outcome>): Promise<Outcome | null> {
	tell(stage, words);
	const outcome = await attempt({ queue: words, job: undefined, ageMs: 0, log: stage.app.log }, run);
	if (isDead()) {
		tell(stage, `  ${words}: the process has died`);
		return null;
	}
	tell(stage, `  ${words}: ${saying(outcome)}`);
	stage.judge.refuse(outcome);
	return outcome;
}

function saying(outcome: Outcome): string {
	switch (outcome.kind) {
		case 'done':
			return outcome.note ?? 'done';
		case 'retry':
			return errorText(outcome.error);
		default:
			return JSON.stringify(outcome);
	}
}
