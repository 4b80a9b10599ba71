import { pad } from 'viem';
import { describe, expect, it } from 'vitest';
import { requestKey } from '../../src/exchange/request-key.ts';

const DEPOSIT_TX = pad('0x01', { size: 32 });

describe('the key of a request', () => {
	it('never changes: what was asked for by an earlier version is found again', () => {
		expect(requestKey(DEPOSIT_TX, 1)).toBe('b68407849c885d6c76781a85d8123ece');
	});

	it('is another one for every deposit and every try', () => {
		const keys = [1, 2, 11].flatMap((attempt) => [DEPOSIT_TX, `${DEPOSIT_TX}1`].map((subject) => requestKey(subject, attempt)));
		expect(new Set(keys).size).toBe(keys.length);
		for (const key of keys) expect(key).toMatch(/^b[0-9a-f]{31}$/);
	});
});
