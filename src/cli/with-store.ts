import { readEnv } from '../config/env.ts';
import { openStore, type Store } from '../store/db.ts';

/** Runs one command on the database of `DATABASE_URL` and closes it, also when the command fails. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
	const store = openStore({ databaseUrl: readEnv().DATABASE_URL, pool: 2 });
	try {
		return await work(store);
	} finally {
		await store.close();
	}
}
