/** Commands without their database: what a shell shows. */
import { expect, it } from 'vitest';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { spawned } from './shell.ts';

it('a command says which setting is wrong, what is safe and what to do, without a stack, a query or a password', async () => {
	const port = await freePort();
	const DATABASE_URL = `postgres://ballast:not-the-password@127.0.0.1:${port}/ballast`;
	for (const verb of [['pause', '--reason', 'trying it'], ['migrate']]) {
		const { code, stdout, stderr } = await spawned({ DATABASE_URL }, ...verb);
		expect([code, stdout]).toEqual([1, '']);
		expect(stderr.trim().split('\n')).toEqual([
			expect.stringMatching(
				new RegExp(
					`^DATABASE_URL: no server answers at 127\\.0\\.0\\.1:${port} .*Nothing was written and nothing was sent\\. Start PostgreSQL`,
				),
			),
		]);
		expect(stderr).not.toMatch(/not-the-password|select|node_modules/);
	}
});
