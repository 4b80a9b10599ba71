/** What the destination would do with an attested message now: asked by a simulation, which changes nothing. */
import { type Address, BaseError, decodeErrorResult, ExecutionRevertedError, type Hex, isHex, type PublicClient, slice } from 'viem';
import { lookAt } from '../../chain/look.ts';
import { storableText } from '../../errors.ts';
import { transmitterAbi } from './abi.ts';

/** The destination of a transfer and its contracts. */
export interface MintPlace {
	readonly client: PublicClient;
	readonly chainId: number;
	readonly transmitter: Address;
	readonly messenger: Address;
	/** How many blocks on top of one make it final. */
	readonly finalityBlocks: number;
}

type Reception =
	| { readonly verdict: 'accepted' }
	/** `used`: it was received before, by whomever; `unsigned`: its signatures are not those of the attesters; `closed`: everything else. */
	| { readonly verdict: 'used' | 'expired' | 'unsigned' | 'closed'; readonly reason: string };

/** The contract's own texts. It looks at the signatures first, so that nothing else is said about a message that nobody has attested. */
const USED = 'Nonce already used';
const EXPIRED = 'Message expired and must be re-signed';
const UNSIGNED = /^(Invalid attestation length$|Invalid signature|ECDSA: invalid signature)/;
const MAX_REASON_CHARS = 200;

/** One call. Throws `TransientError` when the chain cannot be asked: only what the contract itself says is a verdict. */
export async function simulateReception(
	place: MintPlace,
	{ sender, message, attestation }: { sender: Address; message: Hex; attestation: Hex },
): Promise<Reception> {
	const { client, transmitter, chainId } = place;
	return lookAt({ name: `the transmitter ${transmitter}`, chainId }, async () => {
		try {
			const args = [message, attestation] as const;
			await client.simulateContract({ account: sender, address: transmitter, abi: transmitterAbi, functionName: 'receiveMessage', args });
			return { verdict: 'accepted' };
		} catch (error) {
			const reason = revertReason(error);
			if (reason === null) throw error;
			return { verdict: verdictOf(reason), reason };
		}
	});
}

function verdictOf(reason: string): 'used' | 'expired' | 'unsigned' | 'closed' {
	if (reason === USED) return 'used';
	if (reason === EXPIRED) return 'expired';
	return UNSIGNED.test(reason) ? 'unsigned' : 'closed';
}

/** Why a contract has reverted; null when no contract has said anything. */
function revertReason(error: unknown): string | null {
	if (!(error instanceof BaseError)) return null;
	const data = revertData(error);
	if (data !== null && data !== '0x') return storableText(decoded(data)).slice(0, MAX_REASON_CHARS);
	return error.walk((each) => each instanceof ExecutionRevertedError) === null ? null : 'it reverts without a reason';
}

/** Nodes put what a revert returns into their error's data, some of them one level deeper. */
function revertData(error: BaseError): Hex | null {
	let found: Hex | null = null;
	error.walk((each) => {
		const { data } = each as { data?: unknown };
		const inner = typeof data === 'object' && data !== null && 'data' in data ? data.data : data;
		if (isHex(inner)) found = inner;
		return found !== null;
	});
	return found;
}

function decoded(data: Hex): string {
	try {
		const { errorName, args } = decodeErrorResult({ abi: [], data });
		return errorName === 'Error' ? String(args?.[0]) : `${errorName} ${args?.join(', ')}`;
	} catch {
		// Nobody has told us the contract's own errors: the selector leads a person to them.
		return `custom error ${data.length >= 10 ? slice(data, 0, 4) : data}`;
	}
}
