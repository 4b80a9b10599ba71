/** Bull Board: what is in the queues. No button of it changes a fact; the few that could hide work from those who look for it are off. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';

export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

/** What cannot be made harmless, and why. */
const SWITCHED_OFF: readonly { readonly method: string; readonly path: RegExp; readonly reason: string }[] = [
	{ method: 'POST', path: /\/add$/, reason: 'jobs come from rows; one with the id of a coming job would stand in its way' },
	{ method: 'PATCH', path: /\/update-data$/, reason: 'a job whose payload nobody can read looks alive and does nothing' },
	{ method: 'PATCH', path: /\/delay$/, reason: 'a job that is put off for years looks alive: nobody would add another one' },
	{ method: 'PUT', path: /\/concurrency$/, reason: 'it would stay in the queue server unseen; it is set in the code of the queue' },
	{ method: 'PUT', path: /\/rate-limit$/, reason: 'it would stay in the queue server unseen and hold work back; pause the queue instead' },
	{ method: 'PATCH', path: /\/job-schedulers\/[^/]+$/, reason: 'a poll that is put off looks alive; it is set by everclear.pollMs' },
];

/** `path`: where it will be mounted; its pages link to themselves. */
export function boardPages(path: string, queues: readonly BoardQueue[]): RequestHandler {
	const board = new ExpressAdapter();
	board.setBasePath(path);
	// The adapter's type knows Redis queues only; it serves those of the PostgreSQL backend alike.
	createBullBoard({ queues: queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: board });
	return Router().use(refuseSwitchedOff, board.getRouter());
}

function refuseSwitchedOff(request: Request, response: Response, next: NextFunction): void {
	const found = SWITCHED_OFF.find(({ method, path }) => request.method === method && path.test(request.path));
	if (found === undefined) next();
	else response.status(405).json({ error: 'This is switched off here', message: found.reason });
}
