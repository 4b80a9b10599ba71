/** `/healthz`: this process turns. `/readyz`: what it needs answers. A chain that does not answer degrades its routes, never the process. */
import { Router } from 'express';
import type { App } from '../app.ts';
import { errorText } from '../errors.ts';
import { ping } from '../store/ping.ts';
import { readStop } from '../store/stops.ts';
import { databaseTrouble } from '../store/trouble.ts';

type Check = { readonly ok: boolean; readonly detail?: string };

export function healthRoutes(app: Pick<App, 'db'>, pingQueues: () => Promise<void>): { router: Router; drain(): void } {
	let draining = false;
	const router = Router();
	router.get('/healthz', (_request, response) => {
		response.json({ ok: true });
	});
	router.get('/readyz', async (_request, response) => {
		const [database, queues] = await Promise.all([check(() => ping(app.db)), check(pingQueues)]);
		const ok = !draining && database.ok && queues.ok;
		const stop = database.ok ? await readStop(app.db) : null;
		response.status(ok ? 200 : 503).json({ ok, draining, database, queues, stopped: stop?.stopped ?? null });
	});
	return {
		router,
		drain() {
			draining = true;
		},
	};
}

async function check(probe: () => Promise<void>): Promise<Check> {
	try {
		await probe();
		return { ok: true };
	} catch (error) {
		return { ok: false, detail: errorText(databaseTrouble(error) ?? error) };
	}
}
