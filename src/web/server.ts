/** Everything that the web process serves. Health, metrics and webhook need no login; all else stands behind it. */
import express, { type Express } from 'express';
import type { App } from '../app.ts';
import { type BoardQueue, boardPages } from './board.ts';
import { requireLogin, securityHeaders } from './guard.ts';
import { healthRoutes } from './health.ts';
import { marketRoutes } from './markets.ts';
import { metricsRoutes, type QueuePort } from './metrics.ts';
import { webhookRoutes } from './webhook.ts';

export const BOARD = '/ops/queues';

interface WebParts {
	readonly app: Pick<App, 'config' | 'db' | 'log' | 'nowMs'>;
	readonly queues: QueuePort & { readonly queues: readonly BoardQueue[]; ping(): Promise<void> };
	/** Of the operator's login. */
	readonly password: string;
	/** Without it there is no webhook. */
	readonly webhookSecret: string | undefined;
}

/** `drain` makes the process unready, so that a balancer sends nothing more to it. */
export function createServer({ app, queues, password, webhookSecret }: WebParts): { server: Express; drain(): void } {
	const server = express();
	server.disable('x-powered-by');
	const health = healthRoutes(app, () => queues.ping());
	server.use(health.router, metricsRoutes(app, queues), webhookRoutes(app, webhookSecret));
	server.use(securityHeaders);
	const login = requireLogin({ user: app.config.web.user, password });
	server.use('/api/markets', login, marketRoutes(app));
	server.use(BOARD, login, boardPages(BOARD, queues.queues));
	server.get('/', (_request, response) => response.redirect(BOARD));
	return { server, drain: health.drain };
}
