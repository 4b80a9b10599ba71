/**
 * Statements that are prepared once per connection. drizzle tells postgres.js not to, and then every statement with parameters is described
 * before it runs: two round trips instead of one. Through a pooler in transaction mode it takes one that knows prepared statements.
 */
import type postgres from 'postgres';

type Session = postgres.Sql | postgres.TransactionSql;
type Work = (session: postgres.TransactionSql) => unknown;

/** The same client; also inside of its transactions. */
export function prepared<Client extends Session>(client: Client): Client {
	return new Proxy(client, {
		get(target, key) {
			const found: unknown = Reflect.get(target, key);
			if (typeof found !== 'function') return found;
			if (key === 'unsafe')
				return (query: string, values: never, options: object) => target.unsafe(query, values, { ...options, prepare: true });
			if (key === 'begin' || key === 'savepoint')
				return (...given: unknown[]) =>
					found.call(target, ...given.map((each) => (typeof each === 'function' ? inside(each as Work) : each)));
			return found;
		},
	});
}

function inside(work: Work): Work {
	return (session) => work(prepared(session));
}
