import { describe, expect, it } from 'vitest';
import { receiptOrNull } from '../../src/chain/look.ts';
import { QUIET_MS } from '../../src/chain/quorum-trouble.ts';
import { ConfigError } from '../../src/errors.ts';
import { HASH, HOLDER, receiptAt, refusal, stand } from './quorum-nodes.ts';

describe('what is told', () => {
	it('is said once when an endpoint begins to lie and once when it has stopped, with its place and not its address', async () => {
		const { client, first, told, clock, lines } = stand(3);
		first.says = ({ method }) => (method === 'eth_getBalance' ? '0x1' : undefined);
		for (let turn = 0; turn < 10; turn += 1) {
			expect(await client.getBalance({ address: HOLDER })).toBe(1_100n);
			clock.nowMs += QUIET_MS / 3;
		}
		expect(told()).toEqual(['rpcUrls[0]: endpoint disagrees with the others']);
		first.says = () => undefined;
		clock.nowMs += QUIET_MS;
		for (let turn = 0; turn < 3; turn += 1) await client.getBalance({ address: HOLDER });
		expect(told()).toEqual(['rpcUrls[0]: endpoint disagrees with the others', 'rpcUrls[0]: well again']);
		first.says = ({ method }) => (method === 'eth_getBalance' ? '0x1' : undefined);
		await client.getBalance({ address: HOLDER });
		expect(told()).toHaveLength(3);
		expect(lines[0]).toMatchObject({ level: 'warn', venue: '10', method: 'eth_getBalance' });
		expect(first.doubts).toBeGreaterThan(0);
	});

	it('is that a chain waits, once, and that it goes on', async () => {
		const { client, second, told, clock } = stand(2);
		second.says = ({ method }) => (method === 'eth_getBalance' ? '0x1' : undefined);
		for (let turn = 0; turn < 3; turn += 1) await refusal(client.getBalance({ address: HOLDER }));
		expect(told()).toEqual(['endpoints do not agree; their chain waits']);
		second.says = () => undefined;
		clock.nowMs += QUIET_MS;
		await client.getBalance({ address: HOLDER });
		expect(told()).toEqual(['endpoints do not agree; their chain waits', 'well again']);
	});

	it('is nothing when two endpoints differ for a moment about a transaction that was mined just now', async () => {
		const { client, first, second, told } = stand(2);
		await client.getBlockNumber();
		first.height = 101;
		first.says = ({ method }) => (method === 'eth_getTransactionReceipt' ? receiptAt(101) : undefined);
		second.says = ({ method }) => (method === 'eth_getTransactionReceipt' ? null : undefined);
		await refusal(receiptOrNull(client, HASH));
		expect(told()).toEqual([]);
		second.height = 101;
		await refusal(receiptOrNull(client, HASH));
		expect(told()).toEqual(['endpoints do not agree; their chain waits']);
	});

	it('names an endpoint that is not needed and does not answer, before it is needed', async () => {
		const { client, third, told, clock } = stand(3);
		await client.getBlockNumber();
		third.says = () => new Error('down');
		await client.getBlockNumber();
		expect(told()).toEqual([]);
		clock.nowMs += QUIET_MS;
		await client.getBlockNumber();
		expect(told()).toEqual(['rpcUrls[2]: endpoint does not answer']);
	});

	it('decides the order: an endpoint in trouble is asked last for half a minute', async () => {
		const { client, first, asked, clock } = stand(3);
		first.says = () => new Error('down');
		await receiptOrNull(client, HASH);
		first.says = () => undefined;
		await receiptOrNull(client, HASH);
		expect(asked('eth_getTransactionReceipt')).toEqual([1, 2, 2]);
		clock.nowMs += QUIET_MS;
		await receiptOrNull(client, HASH);
		expect(asked('eth_getTransactionReceipt')).toEqual([2, 3, 2]);
	});

	it('names an endpoint that has begun to serve another chain, and its answers do not count', async () => {
		const { client, first, told } = stand(3);
		first.says = () => new ConfigError('rpcUrls[0]', 'serves chain 56, not 10');
		expect(await client.getBalance({ address: HOLDER })).toBe(1_100n);
		expect(told()).toEqual(['rpcUrls[0]: endpoint serves another chain']);
	});
});
