/** One run of the demo: servers, chains, the product's processes, invoices, verdict. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { stringify } from 'yaml';
import { migrateQueues } from '../../queues/queue.ts';
import { migrateDatabase } from '../../src/store/migrate.ts';
import { binanceEnvironment } from '../binance/config.ts';
import type { Invoice } from '../invoices/invoice.ts';
import { checkSettledBooks } from '../oracle/booked.ts';
import { judge } from '../oracle/chains.ts';
import { accountsSince, openings } from '../oracle/openings.ts';
import { checkSent } from '../oracle/sent.ts';
import { freePort } from '../servers/free-port.ts';
import { type Stack, startStack } from '../stack.ts';
import { startWorld, type World } from '../world.ts';
import { playChangingInvoice, playPatience, playRefundedLeg, playSwap, SWAPS_ON } from './encores.ts';
import { type Figures, figuresOf, missedGoals, type Progress, readProgress } from './figures.ts';
import { type LogLine, type ProductProcess, startProcess } from './processes.ts';
import { tell } from './story.ts';

/** Milliseconds between two readings of the invoice API, in the demo's configuration. */
const POLL_MS = 500;
/** Everything is a hundred times as fast as in the world, so what counts as fast is, too: relayers and attesters, and no exchange. */
const PLANNING = { fastWindowSeconds: 4 };
const INVOICE_EVERY_MS = 300;
const LOOK_EVERY_MS = 100;
const GIVE_UP_MS = 60_000;
const PREFERRED_PORT = 3_000;
/** Token units that one message of CCTP takes from ethereum. */
const CCTP_AT_ONCE = '15000';
/** Token units that the wallet has where they are swapped. */
const USDT = '2000';

interface Scene {
	readonly stack: Stack;
	readonly world: World;
	readonly processes: readonly ProductProcess[];
	readonly web: { readonly port: number; readonly password: string };
	readonly folder: string;
}

export async function runDemo({ once, json }: { once: boolean; json: boolean }): Promise<number> {
	const startedMs = Date.now();
	const write = (text: string) =>
		(json ? process.stderr : process.stdout).write(`${((Date.now() - startedMs) / 1_000).toFixed(1).padStart(6)}s  ${text}\n`);
	const interrupted = new Promise<'interrupted'>((resolve) => {
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
	});
	write('starting PostgreSQL, queues and three local chains');
	const scene = await setScene(write);
	try {
		const outcome = await Promise.race([play(scene, { startedMs, write }), interrupted]);
		if (outcome === 'interrupted') return 130;
		report(scene, { figures: outcome, write });
		if (json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
		if (!once) {
			write('press Ctrl-C to end');
			await interrupted;
		}
		return outcome.ok && missedGoals(outcome).length === 0 ? 0 : 1;
	} finally {
		write('stopping');
		await strikeScene(scene);
	}
}

async function setScene(write: (text: string) => void): Promise<Scene> {
	const [stack, world] = await Promise.all([startStack(), startWorld({ exchange: true })]);
	// So little that large demands take more than one bridge.
	await Promise.all([world.cctp.setBurnLimit('1', CCTP_AT_ONCE), world.fundUsdt(SWAPS_ON, USDT)]);
	write(
		`queues on ${stack.queueBackend}; chains ${[...world.chains.values()].map((chain) => `${chain.name} (${chain.decimals}-decimal USDC)`).join(', ')}`,
	);
	const queues = {
		backend: stack.queueBackend,
		redisUrl: stack.redisUrl,
		databaseUrl: stack.databaseUrl,
		prefix: '{ballast}',
		connections: 2,
	};
	await migrateDatabase(stack.databaseUrl);
	await migrateQueues(queues);
	const folder = mkdtempSync(join(tmpdir(), 'ballast-demo-'));
	const web = { port: await freePort(PREFERRED_PORT), password: randomBytes(9).toString('base64url') };
	const env = environmentFor({ stack, world, folder, web });
	const nameOf = (venue: string) => world.chains.get(venue)?.name ?? venue;
	const ready: Promise<void>[] = [];
	const start = (name: string, args: readonly string[]) => {
		let started = () => {};
		ready.push(
			new Promise((resolve) => {
				started = resolve;
			}),
		);
		return startProcess(name, {
			args,
			env,
			onLine: (line: LogLine) => {
				if (line.msg.endsWith(' started')) started();
				const sentence = tell(line, nameOf);
				if (sentence !== null) write(sentence);
			},
		});
	};
	const processes = [
		start('worker-1', ['worker']),
		start('worker-2', ['worker']),
		start('scheduler', ['scheduler']),
		start('web', ['web']),
	];
	const scene = { stack, world, processes, web, folder };
	await untilServing(processes, ready).catch(async (error: unknown) => {
		await strikeScene(scene);
		throw error;
	});
	write(`board: http://127.0.0.1:${web.port}/ops/queues (user operator, password ${web.password})`);
	write(`health: http://127.0.0.1:${web.port}/readyz`);
	write(`stop it from another shell: DATABASE_URL='${stack.databaseUrl}' npm run -s ballast -- pause --reason "trying it"`);
	return scene;
}

/** Writes the configuration file, and answers with the environment of the processes: as in production, they know nothing else. */
function environmentFor({ stack, world, folder, web }: Pick<Scene, 'stack' | 'world' | 'folder' | 'web'>): Record<string, string> {
	const configFile = join(folder, 'ballast.yaml');
	const config = world.config({ bridges: ['across', 'binance', 'cctp-v2', 'swap'] });
	writeFileSync(
		configFile,
		stringify({
			...config,
			everclear: { ...config.everclear, pollMs: POLL_MS },
			planning: { ...config.planning, ...PLANNING },
			web: { port: web.port },
		}),
	);
	return {
		DATABASE_URL: stack.databaseUrl,
		...(stack.redisUrl === null ? {} : { REDIS_URL: stack.redisUrl }),
		QUEUE_BACKEND: stack.queueBackend,
		BALLAST_CONFIG: configFile,
		BALLAST_SIGNER_KEY: world.signerKey,
		BALLAST_WEB_PASSWORD: web.password,
		...binanceEnvironment(world.binance),
	};
}

/** One that ends before it has served has said why; there is nothing to wait for then. */
async function untilServing(processes: readonly ProductProcess[], ready: readonly Promise<void>[]): Promise<void> {
	const late = new AbortController();
	const tooLate = sleep(GIVE_UP_MS, undefined, { signal: late.signal }).then(
		() => Promise.reject(new Error(`the processes did not start within ${GIVE_UP_MS / 1_000} s`)),
		() => undefined,
	);
	const ended = processes.map(async ({ name, child }) => {
		const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
		throw new Error(`${name} ended with ${signal ?? code} before it served; the lines above say why`);
	});
	try {
		await Promise.race([Promise.all(ready), tooLate, ...ended]);
	} finally {
		late.abort();
	}
}

async function play({ stack, world }: Scene, { startedMs, write }: { startedMs: number; write: (text: string) => void }): Promise<Figures> {
	const before = await openings(world);
	const shownAt = new Map<string, number>();
	const show = async (invoice: Invoice) => {
		await world.everclear.addInvoice(invoice);
		shownAt.set(invoice.intent_id, Date.now());
	};
	const sql = postgres(stack.databaseUrl, { max: 1 });
	try {
		write(`invoices appear one by one; the API is read every ${POLL_MS} ms`);
		for (const invoice of world.demoInvoices()) {
			await show(invoice);
			await sleep(INVOICE_EVERY_MS);
		}
		let progress = await untilFinished(sql, shownAt.size);
		// What is patient is on its way while the next one plays.
		for (const encores of [[playPatience, playChangingInvoice], [playRefundedLeg], [playSwap]]) {
			if (!progress.finished) break;
			for (const encore of encores) await encore({ world, sql, write, show });
			progress = await untilFinished(sql, shownAt.size);
		}
		if (!progress.finished) write(`given up after ${GIVE_UP_MS / 1_000} s: ${progress.unfinished}`);
		for (const { invoice, reason, detail } of progress.waiting) write(`unpayable: ${invoice.slice(0, 8)}… ${reason} (${detail})`);
		const verdict = await judge(before, world.wallet);
		const books = await checkSettledBooks(sql, { world, before });
		const sent = await checkSent(sql, accountsSince(world, before), world.wallet);
		for (const problem of [...verdict.problems, ...books, ...sent]) write(`PROBLEM: ${problem}`);
		const seconds = Math.round((Date.now() - startedMs) / 100) / 10;
		const conserved = verdict.conserved && books.length === 0 && sent.length === 0;
		return figuresOf(progress, { verdict: { ...verdict, conserved }, shownAt, seconds, queueBackend: stack.queueBackend });
	} finally {
		await sql.end();
	}
}

async function untilFinished(sql: postgres.Sql, invoices: number): Promise<Progress> {
	const deadline = Date.now() + GIVE_UP_MS;
	for (;;) {
		const progress = await readProgress(sql);
		if ((progress.finished && progress.seen === invoices) || Date.now() > deadline) return progress;
		await sleep(LOOK_EVERY_MS);
	}
}

function report(scene: Scene, { figures, write }: { figures: Figures; write: (text: string) => void }): void {
	const { invoices, legs, firstBroadcastMs } = figures;
	write(
		`${invoices.seen} invoices: ${invoices.paidAtOnce} paid at once, ${invoices.rebalanced} rebalanced, ${invoices.unpayable} unpayable`,
	);
	write(
		`${legs.delivered} of ${legs.planned} legs delivered; first broadcast after ${firstBroadcastMs.p50} ms (median), read every ${POLL_MS} ms`,
	);
	for (const missed of missedGoals(figures)) write(`GOAL MISSED: ${missed}`);
	write(
		`judged from the chains and the books: ${figures.conserved ? 'every unit is accounted for' : 'FUNDS DO NOT ADD UP'}, ${figures.duplicateEffects} effects twice`,
	);
	write(`board: http://127.0.0.1:${scene.web.port}/ops/queues`);
}

async function strikeScene({ stack, world, processes, folder }: Scene): Promise<void> {
	await Promise.all(processes.map((each) => each.stop()));
	await Promise.all([stack.stop(), world.stop()]);
	rmSync(folder, { recursive: true, force: true });
}
