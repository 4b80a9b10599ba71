/** Who acts for Circle on the local chains. The node is told to let the operator act; nobody needs a key of theirs. */
import { type Address, concatHex, getAddress, type Hex, keccak256, toHex } from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';

/** Owns, pauses and limits the contracts. */
export const CCTP_OPERATOR: Address = getAddress('0xcc70000000000000000000000000000000000001');
export const FEE_RECIPIENT: Address = getAddress('0xcc70000000000000000000000000000000000002');

/** Generated from their names, so that the contracts are the same in every run, and in the order in which a contract wants them to sign. */
const ATTESTERS = ['first', 'second']
	.map((name) => ({ privateKey: keccak256(toHex(`ballast sandbox: ${name} attester`)) }))
	.map(({ privateKey }) => ({ privateKey, account: privateKeyToAccount(privateKey) }))
	.sort((a, b) => (BigInt(a.account.address) < BigInt(b.account.address) ? -1 : 1));

export const ATTESTER_ADDRESSES: readonly Address[] = ATTESTERS.map(({ account }) => account.address);

/** Uncompressed, as the API shows them. */
export const ATTESTER_PUBLIC_KEYS: readonly Hex[] = ATTESTERS.map(({ account }) => account.publicKey);

/** 65 bytes of each attester over the hash of the message; the same ones for the same message. */
export async function attest(message: Hex): Promise<Hex> {
	const hash = keccak256(message);
	return concatHex(await Promise.all(ATTESTERS.map(({ privateKey }) => sign({ hash, privateKey, to: 'hex' }))));
}
