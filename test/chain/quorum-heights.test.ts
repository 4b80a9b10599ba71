import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiptOrNull } from '../../src/chain/look.ts';
import { FAR_BLOCKS } from '../../src/chain/quorum-heights.ts';
import { QUIET_MS } from '../../src/chain/quorum-trouble.ts';
import { HASH, HOLDER, refusal, stand } from './quorum-nodes.ts';

describe('the height', () => {
	it('is the highest that enough endpoints have reached', async () => {
		const heights = fc.array(fc.integer({ min: 80, max: 100 }), { minLength: 3, maxLength: 3 });
		await fc.assert(
			fc.asyncProperty(heights, async (reached) => {
				const { client, nodes } = stand(3);
				for (const [index, node] of nodes.entries()) node.height = reached[index] ?? 0;
				const height = await client.getBlockNumber();
				expect(reached.filter((each) => BigInt(each) >= height).length).toBeGreaterThanOrEqual(2);
				expect(reached.map(BigInt)).toContain(height);
			}),
		);
	});

	it('stands for "latest" everywhere, so that nodes a block apart agree', async () => {
		const { client, first, second } = stand(2);
		[first.height, second.height] = [100, 99];
		expect(await client.getBalance({ address: HOLDER })).toBe(1_099n);
		expect((await client.getBlock()).number).toBe(99n);
		await client.getLogs({});
		expect(second.asked.at(-1)).toMatchObject({ method: 'eth_getLogs', params: [{ fromBlock: '0x63', toBlock: '0x63' }] });
		await client.getTransactionCount({ address: HOLDER, blockTag: 'pending' });
		expect(second.asked.at(-1)?.params[1]).toBe('pending');
	});

	it('is not that of an endpoint far behind, which is named and left out until it has caught up', async () => {
		const { client, first, second, third, told, clock } = stand(3);
		await client.getBlockNumber();
		first.height = second.height = 200;
		third.height = 100;
		clock.nowMs += QUIET_MS;
		expect(await client.getBlockNumber()).toBe(200n);
		expect(told()).toEqual(['rpcUrls[2]: endpoint is far behind']);
		first.says = () => new Error('down');
		third.says = ({ method }) => (method === 'eth_getTransactionReceipt' ? null : undefined);
		second.says = third.says;
		expect((await refusal(receiptOrNull(client, HASH))).message).toMatch(/rpcUrls\[2\] is far behind/);
		third.height = 200;
		expect(await client.getBlockNumber()).toBe(200n);
		expect(await receiptOrNull(client, HASH)).toBeNull();
	});

	it('of an endpoint that has caught up is noticed by who only asks for receipts, too', async () => {
		const { client, first, second, third } = stand(3);
		first.height = second.height = 200;
		await client.getBlockNumber();
		first.says = () => new Error('down');
		third.height = 200;
		expect((await refusal(receiptOrNull(client, HASH))).message).toMatch(/rpcUrls\[2\] is far behind/);
		expect((await receiptOrNull(client, HASH))?.blockNumber).toBe(90n);
	});

	it('is unknown when those that answer are far apart, or all far below what was agreed on before', async () => {
		const { client, first, second, third } = stand(3);
		const far = 100 + Number(FAR_BLOCKS) + 1;
		first.says = () => new Error('down');
		[second.height, third.height] = [100, far];
		expect((await refusal(client.getBlockNumber())).name).toBe('NoAgreementError');
		second.height = far - 1;
		expect(await client.getBlockNumber()).toBe(BigInt(far - 1));
		second.height = third.height = far - Number(FAR_BLOCKS) - 2;
		expect((await refusal(client.getBlockNumber())).name).toBe('NoAgreementError');
	});

	it('cannot be raised by one endpoint alone', async () => {
		const { client, first, told } = stand(3);
		first.height = 10_000_000;
		expect(await client.getBalance({ address: HOLDER })).toBe(1_100n);
		expect(told()).toEqual(['rpcUrls[0]: endpoint is far ahead']);
	});
});
