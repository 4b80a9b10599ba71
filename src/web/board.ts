/** Bull Board: what is in the queues. No button of it changes a fact. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { RequestHandler } from 'express';

export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0];

/** `path`: where it will be mounted; its pages link to themselves. */
export function boardPages(path: string, queues: readonly BoardQueue[]): RequestHandler {
	const board = new ExpressAdapter();
	board.setBasePath(path);
	// The adapter's type knows Redis queues only; it serves those of the PostgreSQL backend alike.
	createBullBoard({ queues: queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: board });
	return board.getRouter();
}
