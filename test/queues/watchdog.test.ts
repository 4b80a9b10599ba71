import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { requestJob } from '../../queues/job.ts';
import type { QueueConnection } from '../../queues/queue.ts';
import type { App } from '../../src/app.ts';
import { createLog } from '../../src/observe/log.ts';
import { done, type Outcome } from '../../src/outcome.ts';
import { runWorker } from '../../workers/run.ts';
import { watch, watchAll } from '../../workers/watchdog.ts';
import { until } from '../product.ts';
import { openSite, type Site } from '../web/serve.ts';
import { untilEnded } from './ended.ts';

const QUEUE = 'earmark-settlement';
const log = createLog('silent', 'test');
const SILENT_LOOKS = 6;

let site: Site;
let dogs: ReturnType<typeof watch>[];

beforeEach(async () => {
	site = await openSite();
	dogs = [];
});
afterEach(async () => {
	await Promise.all(dogs.map((dog) => dog.close()));
	await site.stop();
});

/** A real worker under watch; the first so many that are made take no jobs, without knowing it. */
function watched({ stuck = 0, process = async () => done() }: { stuck?: number; process?: () => Promise<Outcome> }) {
	class Recorded extends site.connection.classes.Worker {
		constructor(...args: ConstructorParameters<QueueConnection['classes']['Worker']>) {
			super(...args);
			if (stuck > 0) void this.pause(true);
			stuck -= 1;
		}
	}
	const connection = { ...site.connection, classes: { ...site.connection.classes, Worker: Recorded } } as QueueConnection;
	const serve = () => runWorker(connection, { queue: QUEUE, concurrency: 1, log, drainMs: 100, process });
	const dog = watch({ concurrency: 1, serve });
	dogs.push(dog);
	const look = async () => dog.look((await site.producer.ready(Date.now())).has(QUEUE));
	const looks = async (count: number) => {
		const seen: string[] = [];
		for (let turn = 0; turn < count; turn += 1) seen.push(await look());
		return seen;
	};
	return { looks };
}

const job = () => requestJob(earmarkSettlement, { earmarkId: randomUUID(), cause: 'w1' });
const well = (count: number) => Array.from({ length: count }, () => 'well');

describe('the watchdog of a worker', () => {
	it('makes a worker anew that takes no jobs, and the new one does them', async () => {
		const dog = watched({ stuck: 1 });
		const waiting = job();
		await site.producer.add([waiting]);
		expect(await dog.looks(SILENT_LOOKS)).toEqual([...well(SILENT_LOOKS - 1), 'remade']);
		expect(await untilEnded(site.producer, waiting)).toBe('completed');
		expect(await dog.looks(2 * SILENT_LOOKS)).toEqual(well(2 * SILENT_LOOKS));
	});

	it('gives up when the new one takes none either', async () => {
		const dog = watched({ stuck: 2 });
		await site.producer.add([job()]);
		expect(await dog.looks(2 * SILENT_LOOKS)).toEqual([...well(SILENT_LOOKS - 1), 'remade', ...well(SILENT_LOOKS - 1), 'dead']);
	});

	it('leaves a worker alone that has nothing to do, whose queue is paused, or whose jobs are not due', async () => {
		const dog = watched({ stuck: 1 });
		expect(await dog.looks(2 * SILENT_LOOKS)).toEqual(well(2 * SILENT_LOOKS));
		const queue = site.producer.queues.find(({ name }) => name === QUEUE);
		await queue?.add('settle', job().data, { delay: 60_000 });
		expect(await dog.looks(2 * SILENT_LOOKS)).toEqual(well(2 * SILENT_LOOKS));
		await queue?.pause();
		await site.producer.add([job()]);
		expect(await dog.looks(2 * SILENT_LOOKS)).toEqual(well(2 * SILENT_LOOKS));
	});

	it('waits longer for one whose slots are all taken', async () => {
		const dog = watched({ process: () => new Promise(() => {}) });
		await site.producer.add([job(), job()]);
		const active = async () => (await site.producer.counts()).find(({ queue, state }) => queue === QUEUE && state === 'active')?.jobs;
		await until('one is under way', async () => ((await active()) === 1 ? true : null));
		const seen = await dog.looks(4 * SILENT_LOOKS + 1);
		expect(seen.indexOf('remade')).toBeGreaterThan(2 * SILENT_LOOKS);
	});

	it('tells the process when to end', async () => {
		const { failed, stop } = watchAll({ log } as App, async () => new Set([QUEUE]), [
			{ queue: QUEUE, look: (ready) => (ready ? 'dead' : 'well') },
		]);
		expect(await failed).toMatch(/earmark-settlement takes no jobs/);
		await stop();
	});
});
