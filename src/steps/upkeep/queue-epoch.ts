/**
 * Whether the queue server still has what it was given. Database and server share a word that changes every second, and with every batch of
 * jobs, after them: a server that was emptied, restored from a snapshot, or replaced by one that lacks its last writes says an older word or
 * none. Then all work is made due, and the reconciler adds what is missing, as it always does.
 */
import { randomUUID } from 'node:crypto';
import type { App } from '../../app.ts';
import type { Tx } from '../../store/db.ts';
import { makeAllDue, type Work } from '../../store/due.ts';
import { aloneWithEpoch, forgetLoss, isLossRecent, lockEpoch, writeEpoch } from '../../store/queue-epoch.ts';

/** The word in the queue server; see `queues/queue.ts`. */
interface Mark {
	write(text: string): Promise<void>;
	replace(change: { readonly from: string; readonly to: string }): Promise<boolean>;
}

const PORTION = 500;
/**
 * A job that was running when its queue was lost may put its row off after that was made due, and its own delay is lost. So all is looked at
 * again, when what was running then has ended.
 */
const AGAIN_MS = 5_000;

/** Compares and renews. True when the server had lost something and all work was made due. A crash in between costs one needless look at everything. */
export async function probeQueues(app: Pick<App, 'db' | 'log'>, mark: Mark): Promise<boolean> {
	const found = await aloneWithEpoch(app.db, async () => {
		if (!(await app.db.transaction((tx) => renewEpoch(tx, mark)))) {
			await rebuild(app, mark);
			return true;
		}
		if (!(await isLossRecent(app.db))) return false;
		await forgetLoss(app.db);
		await makeDue(app);
		return true;
	});
	return found ?? false;
}

/**
 * Changes the word in both places. False, and nothing is changed, when they differ: that is for the probe to see. Called after jobs were added, in
 * the transaction that records it, so that a server that loses those jobs loses the word with them.
 */
export async function renewEpoch(tx: Tx, mark: Mark): Promise<boolean> {
	const epoch = await lockEpoch(tx);
	const next = randomUUID();
	if (epoch === null || !(await mark.replace({ from: epoch, to: next }))) return false;
	await writeEpoch(tx, next);
	return true;
}

/** A word of its own stands in the server meanwhile: if that is lost, too, the probe begins anew. */
async function rebuild({ db, log }: Pick<App, 'db' | 'log'>, mark: Mark): Promise<void> {
	const meanwhile = randomUUID();
	await mark.write(meanwhile);
	const rows = await makeDue({ db });
	const next = randomUUID();
	const isFirst = await db.transaction(async (tx) => {
		const before = await lockEpoch(tx);
		if (await mark.replace({ from: meanwhile, to: next })) await writeEpoch(tx, next, { againInMs: AGAIN_MS });
		return before === null;
	});
	if (!isFirst) log.warn(rows, 'queue server has lost jobs: all work is looked at again');
}

async function makeDue({ db }: Pick<App, 'db'>): Promise<Record<Work, number>> {
	return {
		legs: await makeAllDue(db, 'legs', PORTION),
		earmarks: await makeAllDue(db, 'earmarks', PORTION),
		demands: await makeAllDue(db, 'demands', PORTION),
	};
}
