/** `GET /api/markets`: what is held of each token with what is pending, how far it can be relied on, and how to quote by that. */
import { Router } from 'express';
import type { App } from '../app.ts';
import { errorText } from '../errors.ts';
import { readPublished } from '../steps/fills/published.ts';
import { databaseTrouble } from '../store/trouble.ts';

export function marketRoutes(app: Pick<App, 'config' | 'db' | 'log'>): Router {
	const router = Router();
	router.get('/', async (_request, response) => {
		try {
			response.set('Cache-Control', 'no-store').json(await readPublished(app));
		} catch (error) {
			const problem = errorText(databaseTrouble(error) ?? error);
			app.log.warn({ problem }, 'markets not read');
			response.status(503).json({ error: 'The markets could not be read', message: problem });
		}
	});
	return router;
}
