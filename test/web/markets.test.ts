import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSite, type Site } from './serve.ts';

let site: Site;
beforeAll(async () => {
	site = await openSite();
});
afterAll(() => site.stop());

const login = { authorization: `Basic ${Buffer.from('operator:correct horse').toString('base64')}` };

it('shows markets to who has logged in, and to nobody else', async () => {
	expect((await site.get('/api/markets')).status).toBe(401);
	const answer = await fetch(`${site.base}/api/markets`, { headers: login });
	expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
	expect(await answer.json()).toEqual({
		phase: 'off',
		all: { state: 'normal', reason: 'fills.phase is "off"', since: null },
		markets: [],
	});
});

it('says what is wrong when it cannot read them', async () => {
	await site.store.db.execute('alter table fill_positions rename to moved');
	const answer = await fetch(`${site.base}/api/markets`, { headers: login });
	await site.store.db.execute('alter table moved rename to fill_positions');
	expect(answer.status).toBe(503);
	expect(await answer.json()).toMatchObject({ error: 'The markets could not be read' });
});
