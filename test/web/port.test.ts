import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';
import { createLog } from '../../src/observe/log.ts';
import { openStore } from '../../src/store/db.ts';
import { startWeb } from '../../workers/web.ts';
import { testDatabase, testQueues } from '../stack.ts';
import { SIGNER } from '../store/fixture.ts';

it('an address that cannot be listened on is refused naming its key, and what is there', async () => {
	const other = createServer();
	await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
	const { port } = other.address() as AddressInfo;
	const databaseUrl = await testDatabase();
	const store = openStore({ databaseUrl, pool: 2 });
	const start = (web: object) => {
		const file = { wallet: SIGNER, chains: {}, assets: {}, everclear: { apiUrl: 'http://127.0.0.1:9', spokes: {} }, web };
		const app = { config: resolveConfig(fileSchema.parse(file)), db: store.db, log: createLog('silent', 'test') } as unknown as App;
		return startWeb({ app, settings: { ...testQueues(databaseUrl), backend: 'postgres' }, password: 'correct horse' });
	};
	await expect(start({ port })).rejects.toThrow(
		new ConfigError('web.port', `127.0.0.1:${port} is taken by another program: stop that, or name a free port`),
	);
	await expect(start({ port: 0, host: '203.0.113.7' })).rejects.toThrow(/^configuration: web\.host: cannot listen on 203\.0\.113\.7/);
	other.close();
	await store.close();
});
