/** Everything that the board's API offers, at random, on a product that serves invoices. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import { checkSettledBooks } from '../../sandbox/oracle/booked.ts';
import { judge } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { Running } from '../../workers/running.ts';
import { startWeb } from '../../workers/web.ts';
import { untilAtRest } from '../at-rest.ts';
import { startProduct } from '../e2e/product.ts';
import { type Product, until } from '../product.ts';

const SEED = 5;
const INVOICES = 4;
const AT_LEAST = 60;
const AUTHORIZATION = `Basic ${Buffer.from('operator:correct horse').toString('base64')}`;

let world: World;
let product: Product;
let web: Running;
let api: string;

beforeAll(async () => {
	world = await startWorld({ balances: { 1: '200', 56: '200' } });
	const port = await freePort();
	api = `http://127.0.0.1:${port}/ops/queues/api`;
	product = await startProduct(world, { change: (config) => ({ ...config, web: { port } }) });
	web = await startWeb({ app: product.app, settings: product.settings, password: 'correct horse' });
});
afterAll(async () => {
	await web.stop();
	await product.stop();
	await world.stop();
});

interface Button {
	readonly method: 'PUT' | 'POST' | 'PATCH';
	/** Of the queue, with the job's id for `<job>`. */
	readonly path: string;
	readonly body?: unknown;
}

const put = (path: string, body?: unknown): Button => ({ method: 'PUT', path, body });
const BUTTONS: readonly Button[] = [
	...['retry/failed', 'retry/completed', 'promote', 'pause', 'resume', 'empty', 'rate-limit/release'].map((path) => put(path)),
	...['completed', 'wait', 'active', 'delayed', 'failed'].map((state) => put(`clean/${state}`)),
	...[true, false].map((force) => put('obliterate', { force })),
	...['remove', 'run'].map((act) => put(`job-schedulers/invoice-poll/${act}`)),
	...['retry', 'retry/completed', 'clean', 'promote', 'remove-unprocessed-children'].map((act) => put(`<job>/${act}`)),
	{ method: 'PATCH', path: '<job>/priority', body: { priority: 7 } },
];
const OFF: readonly Button[] = [
	{ method: 'POST', path: 'add', body: { name: 'settle', data: {}, options: { jobId: 'x' } } },
	{ method: 'PATCH', path: '<job>/update-data', body: { jobData: { nonsense: true } } },
	{ method: 'PATCH', path: '<job>/delay', body: { runAt: 4e12 } },
	put('concurrency', { concurrency: 1 }),
	put('rate-limit', { max: 1, duration: 3_600_000 }),
	{ method: 'PATCH', path: 'job-schedulers/invoice-poll', body: { every: 3_600_000 } },
];

async function press(queue: string, { method, path, body }: Button, job: string): Promise<number> {
	const answer = await fetch(`${api}/queues/${queue}/${path.replace('<job>', encodeURIComponent(job))}`, {
		method,
		headers: { authorization: AUTHORIZATION, ...(body !== undefined && { 'content-type': 'application/json' }) },
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	return answer.status;
}

interface Shown {
	readonly name: string;
	readonly jobs: readonly { readonly id: string }[];
}

async function shown(activeQueue = ''): Promise<readonly Shown[]> {
	const answer = await fetch(`${api}/queues?activeQueue=${activeQueue}&jobsPerPage=50`, { headers: { authorization: AUTHORIZATION } });
	return ((await answer.json()) as { queues: Shown[] }).queues;
}

/** Presses buttons until `isOver`, and so many at least; how often each was taken and refused. */
async function pressAtRandom(isOver: () => boolean): Promise<Map<string, number>> {
	const names = (await shown()).map(({ name }) => name);
	const counts = new Map<string, number>();
	const dice = fc.sample(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { seed: SEED, numRuns: 5_000 });
	for (const [turn, [one, two, three]] of dice.entries()) {
		if (isOver() && turn >= AT_LEAST) return counts;
		const queue = names[one % names.length] ?? '';
		const button = BUTTONS[two % BUTTONS.length] ?? put('resume');
		const jobs = (await shown(queue)).find(({ name }) => name === queue)?.jobs ?? [];
		const status = await press(queue, button, jobs[three % Math.max(1, jobs.length)]?.id ?? 'none');
		const key = `${button.path} ${status < 300 ? 'taken' : 'refused'}`;
		counts.set(key, (counts.get(key) ?? 0) + 1);
		// A person resumes in the end what a person has paused.
		if (button.path === 'pause' && three % 4 !== 0) await press(queue, put('resume'), '');
	}
	throw new Error('ran out of dice');
}

describe('the buttons of the board', () => {
	it('that could hide work are off, each with its reason', async () => {
		for (const button of OFF) expect(await press('invoice-poll', button, 'some-job'), button.path).toBe(405);
	});

	it('change no fact: every invoice is paid once, whatever is pressed on whichever job meanwhile', async () => {
		const before = await openings(world);
		world.across.relayer.fillDelayMs = 1_500;
		const made = Array.from({ length: INVOICES }, (_, number) =>
			invoice({
				label: `buttons ${number}`,
				owner: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
				amount: '50',
				origin: '1',
				destinations: ['10'],
			}),
		);
		for (const each of made) await world.everclear.addInvoice(each);
		let isOver = false;
		const pressing = pressAtRandom(() => isOver);
		const moves = () => product.sql`select 1 from rebalance_operations where status in ('in_flight', 'delivered')`;
		await until('funds have moved for a while', async () => ((await moves()).length >= INVOICES ? true : null), 60_000).catch(() => {});
		isOver = true;
		const counts = await pressing;
		for (const { name } of await shown()) await press(name, put('resume'), '');
		const settled = async () => (await product.sql`select 1 from demands where status = 'settled'`).length;
		const gone = async () => (await product.sql`select 1 from demands where status = 'gone'`).length;
		await until('every demand has ended', async () => ((await settled()) + (await gone()) === INVOICES ? true : null), 90_000);
		await untilAtRest(product, world);
		const judged = await judge(before, world.wallet, { book: world.everclear.book() });
		// The hub serves the oldest invoice first, so a purchase for one may have filled another, which is gone then.
		expect(judged).toMatchObject({ problems: [], purchases: await settled(), duplicateEffects: 0 });
		expect(await checkSettledBooks(product.sql, { world, before })).toEqual([]);
		const pressed = [...counts.values()].reduce((sum, count) => sum + count, 0);
		process.stdout.write(`${pressed} buttons pressed, ${[...counts.keys()].filter((key) => key.endsWith('taken')).length} kinds taken\n`);
	}, 240_000);
});
