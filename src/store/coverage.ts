/** What an earmark has and lacks, read and changed under its lock. */
import type { Earmark } from '../earmark/earmark.ts';
import { type Amount, ZERO } from '../money/amount.ts';
import { type Coverage, coverageOf, shortfallOf, trimmed } from '../settle/coverage.ts';
import type { Db, Tx } from './db.ts';
import { moveHold, readHolds } from './holds.ts';

export async function readCoverage(db: Db | Tx, earmark: Earmark): Promise<Coverage> {
	return coverageOf(earmark, await readHolds(db, earmark.id));
}

/** Base units at the earmark's venue that it lacks even when everything under way arrives as planned. */
export async function readShortfall(db: Db | Tx, earmark: Earmark): Promise<Amount> {
	return shortfallOf(await readCoverage(db, earmark), earmark.amount);
}

/** Frees at once what the earmark holds beyond its amount; one that gives its funds back keeps nothing. Under the earmark's lock. */
export async function freeExcess(tx: Tx, earmark: Earmark): Promise<void> {
	const need = earmark.status === 'compensating' ? ZERO : earmark.amount;
	for (const { id, keep } of trimmed(earmark, await readHolds(tx, earmark.id), need)) {
		await moveHold(tx, keep === 0n ? { id, to: 'released' } : { id, to: 'confirmed', amount: keep });
	}
}
