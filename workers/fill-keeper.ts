/** The book of fills in this process: its line to the channel, and what it does by the clock. */
import type { App } from '../src/app.ts';
import { openChannel } from '../src/channel/connection.ts';
import { readTrades } from '../src/channel/trades-api.ts';
import { errorText } from '../src/errors.ts';
import { endpointsOf, openFeed, ownOf } from '../src/steps/fills/feed.ts';
import { Keeper } from '../src/steps/fills/keeper.ts';
import { ConflictError } from '../src/store/db.ts';
import { createLoop } from './loop.ts';

interface Keeping {
	readonly holder: string;
	/** Null where there is no channel. */
	readonly key: Parameters<typeof readTrades>[0]['auth'] | null;
	readonly everyMs: number;
	/** Another process keeps the book. */
	readonly onOvertaken: (reason: string) => void;
}

/** Whatever fails is logged and tried again with the next turn. Resolves to what ends it. */
export async function keepFills(app: App, { holder, key, everyMs, onOvertaken }: Keeping): Promise<() => Promise<void>> {
	const { channel, syncMs } = app.config.fills;
	const tried = (work: () => Promise<unknown>) => async () => {
		await work().catch((error: unknown) => {
			if (error instanceof ConflictError) onOvertaken(errorText(error));
			else app.log.warn({ error: errorText(error) }, 'step of the feed failed');
		});
	};
	const account = channel === null || key === null ? null : { ...channel, auth: key };
	const feed = await openFeed(app, { holder, endpoints: endpointsOf(app), own: ownOf(app, key?.apiKey ?? '') });
	const fetched = account === null ? null : (afterMs: number) => readTrades({ ...account, nowMs: app.nowMs }, { afterMs });
	const keeper = new Keeper(feed, fetched);
	const opened =
		account &&
		openChannel({
			...{ url: account.url, auth: account.auth, conditions: [], log: app.log },
			onText: (text) => tried(() => keeper.hear(text))(),
			onState: (state) => (state.kind === 'connected' ? tried(() => keeper.connected(state.lostMs))() : undefined),
		});
	const every = (ms: number, work: () => Promise<unknown>) => createLoop(app, ms, tried(work));
	const loops = [every(syncMs, () => keeper.sync()), every(syncMs, () => keeper.compare()), every(everyMs, () => keeper.tick())];
	return async () => {
		opened?.close();
		await Promise.all(loops.map((loop) => loop.stop()));
	};
}
