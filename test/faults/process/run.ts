/** One run: real processes on a database and queues of their own, a death and some faults, and then a judgement from outside. */
import { binanceEnvironment } from '../../../sandbox/binance/config.ts';
import { tell } from '../../../sandbox/demo/story.ts';
import { invoice } from '../../../sandbox/invoices/invoice.ts';
import { openings } from '../../../sandbox/oracle/openings.ts';
import { untilAtRest } from '../../at-rest.ts';
import { until } from '../../product.ts';
import { type Choice, type ChosenFault, tellChoice } from './choice.ts';
import { startCrew } from './crew.ts';
import { beginFault, calm, type Game } from './faults.ts';
import { type Judged, judgeRun } from './judgement.ts';
import { laterEntry } from './later-version.ts';
import { configOf, openProduct, type Place } from './site.ts';

export interface RunResult extends Judged {
	readonly choice: Choice;
	/** Why it did not come to rest; null when it did. */
	readonly stuck: string | null;
	/** How many processes have ended themselves at the crash point of the run. */
	readonly crashes: number;
	readonly legs: number;
	readonly faults: number;
	/** Lines of the logs of all processes. */
	readonly events: number;
	readonly story: readonly string[];
}

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const BALANCES = { 1: '900', 10: '20', 56: '300' };
const DESTINATION = '10';
/** Between two faults: some lines of the logs, or so much time without them. */
const QUIET_MS = 1_500;
/** How long the faults go on at most when the processes that are to die do not come to where they die, for each of their deaths. */
const FAULTS_LAST_MS = 8_000;
/** What leads to the crash point has to last until somebody has come there. */
const LEADING_LASTS_MS = 120_000;
/** What a fault is about may be at the end of an invoice's way. */
const MET_WITHIN_MS = 60_000;
/** Seconds on a machine that has time; one that has none is slow, and not stuck. */
const SERVED_WITHIN_MS = 180_000;

/** Throws only when the run could not be played at all; whatever the product does wrong is in the result. */
export async function playRun(place: Place, choice: Choice): Promise<RunResult> {
	const { world, stack } = place;
	const begunMs = Date.now();
	const story: string[] = [];
	const hear = (sentence: string) => void story.push(`${((Date.now() - begunMs) / 1_000).toFixed(1).padStart(6)}s  ${sentence}`);
	hear(tellChoice(choice));
	await world.reset();
	// An account whose history may be read a hundred times a minute; with ten, a run is nothing but waiting.
	if (world.binance !== null) world.binance.settings.uidPerMinute *= 10;
	for (const [venue, tokens] of Object.entries(BALANCES)) await world.fund(venue, tokens);
	const before = await openings(world);
	const config = configOf(world, choice);
	const product = await openProduct(place, config);
	const nameOf = (venue: string) => world.chains.get(venue)?.name ?? venue;
	const alerts: string[] = [];
	const crew = startCrew(choice, {
		...{
			config,
			signerKey: world.signerKey,
			exchangeKeys: binanceEnvironment(world.binance),
			settings: product.settings,
			laterEntry,
			hear,
		},
		onLine: (line) => {
			if (line.level === 'fatal') alerts.push(line.msg);
			const sentence = tell(line, nameOf) ?? (/^(warn|error|fatal)$/.test(line.level) ? `${line.msg} ${JSON.stringify(line)}` : null);
			if (sentence !== null) hear(`${line.process}: ${sentence}`.slice(0, 400));
		},
	});
	const { stage } = choice.cell;
	const paysAt = stage === 'earmark-settlement' ? DESTINATION : null;
	const game: Game = { ...{ world, stack, crew, sql: product.sql, paysAt, alerts, hear }, undo: [], met: [], foreign: [], complaints: [] };
	try {
		await suffer(game, choice);
		await calm(game);
		hear('faults stop');
		// A run may come to rest without having done what it should; then it can be judged all the same.
		const unpaid = await reasonOf(untilServed(game, choice.invoices.length));
		const restless = await reasonOf(untilAtRest(product, world));
		const stuck = unpaid ?? restless;
		if (stuck !== null) hear(`stuck: ${stuck}`);
		const judged = await judgeRun({ game, product, before }, restless === null);
		const [counted] = await product.sql<{ legs: number }[]>`select count(*)::int as legs from rebalance_operations`;
		const faults = choice.faults.length + (choice.leading === null ? 0 : 1) + crew.crashes;
		return { choice, ...judged, stuck, crashes: crew.crashes, legs: counted?.legs ?? 0, faults, events: crew.lines, story };
	} finally {
		await calm(game);
		await crew.stop();
		await product.stop();
	}
}

/** Why it has failed; null when it has not. */
async function reasonOf(waiting: Promise<unknown>): Promise<string | null> {
	try {
		await waiting;
		return null;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** Shows the invoices and lets the faults begin, each in its time. */
async function suffer(game: Game, { invoices, leading, faults, cell, seed }: Choice): Promise<void> {
	const { world, crew } = game;
	const list = async (amounts: readonly number[], from: number) => {
		for (const [index, amount] of amounts.entries()) {
			const terms = { owner: OWNER, amount: `${amount}`, origin: '56', destinations: [DESTINATION], discountBps: 200 } as const;
			await world.everclear.addInvoice(invoice({ label: `fault ${seed} ${from + index}`, ...terms }));
		}
	};
	const begin = async ({ name, dice }: ChosenFault) => {
		game.hear(`> ${name}`);
		await beginFault(game, name, dice);
	};
	if (leading !== null) await begin(leading);
	await crew.ready();
	game.hear('every process serves');
	// Who is to die twice must have something to do that was not done when it died first.
	const atOnce = cell.deaths === 1 ? invoices : invoices.slice(0, 1);
	await list(atOnce, 0);
	for (const each of faults) {
		const from = crew.lines;
		await until('some more lines', async () => (crew.lines >= from + each.afterLines ? true : null), QUIET_MS).catch(() => {});
		await begin(each);
	}
	const lastsMs = leading === null ? FAULTS_LAST_MS : LEADING_LASTS_MS;
	for (let deaths = 1; deaths <= cell.deaths; deaths += 1) {
		const isOver = async () => (crew.crashes >= deaths || (await areServed(game, atOnce.length)) ? true : null);
		await until('somebody has died', isOver, lastsMs).catch(() => {});
		if (deaths === 1) await list(invoices.slice(atOnce.length), atOnce.length);
	}
	const isMet = async () => (game.met.every((each) => each()) || (await areServed(game, invoices.length)) ? true : null);
	await until('every fault was met', isMet, MET_WITHIN_MS).catch(() => {});
}

async function untilServed(game: Game, count: number): Promise<void> {
	await until(`${count} invoices are served`, async () => ((await areServed(game, count)) ? true : null), SERVED_WITHIN_MS);
}

/**
 * What one invoice was paid the hub may give to an older one: then that one is gone, and has to be settled in the hub's book; the younger one
 * counts as paid all the same. A database that cannot be asked, because its connections were cut, says neither.
 */
async function areServed({ sql, world }: Game, count: number): Promise<boolean> {
	const settled = new Set<string>(world.everclear.book().map(({ invoiceId }) => invoiceId.toLowerCase()));
	try {
		const ended = await sql<{ id: string; status: string }[]>`
			select external_id as id, status from demands where status in ('settled', 'gone')`;
		return ended.filter(({ id, status }) => status === 'settled' || settled.has(id.toLowerCase())).length === count;
	} catch {
		return false;
	}
}
