/** One run: real processes on a database and queues of their own, a death and some faults, and then a judgement from outside. */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import type { QueueSettings } from '../../../queues/queue.ts';
import { tell } from '../../../sandbox/demo/story.ts';
import { invoice } from '../../../sandbox/invoices/invoice.ts';
import { checkBooks } from '../../../sandbox/oracle/books.ts';
import { judge, type OracleChain } from '../../../sandbox/oracle/chains.ts';
import { balancesSince, openings } from '../../../sandbox/oracle/openings.ts';
import { createDatabase } from '../../../sandbox/servers/database.ts';
import type { Stack } from '../../../sandbox/stack.ts';
import type { World } from '../../../sandbox/world.ts';
import { resolveConfig } from '../../../src/config/load.ts';
import { fileSchema } from '../../../src/config/schema.ts';
import type { CrashPoint } from '../../../src/crash-point.ts';
import { createApp } from '../../../src/create-app.ts';
import { createLog } from '../../../src/observe/log.ts';
import { openStore } from '../../../src/store/db.ts';
import { untilAtRest } from '../../at-rest.ts';
import { type Product, until } from '../../product.ts';
import { type Choice, tellChoice } from './choice.ts';
import { startCrew } from './crew.ts';
import { beginFault, calm, type Game } from './faults.ts';

export interface Place {
	readonly world: World;
	readonly stack: Stack;
	/** A migrated database to copy. */
	readonly template: string;
}

export interface RunResult {
	readonly seed: number;
	/** Broken invariants, in words. */
	readonly violations: readonly string[];
	/** Why it did not come to rest; null when it did. */
	readonly stuck: string | null;
	readonly duplicateEffects: number;
	readonly lostFunds: boolean;
	/** How many processes have ended themselves at the crash point of the run. */
	readonly crashes: number;
	readonly crashedAt: CrashPoint;
	readonly invoices: number;
	readonly legs: number;
	readonly faults: number;
	/** Lines of the logs of all processes. */
	readonly events: number;
	readonly story: readonly string[];
}

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const BALANCES = { 1: '900', 10: '20', 56: '300' };
const DESTINATION = '10';
/** Of our own connections, which outlive those of the product. */
const OUR_NAME = 'judge';
/** Deeper than any reorganisation here. */
const FINALITY_BLOCKS = 2;
const REPLACE_AFTER_MS = 1_000;
/** Between two faults: some lines of the logs, or so much time without them. */
const QUIET_MS = 1_500;
/** How long the faults go on at most when the process that is to die does not come to where it dies. */
const FAULTS_LAST_MS = 7_000;
/** To be outbid takes two rounds of waiting for a block. */
const OUTBID_LASTS_MS = 16_000;
const SETTLED_WITHIN_MS = 60_000;

/** Throws only when the run could not be played at all; whatever the product does wrong is in the result. */
export async function playRun(place: Place, choice: Choice): Promise<RunResult> {
	const { world } = place;
	const begunMs = Date.now();
	const story: string[] = [];
	const hear = (sentence: string) => void story.push(`${((Date.now() - begunMs) / 1_000).toFixed(1).padStart(6)}s  ${sentence}`);
	hear(tellChoice(choice));
	await world.reset();
	for (const [venue, tokens] of Object.entries(BALANCES)) await world.fund(venue, tokens);
	const before = await openings(world);
	const config = configOf(world, choice);
	const product = await openProduct(place, config);
	const nameOf = (venue: string) => world.chains.get(venue)?.name ?? venue;
	const crew = startCrew(choice, {
		...{ config, signerKey: world.signerKey, settings: product.settings, hear },
		onLine: (line) => {
			const sentence = tell(line, nameOf) ?? (/^(warn|error|fatal)$/.test(line.level) ? `${line.msg} ${JSON.stringify(line)}` : null);
			if (sentence !== null) hear(`${line.process}: ${sentence}`.slice(0, 400));
		},
	});
	const game: Game = { world, crew, sql: product.sql, redisUrl: place.stack.redis?.url ?? null, undo: [] };
	try {
		await suffer(game, choice, hear);
		await calm(game);
		hear('faults stop');
		// A run may come to rest without having done what it should; then it can be judged all the same.
		const unpaid = await reasonOf(untilSettled(game, choice.invoices.length));
		const restless = await reasonOf(untilAtRest(product, world));
		const stuck = unpaid ?? restless;
		if (stuck !== null) hear(`stuck: ${stuck}`);
		const judged = await judgeRun({ world, product, before }, restless === null);
		const [counted] = await product.sql<{ legs: number }[]>`select count(*)::int as legs from rebalance_operations`;
		return {
			...{
				seed: choice.seed,
				...judged,
				stuck,
				crashes: crew.crashes,
				crashedAt: choice.crash.point,
				invoices: choice.invoices.length,
				legs: counted?.legs ?? 0,
			},
			...{ faults: choice.faults.length + (choice.leading === null ? 0 : 1) + crew.crashes, events: crew.lines, story },
		};
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
async function suffer(game: Game, { invoices, leading, faults, crash, seed }: Choice, hear: (sentence: string) => void): Promise<void> {
	const { world, crew } = game;
	if (leading !== null) await beginFault(game, leading.name, leading.dice);
	await crew.ready();
	hear('every process serves');
	for (const [index, amount] of invoices.entries())
		await world.everclear.addInvoice(
			invoice({
				label: `fault ${seed} ${index}`,
				owner: OWNER,
				amount: `${amount}`,
				origin: '56',
				destinations: [DESTINATION],
				discountBps: 200,
			}),
		);
	for (const each of faults) {
		const from = crew.lines;
		await until('some more lines', async () => (crew.lines >= from + each.afterLines ? true : null), QUIET_MS).catch(() => {});
		hear(`> ${each.name}`);
		await beginFault(game, each.name, each.dice);
	}
	const isOver = async () => (crew.crashes >= crash.in.length || (await areSettled(game, invoices.length)) ? true : null);
	await until('somebody has died', isOver, crash.point === 'outbid-stored' ? OUTBID_LASTS_MS : FAULTS_LAST_MS).catch(() => {});
}

async function untilSettled(game: Game, count: number): Promise<void> {
	await until(`${count} invoices are settled`, async () => ((await areSettled(game, count)) ? true : null), SETTLED_WITHIN_MS);
}

/** A database that cannot be asked, because its connections were cut, says neither. */
async function areSettled({ sql }: Game, count: number): Promise<boolean> {
	try {
		const [row] = await sql<{ settled: number }[]>`select count(*)::int as settled from demands where status = 'settled'`;
		return row?.settled === count;
	} catch {
		return false;
	}
}

function configOf(world: World, { bridges }: Choice): unknown {
	const config = world.config({ bridges: [...bridges], finalityBlocks: FINALITY_BLOCKS });
	const chains = Object.entries(config.chains).map(([id, chain]) => [id, { ...chain, fees: { replaceAfterMs: REPLACE_AFTER_MS } }]);
	return { ...config, chains: Object.fromEntries(chains) };
}

/** The product as its judges need it: its database, and a way to bring the balances up to date. It runs nothing. */
async function openProduct({ stack, template, world }: Place, config: unknown): Promise<Product> {
	const name = `faults_${randomBytes(6).toString('hex')}`;
	const databaseUrl = await createDatabase(stack.databaseUrl, name, template);
	const settings: QueueSettings = {
		...{ backend: stack.queueBackend, redisUrl: stack.redisUrl, databaseUrl },
		...{ prefix: `{f${name.slice(-12)}}`, connections: 6 },
	};
	const named = `${databaseUrl}?application_name=${OUR_NAME}`;
	const store = openStore({ databaseUrl: named, pool: 2 });
	const sql = postgres(named, { max: 2, onnotice: () => {} });
	const log = createLog('silent', 'judge');
	const app = createApp({ config: resolveConfig(fileSchema.parse(config)), db: store.db, log, signerKey: world.signerKey });
	return {
		...{ app, store, sql, databaseUrl, settings },
		async stop() {
			await sql.end();
			await store.close();
			const server = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
			await server.unsafe(`drop database "${name}" with (force)`).finally(() => server.end());
		},
	};
}

interface Judged {
	readonly violations: readonly string[];
	readonly duplicateEffects: number;
	readonly lostFunds: boolean;
}

/** Of a run that still moves only what can be said of one that does: whether something happened twice. */
async function judgeRun(
	{ world, product, before }: { world: World; product: Product; before: readonly OracleChain[] },
	isAtRest: boolean,
): Promise<Judged> {
	const verdict = await judge(before, world.wallet, { book: world.everclear.book() });
	const { duplicateEffects } = verdict;
	const twice = duplicateEffects === 0 ? [] : [`${duplicateEffects} effects happened twice`];
	if (!isAtRest) return { violations: twice, duplicateEffects, lostFunds: false };
	const books = await checkBooks(product.sql, await balancesSince(world, before));
	const isLost = !verdict.conserved || books.some((each) => each.startsWith('the ledger says') || each.startsWith('posting'));
	return { violations: [...verdict.problems, ...books, ...twice], duplicateEffects, lostFunds: isLost };
}
