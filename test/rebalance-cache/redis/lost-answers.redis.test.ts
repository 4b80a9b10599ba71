import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TransientError } from '../../../src/errors.ts';
import { openRedis } from '../../../src/rebalance-cache/redis/connection.ts';
import { createRedisSide } from '../../../src/rebalance-cache/redis/side.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { actionOf, contentsOf, idOf, onRoutesOf } from '../action.ts';
import { runSameOperations } from '../same-operations.ts';
import type { LosingProxy } from './losing-proxy.ts';
import { cacheAt, openBehindProxy, type Stands } from './stand.ts';

let stands: Stands;
let proxy: LosingProxy;
beforeAll(async () => {
	[stands, proxy] = await openBehindProxy();
});
afterAll(() => stands.close());

describe('a line that goes dead without a word', () => {
	it('is made anew, so that one call after another does not wait for it forever', async () => {
		const cache = cacheAt(`redis://127.0.0.1:${proxy.port}`);
		await cache.isPaused();
		proxy.fallSilent();
		await expect(cache.isPaused()).rejects.toBeInstanceOf(TransientError);
		await eventually(
			'it answers again',
			() =>
				cache.isPaused().then(
					() => true,
					() => false,
				),
			30_000,
		);
		await cache.disconnect();
	});
});

describe('a call to the side itself', () => {
	it('waits for the connection, is not sent again when its answer is lost, and waits while the connection is made again', async () => {
		const connection = openRedis(`redis://127.0.0.1:${proxy.port}`);
		const side = createRedisSide({ connection, prefix: `p${randomUUID()}`, onTrouble: () => {} });
		for (let times = 0; times < 3; times += 1) {
			expect(await side.isPaused({ follows: null })).toBe(false);
			proxy.loseAfter(0);
			await expect(side.isPaused({ follows: null })).rejects.toThrow('whether it was done is unknown');
		}
		await side.close();
	});
});

describe('an answer that is lost', () => {
	const lossy = () => cacheAt(`redis://127.0.0.1:${proxy.port}`);
	/** What the call resolves to though the answer to one of its steps is lost. */
	async function losing<T>(step: number, call: () => Promise<T>): Promise<T> {
		const before = proxy.lost();
		proxy.loseAfter(step);
		const answer = await call();
		expect(proxy.lost()).toBe(before + 1);
		return answer;
	}

	it('changes nothing in what calls resolve to and leave behind', async () => {
		const cache = lossy();
		const [one, other] = [actionOf(), actionOf()];
		expect(await losing(0, () => cache.addRebalances([one, other]))).toBe(2);
		expect(contentsOf(await losing(0, () => onRoutesOf(cache, one)))).toEqual(contentsOf([one, other]));
		for (const [step, action] of [one, other].entries()) {
			const id = await idOf(cache, action);
			expect(await losing(step, () => cache.removeRebalances([id]))).toBe(1);
			expect(await cache.removeRebalances([id])).toBe(0);
			await losing(0, () => cache.addWithdrawalRecord('0x', 'a', 'm', 'r'));
			expect(await losing(step, () => cache.removeWithdrawalRecord('0x'))).toBe(true);
			expect(await cache.removeWithdrawalRecord('0x')).toBe(false);
		}
		await cache.addRebalances([one]);
		await losing(0, () => cache.setPause(true));
		expect(await cache.isPaused()).toBe(true);
		for (const step of [0, 1]) await losing(step, () => cache.clear());
		expect([await cache.isPaused(), await onRoutesOf(cache, one)]).toEqual([false, []]);
		await cache.disconnect();
	});

	it('random operations get the answers of the model, whichever answers are lost', async () => {
		const open = async () => {
			const prefix = `p${randomUUID()}`;
			const caches = [cacheAt(`redis://127.0.0.1:${proxy.port}`, prefix)];
			const [cache = lossy()] = caches;
			const another = async () => {
				const next = cacheAt(`redis://127.0.0.1:${proxy.port}`, prefix);
				caches.push(next);
				return next;
			};
			const close = async () => {
				proxy.loseAfter(null);
				for (const each of caches) await each.disconnect();
			};
			return { cache, another, close };
		};
		await runSameOperations(open, { runs: 8, length: 20, before: (index) => proxy.loseAfter(index % 3) });
		expect(proxy.lost()).toBeGreaterThan(0);
	}, 120_000);
});
