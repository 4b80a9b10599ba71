import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { checkQueues, type QueueSettings } from '../../queues/queue.ts';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { errorText } from '../../src/errors.ts';

const SECRET = 'not-the-password';

async function refusal(redisUrl: string, backend: QueueSettings['backend'] = 'redis'): Promise<string | null> {
	const settings = { backend, redisUrl, databaseUrl: '', prefix: '{check}', connections: 1 };
	const text = await checkQueues(settings).then(
		() => null,
		(error: unknown) => errorText(error),
	);
	expect(text ?? '').not.toContain(SECRET);
	return text;
}

describe('a start without its queue server', () => {
	it('names the setting and the address, what is safe, and what to do', async () => {
		const port = await freePort();
		expect(await refusal(`redis://:${SECRET}@127.0.0.1:${port}`)).toMatch(
			new RegExp(`^REDIS_URL: no queue server answers \\(connect ECONNREFUSED 127\\.0\\.0\\.1:${port}\\)\\. Nothing was sent.*Start Redis`),
		);
	});

	it('tells a refused login from silence', async () => {
		const server = createServer((socket) => {
			socket.on('error', () => {});
			const refused = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
			socket.on('data', (commands) => socket.write(refused.repeat(commands.toString().match(/^\*/gm)?.length ?? 1)));
		});
		await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
		expect(await refusal(`redis://:${SECRET}@127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatch(
			/^REDIS_URL: the queue server refuses the login \(WRONGPASS.*Correct user and password/,
		);
		server.close();
	});

	it('is refused by a text that is no URL', async () => {
		expect(await refusal(`redis://:a#${SECRET}@127.0.0.1:1`)).toMatch(/REDIS_URL: is no URL like/);
	});

	it('has nothing to ask where the queues are in the database, and passes where Redis answers', async () => {
		expect(await refusal('redis://127.0.0.1:1', 'postgres')).toBeNull();
		const redisUrl = inject('redisUrl');
		if (redisUrl !== null) expect(await refusal(redisUrl)).toBeNull();
	});
});
