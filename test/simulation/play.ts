/** Plays commands on the product and its simulated outside, tells the story in words, and lets a judge look after every event. */
import { sql } from 'drizzle-orm';
import type { App } from '../../src/app.ts';
import { errorText, TransientError } from '../../src/errors.ts';
import type { Outcome } from '../../src/outcome.ts';
import { reconcile } from '../../src/steps/reconcile.ts';
import { openStore } from '../../src/store/db.ts';
import type { Command, Opening } from './commands.ts';
import type { Deposit } from './deposits.ts';
import { createJudge } from './invariants.ts';
import { dueJobs, type Job, polling, wokenJobs } from './jobs.ts';
import { Death, during } from './moment.ts';
import { Outside, VENUES } from './outside.ts';
import { type Clock, createProduct } from './product.ts';

interface World {
	readonly app: App;
	readonly outside: Outside;
	readonly clock: Clock;
	readonly story: string[];
	readonly judge: ReturnType<typeof createJudge>;
}

const DAY_MS = 86_400_000;
/** A job that waits is run again so often, with blocks in between: enough for three reverts, or for ten refusals. */
const PATIENCE = 16;
/** What happens in the middle of a job may itself be interrupted, so deep. */
const DEPTH = 2;
const MAX_ROUNDS = 40;
/** What one round evaluates the next one plans: after two without anything under way there is nothing to come. */
const CALM_ROUNDS = 2;
/** Jobs that move funds are picked more often than those that look and plan. */
const OFTEN: Readonly<Partial<Record<Job['kind'], number>>> = { plan: 2, send: 4, prove: 4, claim: 4, settle: 3 };

const WAITS_FOR_BLOCKS: readonly Job['kind'][] = ['send', 'claim', 'settle'];

/** Plays on after the last command until nothing is left to do, and answers with the story. Throws with it when an invariant is broken. */
export async function play(databaseUrl: string, { vias, commands, ...beginning }: Opening): Promise<readonly string[]> {
	const store = openStore({ databaseUrl, pool: 8 });
	const outside = new Outside(beginning);
	const clock = { nowMs: Date.now() };
	const app = createProduct(outside, { db: store.db, clock, vias });
	const world: World = { app, outside, clock, story: [], judge: createJudge(store.db, outside) };
	tell(world, `the wallet has ${VENUES.map((venue, index) => `${beginning.balances[index]} at ${venue}`).join(', ')}`);
	tell(world, `claiming keeps ${beginning.fees.claiming}; in a row are allowed ${vias.map((via) => via.join('+')).join(', ')}`);
	for (const { name, amounts } of outside.invoices) tell(world, `invoice ${name} asks for ${wordsOf(amounts)}`);
	try {
		await run(world, polling(app), { once: true });
		for (const job of await dueJobs(app, outside)) if (job.kind === 'evaluate') await run(world, job, { once: true });
		await happenAll(world, [...commands]);
		await comeToRest(world);
		return world.story;
	} catch (error) {
		throw new Error(`${errorText(error)}\n${world.story.map((line) => `  ${line}`).join('\n')}`, { cause: error });
	} finally {
		await store.close();
	}
}

/** Commands in their order; one that is interrupted takes those that follow into its middle. */
async function happenAll(world: World, rest: Command[]): Promise<void> {
	const next = async (depth: number): Promise<void> => {
		const command = rest.shift();
		if (command === undefined) return;
		await happen(world, command, async () => {
			if (depth === DEPTH || rest.length === 0 || !('interruptedBy' in command)) return;
			tell(world, '… and in the middle of it:');
			for (let count = 0; count < command.interruptedBy; count += 1) await next(depth + 1);
			tell(world, '… it goes on');
		});
		await look(world);
	};
	while (rest.length > 0) await next(0);
}

async function happen(world: World, command: Command, meanwhile: () => Promise<void>): Promise<void> {
	const { app, outside, clock } = world;
	switch (command.kind) {
		case 'job': {
			const job = pickJob(await dueJobs(app, outside), command.pick);
			return during({ ...command, meanwhile }, () => run(world, job, { once: !command.toItsEnd }));
		}
		case 'wave': {
			mineAll(world);
			const jobs = await dueJobs(app, outside);
			return during({ ...command, meanwhile }, async () => {
				for (const job of jobs) await run(world, job, { once: true });
			});
		}
		case 'mine': {
			const venue = venueOf(command.pick);
			tell(world, `a block at ${venue}`);
			return outside.chainAt(venue).mine();
		}
		case 'arrive':
			return arrive(world, command);
		case 'expire':
			return expire(world, command.pick);
		case 'claims': {
			const venue = venueOf(command.pick);
			tell(world, `claims at ${venue} ${command.paused ? 'are paused' : 'go on'}`);
			if (command.paused) outside.deposits.paused.add(venue);
			else outside.deposits.paused.delete(venue);
			return;
		}
		case 'invoice':
			return changeInvoice(world, command);
		case 'trouble': {
			const venue = venueOf(command.pick);
			tell(world, `contracts at ${venue}: ${command.trouble}`);
			outside.chainAt(venue).trouble = command.trouble;
			return;
		}
		case 'gift':
			tell(world, `somebody pays us ${10 + command.pick} at ${venueOf(command.pick)}`);
			return outside.give(venueOf(command.pick), BigInt(10 + command.pick));
		case 'poll':
			return run(world, polling(app), { once: true });
		case 'balances':
			tell(world, 'balances are read');
			await app.syncBalances();
			return;
		case 'day':
			tell(world, 'a day passes');
			clock.nowMs += DAY_MS;
			return;
		case 'silence':
			tell(world, 'the hub does not answer the next question');
			outside.silence = 1;
			return;
	}
}

function mineAll({ outside }: World): void {
	for (const chain of outside.chains.values()) chain.mine();
}

function pickJob(due: readonly Job[], pick: number | string): Job {
	const jobs = due.flatMap((each) => Array<Job>(OFTEN[each.kind] ?? 1).fill(each));
	const job = typeof pick === 'number' ? jobs[pick % jobs.length] : jobs.find(({ words }) => words === pick);
	if (job === undefined) throw new Error(`"${pick}" is not due, only: ${due.map(({ words }) => words).join(', ')}`);
	return job;
}

function arrive(world: World, { pick, how }: Command & { kind: 'arrive' }): void {
	const { deposits } = world.outside;
	const waiting = deposits.pending();
	const deposit = waiting[pick % Math.max(waiting.length, 1)];
	if (deposit === undefined) return;
	if (how === 'back') {
		tell(world, `${wordsFor(deposit)} come back`);
		deposits.refund(deposit);
		return;
	}
	const together = how === 'together' ? waiting.filter((each) => each.destination === deposit.destination) : [deposit];
	advance(world, together, how === 'less' ? 7n : 0n);
}

/** What was sent over `claiming` is attested first; only then can it be claimed, by anybody. */
function advance(world: World, chosen: readonly Deposit[], less = 0n): void {
	const { deposits } = world.outside;
	const isAttested = ({ state }: Deposit) => state === 'attested';
	const travelling = chosen.filter((deposit) => !isAttested(deposit));
	for (const deposit of travelling) if (deposit.state === 'travelling') deposits.price(deposit, less);
	for (const deposit of travelling.filter(({ bridge }) => bridge === 'claiming')) {
		tell(world, `${wordsFor(deposit)} are attested${less === 0n ? '' : `, less ${less}`}`);
		deposits.attest(deposit);
	}
	const claimed = chosen.filter((deposit) => !travelling.includes(deposit) && !deposits.paused.has(deposit.destination));
	if (claimed.length > 0) tell(world, `somebody claims ${claimed.map(wordsFor).join(' and ')} for us`);
	const arriving = travelling.filter(({ bridge }) => bridge === 'model');
	if (arriving.length > 0) tell(world, `${arriving.map(wordsFor).join(' and ')} arrive${less === 0n ? '' : `, less ${less}`}`);
	deposits.fill([...arriving, ...claimed]);
}

function expire(world: World, pick: number): void {
	const attested = world.outside.deposits.pending().filter(({ state }) => state === 'attested');
	const deposit = attested[pick % Math.max(attested.length, 1)];
	if (deposit === undefined) return;
	tell(world, `the attestation of ${wordsFor(deposit)} expires`);
	deposit.state = 'expired';
}

const wordsFor = (deposit: Deposit) => `the ${deposit.amount} from ${deposit.origin} to ${deposit.destination}`;

function changeInvoice(world: World, { pick, change, by }: Command & { kind: 'invoice' }): void {
	const invoice = world.outside.invoices[pick % world.outside.invoices.length];
	if (invoice === undefined) return;
	const { amounts, asked } = invoice;
	const step = BigInt(change === 'rises' ? by : -by);
	if (change === 'rises' || change === 'falls')
		for (const [venue, units] of amounts) amounts.set(venue, units + step > 0n ? units + step : 1n);
	if (change === 'is filled by another') invoice.listed = false;
	if (change === 'is back') invoice.listed = true;
	if (change === 'closes a destination') amounts.delete([...amounts.keys()][pick % Math.max(amounts.size, 1)] ?? '');
	if (change === 'opens its destinations') for (const venue of ['10', '56']) amounts.set(venue, amounts.get(venue) ?? BigInt(40 + by));
	for (const [venue, units] of amounts) asked.add(`${venue} ${units}`);
	tell(world, `invoice ${invoice.name} ${change}: ${invoice.listed ? wordsOf(amounts) : 'not listed'}`);
}

/** Runs one job, once or until it has nothing to wait for. What was not answered, or lost a race, or died, is tried again some other time. */
async function run(world: World, job: Job, { once }: { once: boolean }): Promise<void> {
	const waitsForBlocks = WAITS_FOR_BLOCKS.includes(job.kind);
	for (let attempt = 0; attempt < (once || !waitsForBlocks ? 1 : PATIENCE); attempt += 1) {
		const outcome = await ran(world, job);
		// At once: what a planning has committed is judged before anything else changes it.
		if (job.kind === 'plan') await look(world);
		if (outcome?.kind !== 'snooze') return;
		if (!once) mineAll(world);
	}
}

async function ran(world: World, job: Job): Promise<Outcome | null> {
	tell(world, job.words);
	try {
		const outcome = await job.run();
		tell(world, `  ${job.words}: ${outcome.kind === 'done' ? (outcome.note ?? 'done') : JSON.stringify(outcome)}`);
		return outcome;
	} catch (error) {
		if (!(error instanceof TransientError) && !(error instanceof Death)) throw error;
		tell(world, `  ${job.words}: ${errorText(error)}`);
		return null;
	}
}

/** Troubles end, what travels arrives or is attested, and only what the reconciler and the outbox wake is run, until nothing is left to do. */
async function comeToRest(world: World): Promise<void> {
	const { app, outside } = world;
	tell(world, 'troubles end');
	outside.silence = 0;
	outside.deposits.paused.clear();
	for (const chain of outside.chains.values()) chain.trouble = 'none';
	for (let round = 0, calm = 0; round < MAX_ROUNDS; round += 1) {
		mineAll(world);
		for (const deposit of outside.deposits.pending()) if (deposit.state !== 'attested') advance(world, [deposit]);
		await run(world, polling(app), { once: true });
		await timePasses(app);
		await reconcile(app, async () => false);
		for (const job of await wokenJobs(app, outside)) await run(world, job, { once: false });
		await look(world);
		calm = (await isCalm(world)) ? calm + 1 : 0;
		if (calm < CALM_ROUNDS) continue;
		await app.syncBalances();
		return complain(await world.judge.atRest());
	}
	complain([...(await world.judge.atRest()), `rest: there is none after ${MAX_ROUNDS} rounds`]);
}

/** Everything is due now, and nobody has touched anything for a minute. */
async function timePasses({ db }: App): Promise<void> {
	for (const table of ['demands', 'earmarks', 'rebalance_operations'])
		await db.execute(sql`update ${sql.identifier(table)} set next_action_at = now() - interval '1 second'`);
	await db.execute(sql`update effects set updated_at = now() - interval '1 minute'`);
}

/** No earmark is active, nothing travels, and no allowance is left to be taken back. Open demands are looked at for ever. */
async function isCalm({ app, outside }: World): Promise<boolean> {
	const jobs = await dueJobs(app, outside);
	return jobs.every((job) => job.kind === 'plan' || job.kind === 'evaluate') && outside.deposits.pending().length === 0;
}

async function look(world: World): Promise<void> {
	complain(await world.judge.always());
}

function complain(breaches: readonly string[]): void {
	if (breaches.length > 0) throw new Error(breaches.join('\n'));
}

function tell(world: World, words: string): void {
	world.story.push(words);
}

const venueOf = (pick: number) => VENUES[pick % VENUES.length] ?? VENUES[0];

function wordsOf(amounts: ReadonlyMap<string, bigint>): string {
	return [...amounts].map(([venue, units]) => `${units} at ${venue}`).join(' or ') || 'nothing that we can pay';
}
