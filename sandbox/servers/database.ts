import postgres from 'postgres';

const PLAIN = /^[a-z][a-z0-9_]{0,62}$/;

/** Creates a database on the server of `serverUrl`, as a copy of `template` if one is named. Returns its URL. Throws when it exists. */
export async function createDatabase(serverUrl: string, name: string, template?: string): Promise<string> {
	for (const each of [name, template ?? 'x']) {
		if (!PLAIN.test(each)) throw new Error(`"${each}" is no plain database name`);
	}
	const url = new URL(serverUrl);
	const sql = postgres(serverUrl, { max: 1, onnotice: () => {} });
	try {
		await sql.unsafe(`create database "${name}"${template === undefined ? '' : ` template "${template}"`}`);
	} finally {
		await sql.end();
	}
	url.pathname = `/${name}`;
	return url.href;
}

/** Whether a connection is accepted; a server that starts or stops is not ready, and that is no error. */
export async function acceptsConnections(url: string): Promise<boolean> {
	const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
	try {
		await sql`select 1`;
		return true;
	} catch {
		return false;
	} finally {
		await sql.end({ timeout: 1 });
	}
}
