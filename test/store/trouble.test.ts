/** What an operator reads when the database is not as it should be, from real servers. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { createDatabase } from '../../sandbox/servers/database.ts';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { ConfigError, errorText } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/db.ts';
import { checkSchema, migrateDatabase } from '../../src/store/migrate.ts';
import { answers } from '../../src/store/ping.ts';
import { databaseTrouble } from '../../src/store/trouble.ts';
import { testDatabase } from '../stack.ts';

const opened: Store[] = [];
afterEach(async () => {
	for (const store of opened.splice(0)) await store.close();
});

function open(databaseUrl: string): Store {
	const store = openStore({ databaseUrl, pool: 2 });
	opened.push(store);
	return store;
}

const SECRET = 'not-the-password';

function changed(change: (url: URL) => void): string {
	const url = new URL(inject('databaseUrl'));
	change(url);
	return url.href;
}

async function refusal(databaseUrl: string): Promise<string> {
	const failed = await checkSchema(open(databaseUrl).db).catch((error: unknown) => error);
	expect(failed).toBeInstanceOf(Error);
	return errorText(failed);
}

describe('a start without its database', () => {
	it('names the address where nobody answers, what is safe, and what to do', async () => {
		const port = await freePort();
		const said = await refusal(`postgres://ballast:${SECRET}@127.0.0.1:${port}/ballast`);
		expect(said).toContain(
			`DATABASE_URL: no server answers at 127.0.0.1:${port} (ECONNREFUSED). Nothing was written and nothing was sent.`,
		);
		expect(said).toMatch(/Start PostgreSQL/);
		expect(said).not.toContain(SECRET);
		expect(await refusal(`postgres://ballast:${SECRET}@localhost:${port}/ballast`)).toMatch(
			/no server answers at \S+:\d+ \(ECONNREFUSED\)/,
		);
	});

	it('names a refused login, and a database that does not exist', async () => {
		const said = await refusal(
			changed((url) => {
				url.password = SECRET;
			}),
		);
		expect(said).toMatch(/^DATABASE_URL: the server refuses the login \(password authentication failed/);
		expect(said).not.toContain(SECRET);
		const gone = changed((url) => {
			url.pathname = '/nobody_made_it';
		});
		expect(await refusal(gone)).toMatch(/^DATABASE_URL: database "nobody_made_it" does not exist\. Nothing was written/);
	});

	it('does not wait for ever on a server that takes the connection and says nothing', async () => {
		const server = createServer((socket) => socket.on('error', () => {}));
		await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
		const store = open(`postgres://ballast:${SECRET}@127.0.0.1:${(server.address() as AddressInfo).port}/ballast`);
		await expect(answers(store.db, 50)).rejects.toThrow(/DATABASE_URL: the server takes the connection and says nothing within 50 ms/);
		server.close();
	});

	it('is refused when the text is no URL, which is not repeated', () => {
		const ask = () => openStore({ databaseUrl: 'postgres://ballast:se#cret@127.0.0.1:1/ballast', pool: 1 });
		expect(ask).toThrow(ConfigError);
		expect(ask).toThrow(expect.objectContaining({ key: 'DATABASE_URL', message: expect.not.stringContaining('cret@') }));
	});
});

describe('the tables', () => {
	it('are missing, behind, current, or newer, by the migrations that have run', async () => {
		const url = await createDatabase(inject('databaseUrl'), `bare_${Date.now()}`);
		expect(await refusal(url)).toMatch(/DATABASE_URL: the database has no tables yet: run `npm run -s ballast -- migrate`/);
		await migrateDatabase(url);
		const { db } = open(url);
		expect(await checkSchema(db)).toBe('current');
		await db.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of a later version', 9999999999999)`);
		expect(await checkSchema(db)).toBe('newer');
		await db.execute(
			sql`delete from drizzle.__drizzle_migrations where created_at >= (select max(created_at) from drizzle.__drizzle_migrations where hash <> 'of a later version')`,
		);
		await expect(checkSchema(db)).rejects.toThrow(/lacks the migrations 0\d{3}_\w+: run `npm run -s ballast -- migrate`/);
	});
});

describe('a statement that fails', () => {
	it.each([
		['53100', /the server's disk is full \(as it was told\)\. Nothing was written.*Rows that are committed are intact/],
		['53300', /no connection left .* Lower DATABASE_POOL/],
		['25006', /read only .* Name the primary/],
		['57P03', /takes no connections now/],
		['42501', /lacks a right/],
	])('with %s is told in words', async (code, words) => {
		const { db } = open(await testDatabase());
		const raised = sql.raw(`do $$ begin raise exception 'as it was told' using errcode = '${code}'; end $$`);
		const failed = await db.execute(raised).catch((error: unknown) => error);
		expect(databaseTrouble(failed)?.message).toMatch(words);
		// In a log line it stands for itself, before the query.
		expect(errorText(failed)).toMatch(/^as it was told \(Failed query: do/);
	});

	it('on a table that is not there says to migrate', async () => {
		const { db } = open(await testDatabase());
		const failed = await db.execute(sql`select 1 from no_such_table`).catch((error: unknown) => error);
		expect(databaseTrouble(failed)?.message).toMatch(/no tables of this version yet: run `npm run -s ballast -- migrate`/);
	});

	it('is not seen in what a chain or an API says', () => {
		const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8545'), { code: 'ECONNREFUSED' });
		expect(databaseTrouble(new TypeError('fetch failed', { cause: refused }))).toBeNull();
		expect(databaseTrouble('nothing')).toBeNull();
	});
});
