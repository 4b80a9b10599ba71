/** `src/store/outbox.ts` in memory. */
import type * as real from '../../../src/store/outbox.ts';
import { tablesOf } from './memory.ts';

export const wake: typeof real.wake = async (tx, ...wakeups) => {
	const memory = await tablesOf(tx);
	for (const { topic, ...payload } of wakeups)
		memory.add(memory.outbox, { id: memory.serial(), topic, payload, createdAt: memory.now(), sentAt: null });
};

export const relayOutbox: typeof real.relayOutbox = (db, limit, send) =>
	db.transaction(async (tx) => {
		const memory = await tablesOf(tx);
		const rows = memory.outbox.filter((row) => row.sentAt === null).slice(0, limit);
		if (rows.length === 0) return 0;
		await send(
			rows.map(({ id, topic, payload }) => ({ id: id.toString(), wakeup: { topic, ...(payload as object) } as real.Wakeup })),
			tx,
		);
		for (const row of rows) memory.change(row, { sentAt: memory.now() });
		return rows.length;
	});
