import { getAddress } from 'viem';
import { expect, it } from 'vitest';
import { accountOf } from '../../src/chain/signer.ts';
import { ConfigError } from '../../src/errors.ts';

const WALLET = getAddress('0x70997970c51812dc3a010c7d01b50e0d17dc79c8');

it('a key that no account has is refused naming the variable, and is not repeated', () => {
	for (const digit of ['0', 'f']) {
		const key = `0x${digit.repeat(64)}`;
		const ask = () => accountOf(WALLET, key);
		expect(ask).toThrow(ConfigError);
		expect(ask).toThrow(expect.objectContaining({ key: 'BALLAST_SIGNER_KEY', message: expect.not.stringMatching(/got|1157920892/) }));
	}
});
