/** The client id of a keyed request. */
import { keccak256, toHex } from 'viem';

/** Letters and digits that every service takes; so many bits of a hash meet by chance never. */
const LENGTH = 31;

/**
 * From what the outside world itself remembers, so that whoever has lost the database asks under the same key again, and finds what was asked
 * before: `ended` is how many requests for this subject the service shows as ended.
 */
export function requestKey(subject: string, ended: number): string {
	return `b${keccak256(toHex(`${subject} ${ended}`)).slice(2, 2 + LENGTH)}`;
}
