/** A thread on the outbox of a tree with a bug in it: by seed, transactions write wake-ups and commit in another order, while a relay looks. */
import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { inTransaction, openStore } from '../../src/store/db.ts';
import { relayOutbox, wake } from '../../src/store/outbox.ts';
import { generator } from '../faults/random.ts';
import type { Finding } from './thread.ts';

const WRITERS = 4;
const BATCH = 10;
const CAUSE = { actor: 'writer', reason: 'writes a wake-up' };

const store = openStore({ databaseUrl: (workerData as { databaseUrl: string }).databaseUrl, pool: WRITERS + 2 });

parentPort?.on('message', async (seed: number) => parentPort?.postMessage(await find(seed)));

async function find(seed: number): Promise<Finding> {
	try {
		const lost = await play(seed);
		return lost === 0 ? { kind: 'nothing' } : { kind: 'caught', text: `${lost} wake-ups of ${WRITERS} were never handed on` };
	} catch (error) {
		return { kind: 'crashed', text: String(error) };
	}
}

/** How many wake-ups the relay has never handed on, although their transactions have committed. */
async function play(seed: number): Promise<number> {
	const random = generator(seed);
	const relayed = new Set<string>();
	const relay = async () => {
		const send = async (rows: readonly { wakeup: { topic: string; earmarkId?: string } }[]) => {
			for (const { wakeup } of rows) relayed.add(wakeup.earmarkId ?? '');
		};
		while ((await relayOutbox(store.db, BATCH, send)) > 0);
	};
	const open: { readonly commit: () => Promise<void> }[] = [];
	const written: string[] = [];
	while (written.length < WRITERS || open.length > 0) {
		const isWriting = written.length < WRITERS && (open.length === 0 || random(2) === 0);
		if (isWriting) {
			const earmarkId = randomUUID();
			written.push(earmarkId);
			open.push(await write(earmarkId));
		} else {
			await open.splice(random(open.length), 1)[0]?.commit();
			if (random(2) === 0) await relay();
		}
	}
	await relay();
	return written.filter((id) => !relayed.has(id)).length;
}

/** Resolves when the row is written; its transaction is open until it is told to commit. */
function write(earmarkId: string): Promise<{ commit: () => Promise<void> }> {
	return new Promise((resolve, reject) => {
		const committed = inTransaction(store.db, CAUSE, async (tx) => {
			await wake(tx, { topic: 'settle', earmarkId });
			await new Promise<void>((end) => {
				resolve({
					commit: () => {
						end();
						return committed;
					},
				});
			});
		});
		committed.catch(reject);
	});
}
