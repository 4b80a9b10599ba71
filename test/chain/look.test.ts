import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BLOCKS, chunksBelow, chunksOf, MAX_CHUNKS } from '../../src/chain/look.ts';

describe('a range of blocks', () => {
	it('is cut into pieces that nodes serve, without a gap, up to a bound', () => {
		fc.assert(
			fc.property(fc.bigInt(0n, 10n ** 7n), fc.bigInt(0n, 2_000_000n), (fromBlock, length) => {
				const toBlock = fromBlock + length;
				const chunks = chunksOf({ fromBlock, toBlock });
				expect(chunks[0]?.fromBlock).toBe(fromBlock);
				for (const [index, chunk] of chunks.entries()) {
					expect(chunk.toBlock - chunk.fromBlock < CHUNK_BLOCKS && chunk.toBlock >= chunk.fromBlock).toBe(true);
					if (index > 0) expect(chunk.fromBlock).toBe((chunks[index - 1]?.toBlock ?? 0n) + 1n);
				}
				expect(chunks.length <= MAX_CHUNKS && (chunks.length === MAX_CHUNKS || chunks.at(-1)?.toBlock === toBlock)).toBe(true);
			}),
		);
	});

	it('that ends before it begins is empty', () => {
		expect(chunksOf({ fromBlock: 5n, toBlock: 4n })).toEqual([]);
	});

	it('up to a head is cut from its newest block on, without a gap, up to a bound', () => {
		fc.assert(
			fc.property(fc.bigInt(0n, 2_000_000n), (head) => {
				const chunks = chunksBelow(head);
				expect(chunks[0]?.toBlock).toBe(head);
				for (const [index, chunk] of chunks.entries()) {
					expect(chunk.toBlock - chunk.fromBlock < CHUNK_BLOCKS && chunk.toBlock >= chunk.fromBlock).toBe(true);
					if (index > 0) expect(chunk.toBlock).toBe((chunks[index - 1]?.fromBlock ?? 0n) - 1n);
				}
				expect(chunks.length <= MAX_CHUNKS && (chunks.length === MAX_CHUNKS || chunks.at(-1)?.fromBlock === 0n)).toBe(true);
			}),
		);
	});
});
