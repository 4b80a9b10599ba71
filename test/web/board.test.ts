import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../sandbox/servers/free-port.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { Running } from '../../workers/running.ts';
import { startWeb } from '../../workers/web.ts';
import { startProduct } from '../e2e/product.ts';
import type { Product } from '../product.ts';

let world: World;
let product: Product;
let web: Running;
let base: string;

beforeAll(async () => {
	world = await startWorld({ balances: {} });
	const port = await freePort();
	base = `http://127.0.0.1:${port}`;
	product = await startProduct(world, { workers: 0, change: (config) => ({ ...config, web: { port } }) });
	web = await startWeb({ app: product.app, settings: product.settings, password: 'correct horse' });
});
afterAll(async () => {
	await web.stop();
	await product.stop();
	await world.stop();
});

const login = (password: string) => ({ authorization: `Basic ${Buffer.from(`operator:${password}`).toString('base64')}` });

describe('the board', () => {
	it('shows nothing without the login, neither page nor API', async () => {
		for (const path of ['/ops/queues', '/ops/queues/api/queues']) {
			expect((await fetch(base + path)).status).toBe(401);
			expect((await fetch(base + path, { headers: login('wrong') })).status).toBe(401);
			expect((await fetch(base + path, { headers: { authorization: 'Bearer x' } })).status).toBe(401);
		}
	});

	it('shows every queue of the configuration behind it', async () => {
		const answer = await fetch(`${base}/ops/queues/api/queues`, { headers: login('correct horse') });
		const { queues } = (await answer.json()) as { queues: { name: string }[] };
		expect(queues.map((queue) => queue.name)).toEqual(
			expect.arrayContaining([
				'invoice-poll',
				'invoice-evaluation',
				'rebalance-planning',
				'bridge-execution-across-1-10',
				'attestation-polling',
				'earmark-settlement',
				'lane-sweep',
			]),
		);
		expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
	});

	it('takes no write from another site', async () => {
		const headers = { ...login('correct horse'), 'sec-fetch-site': 'cross-site' };
		const answer = await fetch(`${base}/ops/queues/api/queues/invoice-poll/pause`, { method: 'PUT', headers });
		expect(answer.status).toBe(403);
	});

	it('does not start without a password', async () => {
		await expect(startWeb({ app: product.app, settings: product.settings, password: undefined })).rejects.toThrow(/BALLAST_WEB_PASSWORD/);
	});
});

describe('health', () => {
	it('says that the process turns, and that what it needs answers', async () => {
		expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ ok: true });
		const ready = await fetch(`${base}/readyz`);
		expect(ready.status).toBe(200);
		expect(await ready.json()).toMatchObject({ ok: true, draining: false, database: { ok: true }, queues: { ok: true } });
	});
});
