import { readEnv } from '../config/env.ts';
import { openStore, type Store } from '../store/db.ts';
import { answers } from '../store/ping.ts';
import { databaseTrouble } from '../store/trouble.ts';

/** Runs one command on the database of `DATABASE_URL` and closes it, also when the command fails. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
	const store = openStore({ databaseUrl: readEnv().DATABASE_URL, pool: 2 });
	try {
		await answers(store.db);
		return await work(store);
	} catch (error) {
		throw databaseTrouble(error) ?? error;
	} finally {
		await store.close();
	}
}
